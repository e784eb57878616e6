"""Who may do which act on a day. No rule that allows it means refused. Pure."""

from collections.abc import Set as AbstractSet
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.desk.model import (
    COMMAND_LINE,
    AnyAct,
    Appoint,
    ChangeEnd,
    Dated,
    Delegate,
    Delegation,
    EndDelegation,
    EndMandate,
    Grant,
    Power,
    RecordMandate,
    Revoke,
    Role,
    Roster,
)

D = TypeVar("D", bound=Dated)


class Why(StrEnum):
    """Why an act is refused. The pages have the sentence in every language."""

    NOT_STAFF = "You have no role as staff for this legal context today."
    NOT_A_MANAGER = "You are not a local manager for this legal context today."
    TO_ONESELF = "Nobody gives a role to himself or herself, or changes an own one."
    LAST_MANAGER = "This is the only local manager for this legal context. Appoint another one first."
    HAS_A_MANAGER = "There is a local manager for this legal context today, who grants its roles."
    ONLY_MANAGERS = "On the command line only users and local managers are made."
    NOT_ASSIGNED = "Your institution does not have this legal context."
    CHANGED_MEANWHILE = "Somebody else changed this while you looked at it. Look at it again before you decide."
    UNKNOWN = "There is no such user, role, delegation or mandate."
    OVER = "It has ended already."
    IN_THE_PAST = "Nothing is given or ended on a day before today."
    WITHOUT_END = "Give the last day: nothing is given without an end."
    GIVEN_ALREADY = "This user has this role on some of these days already."
    APPOINTED_ALREADY = "There is a user with this account already."
    NOT_OWN = "Only whoever has a role as staff can have a colleague act on it."
    BEYOND_ROLE = "On some of these days the role does not hold."
    OWN_INSTITUTION = "A mandate is for another institution than your own."


class NotAllowed(Refused):
    """An act is refused; nothing is changed."""

    def __init__(self, why: Why) -> None:
        """Say why."""
        super().__init__(why.value)
        self.why = why


class Setting(NamedTuple):
    """Where and when an act is done: the institution, its legal contexts by the catalogue, and the day."""

    institution: str
    legal_contexts: AbstractSet[str]
    today: date


def check(roster: Roster, act: AnyAct, by: str, at: Setting) -> None:
    """Refuse an act that is not allowed. Raises NotAllowed, with the first rule that is broken."""
    match act:
        case Appoint():
            _refuse_if(Why.NOT_A_MANAGER, by != COMMAND_LINE and not roster.managed_by(by, at.today))
            _refuse_if(Why.APPOINTED_ALREADY, roster.user(act.user.subject) is not None)
        case Grant():
            _check_giver(roster, act.role, by, at)
            _check_grant(roster, act.role, by, at)
        case ChangeEnd() | Revoke():
            _check_change(roster, act, by, at)
        case Delegate():
            _check_delegation(roster, act.delegation, by, at)
        case EndDelegation():
            delegation = _seen(roster.delegations.get(act.delegation), act.version, at)
            if by not in (delegation.to, roster.roles[delegation.role].agent):
                _check_manager(roster, delegation, by, at)
        case RecordMandate():
            _check_manager(roster, act.mandate, by, at)
            _refuse_if(Why.OWN_INSTITUTION, act.mandate.institution == at.institution)
            _check_given(act.mandate, at)
        case EndMandate():
            _check_manager(roster, _seen(roster.mandates.get(act.mandate), act.version, at), by, at)


def _check_giver(roster: Roster, role: Role, by: str, at: Setting) -> None:
    if by != COMMAND_LINE:
        _check_manager(roster, role, by, at)
        _refuse_if(Why.TO_ONESELF, role.agent == by)
        return
    # Whoever holds the keys fills a place that is empty; from then on managers decide.
    _refuse_if(Why.ONLY_MANAGERS, role.power is not Power.MANAGER)
    _refuse_if(Why.HAS_A_MANAGER, bool(roster.managers(role.legal_context, at.today)))


def _check_grant(roster: Roster, role: Role, by: str, at: Setting) -> None:
    _refuse_if(Why.UNKNOWN, role.agent not in roster.users)
    _check_given(role, at)
    # Whoever fills an empty place does it from today: a place that is filled tomorrow is still empty.
    _refuse_if(Why.IN_THE_PAST, by == COMMAND_LINE and role.period.start_date != at.today)
    _refuse_if(Why.GIVEN_ALREADY, _given_already(roster, role))


def _check_change(roster: Roster, act: ChangeEnd | Revoke, by: str, at: Setting) -> None:
    role = _seen(roster.roles.get(act.role), act.version, at)
    if role.agent != by or isinstance(act, ChangeEnd):
        _check_manager(roster, role, by, at)
        _refuse_if(Why.TO_ONESELF, role.agent == by)
    if isinstance(act, ChangeEnd):
        _refuse_if(Why.IN_THE_PAST, act.end_date < max(at.today, role.period.start_date))
        longer = replace(role, period=Period(role.period.start_date, act.end_date))
        _refuse_if(Why.GIVEN_ALREADY, _given_already(roster, longer))
    managers = roster.managers(role.legal_context, at.today)
    sooner = isinstance(act, Revoke) or act.end_date < role.period.last
    _refuse_if(Why.LAST_MANAGER, sooner and role.power is Power.MANAGER and managers == {role.agent})


def _check_delegation(roster: Roster, given: Delegation, by: str, at: Setting) -> None:
    role = roster.roles.get(given.role)
    if role is None or given.to not in roster.users:
        raise NotAllowed(Why.UNKNOWN)
    _refuse_if(Why.NOT_OWN, role.agent != by or role.power is not Power.STAFF)
    _refuse_if(Why.TO_ONESELF, given.to == by)
    _refuse_if(Why.OVER, role.over(at.today))
    _check_given(given, at)
    inside = role.period.contains(given.period) and role.legal_context == given.legal_context
    _refuse_if(Why.BEYOND_ROLE, not inside)


def _check_manager(roster: Roster, given: Dated, by: str, at: Setting) -> None:
    _refuse_if(Why.NOT_A_MANAGER, not roster.manages(by, given.legal_context, at.today))


def _check_given(given: Dated, at: Setting) -> None:
    """Check what every role, delegation and mandate has: a legal context of the institution, and days to come."""
    _refuse_if(Why.NOT_ASSIGNED, given.legal_context not in at.legal_contexts)
    _refuse_if(Why.WITHOUT_END, given.period.end_date is None)
    _refuse_if(Why.IN_THE_PAST, given.period.start_date < at.today)


def _given_already(roster: Roster, role: Role) -> bool:
    same = (
        other
        for other in roster.roles.values()
        if (other.agent, other.power, other.legal_context) == (role.agent, role.power, role.legal_context)
    )
    return any(other.id != role.id and not other.ended and other.period.overlaps(role.period) for other in same)


def _seen(given: D | None, version: int, at: Setting) -> D:
    """Give what is to be changed, when it is as the editor saw it."""
    if given is None:
        raise NotAllowed(Why.UNKNOWN)
    _refuse_if(Why.CHANGED_MEANWHILE, given.version != version)
    _refuse_if(Why.OVER, given.over(at.today))
    return given


def _refuse_if(why: Why, broken: bool) -> None:  # noqa: FBT001 - the rule, and whether it is broken
    if broken:
        raise NotAllowed(why)
