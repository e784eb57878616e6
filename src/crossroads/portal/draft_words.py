"""What a decision of the committee says, in words: each name with the identifier, which is what is signed. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec
from markupsafe import Markup

from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Mode
from crossroads.portal.register import Register
from crossroads.web.dates import read_day, split_day
from crossroads.web.languages import LANGUAGES, Words
from crossroads.web.look import clean, name, said
from crossroads.wire.committee import Decision


def _message(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_ = _message

MODES: Mapping[str, str] = {
    Mode.ONLINE: _("Asked one by one"),
    Mode.BATCH: _("Questions in a file"),
    Mode.PUSH: _("Told of changes"),
}
PROVENANCES: Mapping[str, str] = {
    Provenance.OFFICIAL: _("Official"),
    Provenance.DERIVED: _("Derived from published facts"),
    Provenance.ILLUSTRATIVE: _("Illustrative: invented for this example"),
}


_DAYS = ("validFrom", "validUntil", "firstDay", "lastDay")
_LINE, _IN_LANGUAGE = Markup("\n"), Markup('%s: <bdi lang="%s">%s</bdi>')


class DraftWords:
    """Says it in the language of a page, by the names that the catalogue has today."""

    def __init__(self, register: Register, words: Words) -> None:
        """Look up names here."""
        self._register, self._words = register, words
        self._named: Mapping[str, Callable[[str], Any]] = {
            "legalContexts": register.legal_context,
            "dataGroups": register.data_group,
            "inscriptionContexts": register.context,
            "institution": register.institution,
            "decisionTable": register.decision_table,
        }
        self._worded = {"modes": MODES, "provenance": PROVENANCES}

    def title(self, decision: Decision) -> Markup:
        """Write the name of the authorisation that a decision is about, its reference where it has none."""
        names = (decision.authorisation or {}).get("names") or self._standing(decision.reference)
        return said(self._words, names) or name(decision.reference)

    def facts(self, decision: Decision) -> Iterator[tuple[str, Markup]]:
        """Give the fields of a decision, and what each says."""
        told = {"reason": decision.reason, "firstDay": decision.first_day, "lastDay": decision.last_day}
        for field, value in {**told, **(decision.authorisation or {})}.items():
            if value:
                yield field, self.value(field, str(value) if isinstance(value, date) else value)

    def mode(self, mode: str) -> str:
        """Say how data travels."""
        return self._words.text(MODES[mode])

    def provenance(self, provenance: str) -> str:
        """Say of what kind a source is."""
        return self._words.text(PROVENANCES[provenance])

    def value(self, field: str, value: Any) -> Markup:
        """Write a value of a field: several under each other, an identifier after its name, what is unknown as JSON."""
        if value is None:
            return Markup("")
        if isinstance(value, list):
            return _LINE.join(self.value(field, one) for one in value)
        if isinstance(value, dict):
            return self._several(value)
        return self._text(field, value) if isinstance(value, str) else name(msgspec.json.encode(value).decode())

    def _text(self, field: str, value: str) -> Markup:
        if field in _DAYS and (day := read_day(split_day(value), self._words.locale)):
            return name(self._words.date(day))
        if field in self._worded:
            return name(self._words.text(self._worded[field][value]) if value in self._worded[field] else value)
        return self._with_name(self._named[field](value), value) if field in self._named else name(value)

    def _several(self, value: Mapping[str, Any]) -> Markup:
        if value.keys() <= set(LANGUAGES):
            return _LINE.join(_IN_LANGUAGE % (one, one, clean(str(text))) for one, text in value.items())
        if "institution" in value:
            return self.value("institution", value["institution"])
        if "sector" in value:
            return self._party(value["sector"], value.get("type"))
        return name(msgspec.json.encode(value).decode())

    def _party(self, sector: Any, kind: Any) -> Markup:
        if kind is None:
            known = self._register.sector(sector)
            return self._with_name(known, self._words.text("Sector %(number)s", number=str(sector)))
        said = self._words.text("Sector %(number)s, type %(kind)s", number=str(sector), kind=str(kind))
        return self._with_name(self._register.institution_type(sector, kind), said)

    def _with_name(self, entry: Any, key: str) -> Markup:
        return Markup("%s (%s)") % (said(self._words, entry.names), clean(key)) if entry else name(key)

    def _standing(self, reference: str) -> Text:
        found = self._register.versions(Kind.AUTHORISATION, reference)
        return found[0].names if found else Text()
