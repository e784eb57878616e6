"""The XML of a decision model, parsed without trust: no DTD, no entity, no XInclude, bounded in size and depth.

The parser is the standard library's expat. A document type is refused when it is met, before anything in it is read;
without one there are no entities to expand or to fetch, and nothing is ever included.
"""

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import NOWHERE, Place

MAX_BYTES = 8 * 1024 * 1024
"""A larger model is refused, unread."""

MAX_DEPTH = 120
"""Elements nested deeper are refused: a boxed expression in a boxed expression costs two or three levels."""

XINCLUDE = "{http://www.w3.org/2001/XInclude}"


class _Builder(ET.TreeBuilder):
    """Builds the tree and keeps the prefixes; refuses what could reach outside."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: dict[str, str] = {}
        self._depth = 0

    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        raise BadModel(f"the XML has a document type ({name}); entities and external files are refused")

    def start_ns(self, prefix: str, uri: str) -> None:
        self.prefixes.setdefault(prefix or "", uri)

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadModel(f"the XML is nested more than {MAX_DEPTH} elements deep")
        if tag.startswith(XINCLUDE):
            raise BadModel("the XML includes another file (XInclude), which is refused")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a model, which knows where it stands."""

    element: ET.Element
    namespace: str
    prefixes: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    place: Place = NOWHERE

    @property
    def name(self) -> str:
        """The element's name, without its namespace."""
        return self.element.tag.removeprefix(f"{{{self.namespace}}}")

    def get(self, attribute: str) -> str | None:
        """Give an attribute, or None."""
        return self.element.get(attribute)

    def need(self, attribute: str) -> str:
        """Give an attribute that must be there. Raises BadModel."""
        value = self.element.get(attribute)
        if value is None:
            raise BadModel(f"<{self.name}> has no {attribute}", self.place)
        return value

    def text(self, child: str) -> str | None:
        """Give the text of a child, or None where there is no such child."""
        found = self.element.find(f"{{{self.namespace}}}{child}")
        return None if found is None else found.text or ""

    def type_ref(self, attribute: str = "typeRef") -> str | None:
        """Name the type in an attribute, as `plain` does."""
        return self.plain(self.get(attribute))

    def plain(self, name: str | None) -> str | None:
        """Give a type's name, where DMN 1.1 wrote `prefix:name`: FEEL's and the model's own prefixes are taken off."""
        written = (name or "").strip()
        prefix, colon, local = written.partition(":")
        qualified = colon and "<" not in prefix
        return f"{self.types.get(prefix, '')}{local}" if qualified else written or None

    def named(self, *words: str, row: int | None = None, column: int | None = None) -> "Node":
        """Give the same element, its place said in more words."""
        place = Place(
            words=self.place.words + words,
            element=self.get("id") or self.place.element,
            row=row or self.place.row,
            column=column or self.place.column,
        )
        return replace(self, place=place)

    def all(self, *names: str) -> Iterator["Node"]:
        """Give the children of this model's namespace, of these names where names are given."""
        own = f"{{{self.namespace}}}"
        wanted = {own + name for name in names}
        for element in self.element:
            if element.tag in wanted or (not names and element.tag.startswith(own)):
                yield replace(self, element=element)

    def see_only(self, names: Collection[str], where: str) -> None:
        """Refuse children of other names. Raises BadModel."""
        own = f"{{{self.namespace}}}"
        known = {own + name for name in names}
        for element in self.element:
            if element.tag.startswith(own) and element.tag not in known:
                raise BadModel(f"<{element.tag.removeprefix(own)}> is not known in {where}", self.place)

    def at(self, place: Place) -> "Node":
        """Give the same element, said to stand at another place."""
        return replace(self, place=place)

    def first(self, *names: str) -> "Node | None":
        """Give the first such child, or None."""
        return next(self.all(*names), None)


def parse(data: bytes) -> Node:
    """Parse the bytes of a model into its root element. Raises BadModel."""
    if len(data) > MAX_BYTES:
        raise BadModel(f"the model is {len(data)} bytes; at most {MAX_BYTES} are read")
    builder = _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314 (see above)
    try:
        parser.feed(data)
        root = parser.close()
    except ET.ParseError as error:
        raise BadModel(f"not well-formed XML: {error}") from None
    except (LookupError, ValueError) as error:
        raise BadModel(f"the encoding of the XML cannot be read: {error}") from None
    namespace = root.tag.removeprefix("{").rpartition("}")[0]
    return Node(root, namespace, builder.prefixes)
