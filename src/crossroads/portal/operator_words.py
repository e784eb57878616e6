"""How the pages of an operator say what was found. Plain words, in the language of the page."""

from collections.abc import Mapping
from shlex import quote
from typing import Any

from markupsafe import Markup

from crossroads.operation.model import Finding, Light, Source, What
from crossroads.portal.register import Register
from crossroads.web.languages import Words
from crossroads.web.look import clean, said


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

LIGHTS: Mapping[Light, tuple[str, str]] = {
    Light.WORKS: (_("Works"), "green"),
    Light.LOOK: (_("Look at it today"), "yellow"),
    Light.ACT: (_("Act now"), "red"),
}
FOUND: Mapping[What, str] = {
    What.NO_PROCESS: _("No process of the hub runs."),
    What.CHECKPOINT_LATE: _("Entries of the log have waited for a checkpoint since %(moment)s."),
    What.MONTHS_FEW: _("The log is prepared for this many months ahead: %(number)s."),
    What.KEY_EXPIRED: _("The key %(about)s ended on %(day)s, and there is no newer one."),
    What.KEY_EXPIRES: _("The key %(about)s ends on %(day)s, and there is no newer one."),
    What.SOURCE_SUSPENDED: _("%(about)s does not answer since %(moment)s, and is left alone at this moment."),
    What.SOURCE_FAILS: _("%(about)s does not answer since %(moment)s. Failures in a row: %(number)s."),
    What.JOB_FAILED: _("The job %(about)s failed on %(moment)s."),
    What.JOB_HELD: _("The job %(about)s waits for an operator."),
    What.JOB_PAUSED: _("The job %(about)s cannot go on now. It is tried again by itself."),
    What.MAILBOX_OLD: _("Items wait in the mailbox %(about)s since %(moment)s: %(number)s."),
    What.ITEMS_PARKED: _("Items are parked in the mailbox %(about)s: %(number)s."),
    What.CHANGES_MANY: _("Changes that are not in mailboxes yet: %(number)s."),
    What.SLOW: _("Of the newest questions, one in twenty took longer than %(number)s seconds."),
}
STATES: Mapping[str, str] = {
    "QUEUED": _("Waits for its turn"),
    "RUNNING": _("Is being done"),
    "PAUSED": _("Paused"),
    "FAILED": _("Failed"),
}
JOBS: Mapping[str, str] = {
    "batch": _("Answers a file of questions"),
    "batch-answer": _("Answers a file of questions"),
    "batch-check": _("Checks a file of questions"),
    "batch-retention": _("Removes files of questions whose days are over"),
    "bis-retention": _("Removes what the BIS register held long enough"),
    "acting-forgotten": _("Forgets who acted for whom"),
    "service-levels": _("Counts the service levels"),
    "log-retention": _("Removes entries of the log whose days are over"),
    "log-archive": _("Brings months of the log to the archive"),
    "log-months": _("Prepares the log for the months ahead"),
    "box-reminders": _("Marks messages in boxes that are long unread"),
    "jobs-forgotten": _("Forgets jobs that are done"),
}
"""What a job does, by its kind."""
REFUSALS: Mapping[str, str] = {
    "Refused": _("The page is not for who asked"),
    "FormNotOurs": _("The form was not from this portal, or too old"),
    "NotYours": _("What was asked for is of another session"),
    "Unacceptable": _("The hub refused what was sent"),
}
"""Why a page was refused, by the name of the error."""
_HELD = _("Held by an operator")
_LEFT_ALONE = (_("Left alone"), "red")
_FAILS = (_("Does not answer"), "yellow")
_ANSWERS = (_("Answers"), "green")
_WRONGLY = (_("Answers, and not as it should"), "yellow")
_NOT_ASKED = (_("Not asked lately"), "grey")


def light(words: Words, of: Light) -> tuple[str, str]:
    """Give the words of a light, and its colour."""
    text, colour = LIGHTS[of]
    return words.text(text), colour


def finding(words: Words, found: Finding, register: Register) -> Markup:
    """Say what was found; an institution by its name."""
    about = register.institution(found.about) if found.about else None
    kind = found.about or ""
    job = f"\N{LEFT DOUBLE QUOTATION MARK}{job_kind(words, kind)}\N{RIGHT DOUBLE QUOTATION MARK}"
    named = said(words, about.names) if about else clean(job if kind in JOBS else kind)
    given: dict[str, str] = {"about": named}
    if found.number is not None:
        given["number"] = words.number(round(found.number, 1))
    if found.moment is not None:
        given |= {"moment": words.moment(found.moment), "day": words.date(found.moment)}
    # The message is ours, what is put into it is escaped.
    return Markup(words.text(FOUND[found.what])) % given  # noqa: S704


def job_state(words: Words, job: Any) -> str:
    """Say how a job stands."""
    return words.text(_HELD if job.held else STATES.get(job.state, job.state))


def job_kind(words: Words, kind: str) -> str:
    """Say what a job does."""
    return words.text(JOBS[kind]) if kind in JOBS else kind


def refusal(words: Words, why: str) -> str:
    """Say why a page was refused."""
    return words.text(REFUSALS[why]) if why in REFUSALS else why


def source_state(words: Words, source: Source | None) -> tuple[str, str]:
    """Say whether a source answers, and in which colour."""
    if source is None or not (source.asked or source.failures):
        text, colour = _NOT_ASKED
    elif source.suspended:
        text, colour = _LEFT_ALONE
    else:
        text, colour = _FAILS if source.failing_since else _WRONGLY if 0 < source.asked == source.failed else _ANSWERS
    return words.text(text), colour


def milliseconds(words: Words, seconds: float | None) -> str:
    """Write a time of some seconds."""
    return "\N{EN DASH}" if seconds is None else f"{words.number(round(seconds * 1000))} ms"


def megabytes(words: Words, size: int) -> str:
    """Write the size of something large."""
    return f"{words.number(round(size / 2**20))} MB"


def quoted(_: Words, text: object) -> str:
    """Write a word as a shell takes it."""
    return quote(str(text))


OPERATOR: Mapping[str, Any] = {
    "quoted": quoted,
    "light": light,
    "finding": finding,
    "job_state": job_state,
    "job_kind": job_kind,
    "refusal": refusal,
    "source_state": source_state,
    "milliseconds": milliseconds,
    "megabytes": megabytes,
}
"""Filters of the templates; each gets the words of the page first."""
