"""What a page says in another language than its own, and does not say so: screen readers would read it wrongly."""

from collections.abc import Iterable
from html.parser import HTMLParser

from crossroads.catalogue.institutions import Institution

_EMPTY = {"br", "hr", "img", "input", "link", "meta", "path", "circle"}
_UNREAD = {"title", "style", "script"}
"""No part of these can say in which language it is."""


def only_elsewhere(institutions: Iterable[Institution], language: str) -> set[str]:
    """Give the names of institutions that have none in a language."""
    texts = [one.names for one in institutions if not getattr(one.names, language)]
    return {name for one in texts for name in (one.nl, one.fr, one.de, one.en) if name}


def unmarked(html: str, names: set[str]) -> list[str]:
    """Give the texts of a page that hold one of the names, without saying that it is in another language."""
    reader = _Reader(names)
    reader.feed(html)
    return reader.found


class _Reader(HTMLParser):
    """Keeps in which language the text is that it reads."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names, self._open, self.found = names, [("", "")], list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _EMPTY:
            self._open.append((tag, dict(attrs).get("lang") or self._open[-1][1]))

    def handle_endtag(self, tag: str) -> None:
        while tag in [one for one, _ in self._open] and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, language = self._open[-1]
        page = next((one for _, one in self._open if one), "")
        if tag not in _UNREAD and language == page and any(name in data for name in self._names):
            self.found.append(" ".join(data.split()))
