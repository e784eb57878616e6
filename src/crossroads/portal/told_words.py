"""How "Who looked" says that an institution was told of a change: what, by whom, to whom, and why."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from crossroads.web.languages import Words
from crossroads.wire.mutations import MutationKind, NoticeKind


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message


class Telling(NamedTuple):
    """What is told, and why."""

    what: str
    why: str


_HAS_FILE = _("It has or had a file about you, and must know whose it is.")
_OWN_FILE = _("It is its own file.")
_ASKED = _("It has a file about you, and asked to be told of this.")
_SOURCE = _("It is the source of these data.")
NOTICES: Mapping[str, Telling] = {
    NoticeKind.NUMBER_REPLACED: Telling(_("Crossroads told %(institution)s that you have another number."), _HAS_FILE),
    NoticeKind.MERGED: Telling(
        _("Crossroads told %(institution)s that two numbers are both yours, and which one to use."), _HAS_FILE
    ),
    NoticeKind.UNMERGED: Telling(
        _("Crossroads told %(institution)s that you and somebody else, who were taken for one person, are two."),
        _HAS_FILE,
    ),
    NoticeKind.EXCLUSIVE_OVERLAP: Telling(
        _(
            "Crossroads told %(institution)s that another institution too has this file about you, which only one may "
            "have."
        ),
        _OWN_FILE,
    ),
    NoticeKind.INSCRIPTION_ENDED: Telling(
        _("Crossroads told %(institution)s that the last day of its file about you is over."), _OWN_FILE
    ),
    NoticeKind.DECEASED: Telling(_("Crossroads told %(institution)s that a death was recorded."), _ASKED),
    NoticeKind.DEATH_WITHDRAWN: Telling(
        _("Crossroads told %(institution)s that a death was recorded wrongly."), _ASKED
    ),
    NoticeKind.PRESUMED_ERROR: Telling(
        _("Crossroads told %(institution)s that something may be wrong in what it keeps about you."), _SOURCE
    ),
    NoticeKind.ERROR_ANSWERED: Telling(
        _("Crossroads told %(institution)s what the source answered to a report that something may be wrong."),
        _("It reported that."),
    ),
    NoticeKind.CORRECTION_TOLD: Telling(
        _("Crossroads told %(institution)s how many others learn that it corrected data about you."), _SOURCE
    ),
}
"""What the hub itself tells."""
_CHANGE = Telling(
    _("Data about you changed at %(sources)s, which told Crossroads. Crossroads told %(institution)s."),
    _("It has a file about you, asked to be told of such changes, and an authorisation allows it."),
)
_CORRECTION = Telling(
    _("Data about you were corrected at %(sources)s, which told Crossroads. Crossroads told %(institution)s."),
    _(
        "It has a file about you, was given these data before or asked to be told of changes in them, and an "
        "authorisation allows it."
    ),
)
_OTHER = Telling(_("Crossroads told %(institution)s of a change."), "")


def _telling(kind: str | None, sources: str) -> Telling:
    if not sources:
        return NOTICES.get(kind or "", _OTHER)
    return _CORRECTION if kind == MutationKind.CORRECTED else _CHANGE


def _told(words: Words, kind: str | None, institution: str, sources: str) -> Markup:
    """Say what an institution was told, and by whom; `sources` are empty where the hub tells it itself."""
    sentence = Markup(words.text(_telling(kind, sources).what))  # noqa: S704 - a message of ours; what is filled in is escaped
    return sentence % {"institution": institution, "sources": sources}


def _told_because(words: Words, kind: str | None, sources: str) -> str:
    """Say why it was told to this institution; nothing where that is not known."""
    why = _telling(kind, sources).why
    return words.text(why) if why else ""


TOLD: Mapping[str, Any] = {"told": _told, "told_because": _told_because}
"""Filters of the templates."""
