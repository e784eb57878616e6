"""How pages are written: Jinja templates in the look of `static`; in which language stands in their context."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode

from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup

from crossroads.web.languages import LANGUAGES, Words, nearest, words_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
_BIDI = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C))
_CONTROL = dict.fromkeys((*range(0x20), 0x7F))


class Look:
    """The templates and words of a program, besides those that all share."""

    def __init__(self, *, templates: Path, locale: Path, filters: Mapping[str, Any] | None = None) -> None:
        """Read both; `filters` are further functions for the templates, which get `Words` first."""
        self._words = words_of([HERE / "locale", locale])
        self._environment = _environment(templates, filters or {})

    def words(self, language: str) -> Words:
        """Give what is said in a language."""
        return self._words[language]

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """Write a page."""
        return self._environment.get_template(template).render({"words": self._words[language], **values})


def clean(text: str) -> str:
    """Take out what turns the direction of other text, and control characters: a name ends where it ends."""
    return text.translate(_BIDI | _CONTROL)


def name(text: str) -> Markup:
    """Write what somebody is called, apart from the direction of the text around it."""
    return Markup("<bdi>%s</bdi>") % clean(text)


def said(words: Words, text: Any) -> Markup:
    """Write a text that exists in some languages; where it is not in that of the page, say in which it is."""
    found = nearest(words.language, _texts(text))
    if found is None or found[0] == words.language:
        return name(found[1]) if found else Markup("")
    return Markup('<bdi lang="%s">%s</bdi>') % (found[0], clean(found[1]))


class Option(NamedTuple):
    """What may be chosen in a form."""

    value: object
    text: str
    language: str | None = None
    """Where the text is not in that of the page."""


def option(words: Words, text: Any, value: object, before: str = "", after: str = "") -> Option:
    """Let something be chosen by a text that exists in some languages; by its value where it exists in none."""
    found = nearest(words.language, _texts(text)) or (words.language, str(value))
    return Option(value, f"{before}{clean(found[1])}{after}", None if found[0] == words.language else found[0])


def _texts(text: Any) -> Mapping[str, Any]:
    return text if isinstance(text, Mapping) else {one: getattr(text, one, None) for one in LANGUAGES}


def path_of(path: str, **query: object) -> str:
    """Give a path with its query; what is None or empty is left out."""
    given = {key: str(value) for key, value in query.items() if value not in (None, "")}
    return quote(path, safe="/.-_~") + (f"?{urlencode(given)}" if given else "")


@cache
def static_version(file: str) -> str:
    """Give what changes in the address of a file when its content does."""
    return hashlib.sha256((STATIC / file).read_bytes()).hexdigest()[:12]


def _static(file: str) -> str:
    return f"/static/{file}?v={static_version(file)}"


def _environment(templates: Path, filters: Mapping[str, Any]) -> Environment:
    components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    loader = ChoiceLoader([FileSystemLoader([templates, HERE / "templates"]), components])
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=ChainableUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # of the extension i18n
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals |= {"static": _static, "path_of": path_of, "languages": LANGUAGES}
    environment.globals |= {"gettext": _gettext, "ngettext": _ngettext}
    environment.filters |= {"name": name, "clean": clean}
    environment.filters |= {key: _in_words(function) for key, function in {**_FILTERS, **filters}.items()}
    return environment


def _words(context: Context) -> Words:
    found: Any = context.resolve("words")
    return cast("Words", found)


@pass_context
def _gettext(context: Context, message: str, **values: Any) -> Markup:
    # Messages are ours, what is put into them is escaped.
    return Markup(_words(context).translations.gettext(message)) % values  # noqa: S704


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int, **values: Any) -> Markup:
    found = _words(context).translations.ngettext(one, many, number)
    return Markup(found) % {"num": number, **values}  # noqa: S704 - as above


def _in_words(function: Any) -> Any:
    @pass_context
    def filtering(context: Context, *given: Any, **named: Any) -> Any:
        return function(_words(context), *given, **named)

    return filtering


_FILTERS: dict[str, Any] = {
    "day": Words.date,
    "moment": Words.moment,
    "number": Words.number,
    "percent": Words.percent,
    "said": said,
    "option": option,
}
"""Each gets the words of the page first."""
