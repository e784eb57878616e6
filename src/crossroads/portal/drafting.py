"""A decision of the committee as it is typed into a form, and as it is shown in one. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from babel.core import Locale

from crossroads.catalogue.changes import succeeded
from crossroads.catalogue.entries import Provenance
from crossroads.catalogue.model import Authorisation, Mode
from crossroads.portal.draft_choices import Choices
from crossroads.portal.office_words import FIELDS
from crossroads.web.dates import read_day, split_day, typed_day
from crossroads.web.forms import Form, whole
from crossroads.web.view import View
from crossroads.wire.committee import Decision, DecisionKind, PlannedChange
from crossroads.wire.decoding import fault

_CHOSEN = ("parties", "legalContexts", "dataGroups", "inscriptionContexts", "modes")
_TEXTS = ("decisionTable", "deliberation", "noInscriptionBecause", "provenance", "source")
_VALID = ("validFrom", "validUntil")
_STOPPED = ("firstDay", "lastDay")
_LANGUAGES = ("nl", "fr", "de", "en")
MODES = tuple(one.value for one in Mode)
PROVENANCES = tuple(one.value for one in Provenance)


class Difference(NamedTuple):
    """One field of an entry: what stands, and what would stand."""

    field: str
    before: Any
    after: Any


class Compared(NamedTuple):
    """What a change makes different of an entry, or of the version that it comes after."""

    change: PlannedChange
    earlier: PlannedChange | None
    fields: Sequence[Difference]


def read_decision(view: View, choices: Choices, kind: DecisionKind) -> Decision | None:
    """Read the form, and say beside each field what is wrong; None where something is."""
    form, body = view.form, None
    if not form["reference"]:
        form.fault("reference", view.words.text("Say about which authorisation"))
    if kind is DecisionKind.GRANT:
        body = _typed(view)
        _check_known(view, choices)
        _check(view, body)
    elif form["reference"] and not choices.known("reference", form["reference"]):
        form.fault("reference", view.words.text("There is no such authorisation"))
    if not form["reason"]:
        form.fault("reason", view.words.text("Say why, in a few words"))
    said = {"kind": kind.value, "reference": form["reference"], "reason": form["reason"], "authorisation": body}
    if kind is not DecisionKind.GRANT:
        said |= _days(view, _STOPPED)
        if "firstDay" not in said:
            form.fault("firstDay", view.words.text("Name the first day on which it is not in force"))
    try:
        decision = msgspec.convert({name: one for name, one in said.items() if one is not None}, Decision)
    except msgspec.ValidationError as error:
        form.fault(*_sentence(view, fault(error).path))
        return None
    return decision if form.good else None


def chosen(form: Form, field: str) -> list[str]:
    """Give what is chosen in a field, each once."""
    return list(dict.fromkeys(one for one in form.every(field) if one))


def filled(decision: Decision) -> dict[str, Any]:
    """Give what the form shows of a decision: a text by field, several where several are chosen."""
    days = {"firstDay": decision.first_day, "lastDay": decision.last_day}
    shown = of_authorisation(decision.authorisation or {}) | {
        name: str(day) if day else "" for name, day in days.items()
    }
    return shown | {"reference": decision.reference, "reason": decision.reason}


def of_authorisation(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the form shows of an authorisation."""
    shown: dict[str, Any] = {name: str(body.get(name, "")) for name in (*_TEXTS, *_VALID, "lookBackMonths")}
    shown |= {f"name-{language}": body.get("names", {}).get(language, "") for language in _LANGUAGES}
    shown |= {name: list(body.get(name, ())) for name in _CHOSEN}
    return shown | {"parties": [_party_key(party) for party in shown["parties"]]}


