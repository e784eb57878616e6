"""How the pages of officers and of the committee say what the hub answers in codes."""

from collections.abc import Mapping
from typing import Any

from crossroads.web.languages import Words
from crossroads.wire.committee import DecisionKind, DraftState
from crossroads.wire.supervision import Parameter, Rule


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

HAPPENED: Mapping[str, str] = {
    "exchange:question:decided": _("A question was allowed"),
    "exchange:question:refused": _("A question was refused"),
    "exchange:answer:sent": _("An answer left"),
    "exchange": _("A question"),
    "source": _("A source answered wrongly"),
    "directory:inscription:refused": _("A change of a file was refused"),
    "directory": _("A file was opened, changed or closed"),
    "identity": _("Who somebody is"),
    "mutations": _("A change of data"),
    "batch:record:decided": _("A question in a file about many people"),
    "batch": _("A file about many people"),
    "jobs": _("An operator acted"),
    "transparency:look:refused": _("A look at the log was refused"),
    "transparency": _("A look at the log"),
    "committee": _("The committee acted"),
    "catalogue": _("The rules changed"),
    "installation": _("The log began"),
    "log": _("The log about itself"),
    "box:message": _("A message in a box"),
    "box:list": _("A look into a box"),
    "box:consent": _("A box made active, or no longer"),
    "box:document": _("A document of a box was opened"),
    "box": _("The box"),
}
"""What an entry tells, by its event, or by the first one or two parts of it."""
RULES: Mapping[str, str] = {
    Rule.MANY_PERSONS: _("Many people in a minute"),
    Rule.OUTSIDE_HOURS: _("Outside working hours"),
    Rule.NAMESAKES: _("People of one last name"),
    Rule.WATCHED: _("A person who is watched"),
    Rule.SOON_ENDED: _("File opened, asked, and soon closed"),
    Rule.OWN_PEOPLE: _("Very many people at one portal"),
    Rule.OWN_SESSIONS: _("Many sessions about one person"),
}
PARAMETERS: Mapping[str, str] = {
    Parameter.MANY_PERSONS: _("People in one minute, from"),
    Parameter.HOURS_BEGIN: _("Working hours begin at"),
    Parameter.HOURS_END: _("Working hours end at"),
    Parameter.OUTSIDE_HOURS: _("Questions outside hours on one day, from"),
    Parameter.NAMESAKES: _("People of one last name on one day, from"),
    Parameter.SOON_ENDED: _("File closed within so many days"),
    Parameter.OWN_MINUTE: _("People at one portal in one minute, from"),
    Parameter.OWN_HOUR: _("People at one portal in one hour, from"),
    Parameter.OWN_SESSIONS: _("Sessions about one person on one day, from"),
}
ROLES: Mapping[str, str] = {
    "officer": _("Security officer"),
    "committee": _("Member of the committee"),
    "operator": _("Operator of the hub"),
}
KINDS: Mapping[str, str] = {
    DecisionKind.GRANT: _("Grant or change"),
    DecisionKind.SUSPEND: _("Suspend"),
    DecisionKind.WITHDRAW: _("Withdraw"),
}
STATES: Mapping[str, tuple[str, str]] = {
    DraftState.DRAFTED: (_("Drafted"), "grey"),
    DraftState.AGREED_BY_ONE: (_("Agreed by one"), "yellow"),
    DraftState.AGREED_BY_TWO: (_("Agreed by two, and no plan can be made"), "red"),
    DraftState.WAITING: (_("Agreed by two, waits for the operators"), "blue"),
    DraftState.IN_FORCE: (_("In force"), "green"),
    DraftState.DROPPED: (_("Given up"), "grey"),
}
FIELDS: Mapping[str, str] = {
    "reference": _("Reference"),
    "decisionTable": _("Decided by"),
    "deliberation": _("Deliberation"),
    "names": _("Name"),
    "parties": _("Who may ask"),
    "legalContexts": _("Purposes"),
    "dataGroups": _("Data groups"),
    "modes": _("How it travels"),
    "inscriptionContexts": _("File needed, in one of these capacities"),
    "noInscriptionBecause": _("Why no file is needed"),
    "lookBackMonths": _("Months it may look back"),
    "validFrom": _("In force from"),
    "validUntil": _("In force until"),
    "provenance": _("Kind of source"),
    "source": _("Where this comes from"),
    "name-nl": _("In Dutch"),
    "name-fr": _("In French"),
    "name-de": _("In German"),
    "name-en": _("In English"),
    "firstDay": _("First day on which it is not in force"),
    "lastDay": _("Last day on which it is not in force"),
    "reason": _("Why"),
}
"""The fields of an authorisation, and of the form of a decision."""


def _happened(words: Words, event: str) -> str:
    found = HAPPENED.get(event) or HAPPENED.get(event.rpartition(":")[0]) or HAPPENED.get(event.partition(":")[0])
    return words.text(found) if found else event


def _rule(words: Words, rule: str) -> str:
    return words.text(RULES[rule])


def _parameter(words: Words, parameter: str) -> str:
    return words.text(PARAMETERS[parameter])


def _role(words: Words, role: str) -> str:
    return words.text(ROLES[role]) if role in ROLES else role


def _decision(words: Words, kind: str) -> str:
    return words.text(KINDS[kind])


def _state(words: Words, state: str) -> tuple[str, str]:
    text, colour = STATES[state]
    return words.text(text), colour


def _term(words: Words, field: str) -> str:
    return words.text(FIELDS[field]) if field in FIELDS else field


OFFICE: Mapping[str, Any] = {
    "happened": _happened,
    "rule": _rule,
    "parameter": _parameter,
    "role": _role,
    "decision": _decision,
    "state": _state,
    "term": _term,
}
"""Filters of the templates."""