def shown_chosen(form: Form, shown: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give what is chosen in each field: as somebody chose, or else as the form shows it."""
    return {name: chosen(form, name) if form.lists else shown.get(name, []) for name in _CHOSEN}


def days(shown: Mapping[str, Any], locale: Locale) -> dict[str, date | None]:
    """Give the days among what the form shows."""
    return {name: read_day(split_day(shown.get(name, "")), locale) for name in (*_VALID, *_STOPPED)}


def compared(changes: Sequence[PlannedChange]) -> list[Compared]:
    """Compare what would stand with what stands: a new version with the one that it comes after."""
    return [Compared(change, earlier, _differences(change, earlier)) for change, earlier in _with_earlier(changes)]


def _with_earlier(changes: Sequence[PlannedChange]) -> Iterator[tuple[PlannedChange, PlannedChange | None]]:
    return ((change, succeeded(change, changes)) for change in changes)


def _differences(change: PlannedChange, earlier: PlannedChange | None) -> list[Difference]:
    """Give the fields that a change makes different, or all where an entry comes after none, or goes."""
    before = (earlier.before or earlier.after or {}) if earlier else change.before or {}
    after = change.after or {}
    names = dict.fromkeys((*before, *after))
    return [
        Difference(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    ]


def _typed(view: View) -> dict[str, Any]:
    form = view.form
    body: dict[str, Any] = {name: form[name] for name in _TEXTS if form[name]}
    body |= _days(view, _VALID)
    body |= {name: chosen(form, name) for name in _CHOSEN}
    body["reference"] = form["reference"]
    body["names"] = {one: form[f"name-{one}"] for one in _LANGUAGES if form[f"name-{one}"]}
    body["parties"] = [_party(key) for key in body["parties"]]
    if not body["inscriptionContexts"]:
        del body["inscriptionContexts"]
    if form["lookBackMonths"]:
        body["lookBackMonths"] = _number(form["lookBackMonths"])
    return body


def _days(view: View, names: Iterable[str]) -> dict[str, str]:
    """Read the days of the form. What is none stays as it was typed, and is refused as such."""
    found = {name: view.day(name) for name in names}
    said = {name: str(day) if day else " ".join(typed_day(view.form, name)) for name, day in found.items()}
    return {name: text for name, text in said.items() if text}


def _party(key: str) -> dict[str, Any]:
    """Read a party by its key: an institution, a sector by its number, a type within it as `17/2`."""
    sector, slash, kind = key.partition("/")
    if not (sector.isascii() and sector.isdigit() and len(sector) < 4):  # noqa: PLR2004 - three digits at most
        return {"institution": key}
    if not slash:
        return {"sector": int(sector)}
    return {"sector": int(sector), "type": _number(kind)}


def _number(text: str) -> int | str:
    """Read a number; what is none stays as it was typed, and is refused as such."""
    number = whole(text)
    return text if number is None else number


def _party_key(party: Mapping[str, Any]) -> str:
    if "institution" in party:
        return str(party["institution"])
    return f"{party['sector']}/{party['type']}" if "type" in party else str(party["sector"])


def _check_known(view: View, choices: Choices) -> None:
    """Say what is chosen that the catalogue has not."""
    for name in ("decisionTable", *_CHOSEN):
        keys = [] if name == "modes" else [key for key in chosen(view.form, name) if not choices.known(name, key)]
        if keys:
            view.form.fault(name, view.words.text("The catalogue has no such entry: %(keys)s", keys=", ".join(keys)))


def _check(view: View, body: Mapping[str, Any]) -> None:
    """Say what an authorisation lacks, before the hub does."""
    form, words = view.form, view.words
    if not body["names"]:
        form.fault("name-nl", words.text("Give a name in one language at least"))
    for name in ("parties", "legalContexts", "dataGroups", "modes"):
        if not body[name]:
            form.fault(name, words.text("%(field)s: name at least one", field=words.text(FIELDS[name])))
    if bool(body.get("inscriptionContexts")) == bool(body.get("noInscriptionBecause")):
        form.fault("inscriptionContexts", words.text("Name the files that are needed, or say why none is: one of both"))
    try:
        msgspec.convert(dict(body), Authorisation)
    except msgspec.ValidationError as error:
        form.fault(*_sentence(view, fault(error).path))


def _sentence(view: View, path: str) -> tuple[str, str]:
    """Give the field of the form at which something is wrong, and say so."""
    field = path.removeprefix("$").removeprefix(".").partition("[")[0].partition(".")[0] or "reference"
    field = {"names": "name-nl"}.get(field, field)
    return field, view.words.text("This has not the form that it should have")
