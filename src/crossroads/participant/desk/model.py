"""Users of the desk and what they were given: roles per legal context, delegations, mandates. Acts change them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.period import Period
from crossroads.wire.messages import Agent, Line, Reference

COMMAND_LINE = "command-line"
"""Who acts without being a user: whoever holds the institution's keys."""


class Power(StrEnum):
    """What a role lets its user do in one legal context."""

    STAFF = "staff"
    """Ask, inscribe, read the mailbox, send batches, report errors."""
    MANAGER = "manager"
    """Appoint users, grant and revoke roles, record mandates. A manager is not staff by that."""


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The form shared by all."""


class User(_Struct, frozen=True, kw_only=True):
    """Somebody who may log in."""

    agent: Agent
    """The pseudonymous id that stands in questions; others never learn more."""
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=Line)]
    """As the institution's own OpenID provider names the user."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]


class Dated(_Struct, frozen=True, kw_only=True):
    """What is given for a period, and may be taken back before its end."""

    id: str
    legal_context: str
    period: Period
    version: int = 1
    """Of what the last editor saw; one more after each change."""
    ended: bool = False
    """Taken back: it holds no longer, whatever its period says."""

    def in_force(self, on: date) -> bool:
        """Tell whether it holds on a day."""
        return not self.ended and self.period.start_date <= on <= self.period.last

    def over(self, on: date) -> bool:
        """Tell whether it holds on no day from this one on."""
        return self.ended or self.period.last < on


D = TypeVar("D", bound=Dated)


class Role(Dated, frozen=True, kw_only=True):
    """A power of one user in one legal context."""

    agent: str
    power: Power


class Delegation(Dated, frozen=True, kw_only=True):
    """That a colleague acts on a staff role of somebody who is away. It is never passed on."""

    role: str
    to: str


class Mandate(Dated, frozen=True, kw_only=True):
    """That the desk may act for another institution. Whether the institution manages it, the hub decides as well."""

    institution: InstitutionId
    reference: Reference
    """Of the document it rests on."""


class Act(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="event"):
    """What somebody does about users and what they may do. It is an entry of the desk's log."""


class Appoint(Act, frozen=True, kw_only=True, tag="desk:user:appointed"):
    """Somebody becomes a user, without any role yet."""

    user: User


class Grant(Act, frozen=True, kw_only=True, tag="desk:role:granted"):
    """A user is given a role."""

    role: Role


class ChangeEnd(Act, frozen=True, kw_only=True, tag="desk:role:changed"):
    """A role ends on another day."""

    role: str
    version: int
    end_date: date


class Revoke(Act, frozen=True, kw_only=True, tag="desk:role:revoked"):
    """A role is taken back, at once."""

    role: str
    version: int


class Delegate(Act, frozen=True, kw_only=True, tag="desk:delegation:given"):
    """A colleague may act on one's own role."""

    delegation: Delegation


class EndDelegation(Act, frozen=True, kw_only=True, tag="desk:delegation:ended"):
    """A delegation is taken back, at once."""

    delegation: str
    version: int


class RecordMandate(Act, frozen=True, kw_only=True, tag="desk:mandate:recorded"):
    """The desk may act for another institution."""

    mandate: Mandate


class EndMandate(Act, frozen=True, kw_only=True, tag="desk:mandate:ended"):
    """A mandate is taken back, at once."""

    mandate: str
    version: int


AnyAct = Appoint | Grant | ChangeEnd | Revoke | Delegate | EndDelegation | RecordMandate | EndMandate


class Done(NamedTuple):
    """An act that was done."""

    at: datetime
    by: str
    act: AnyAct

    @property
    def event(self) -> str:
        """What happened, as the log names it."""
        return str(type(self.act).__struct_config__.tag)


class Basis(NamedTuple):
    """On what somebody acts: a role, perhaps a colleague's by delegation, perhaps for another institution."""

    role: str
    delegation: str | None = None
    mandate: str | None = None


class Standing(NamedTuple):
    """What somebody may do at the desk today."""

    known: bool = False
    """A user, perhaps without any role."""
    staff: bool = False
    manager: bool = False
    asks: bool = False
    """There is something that the person may ask for, as staff."""


class Roster(_Struct, frozen=True, kw_only=True):
    """All that was given, after some acts."""

    users: Mapping[str, User] = msgspec.field(default_factory=dict)
    """By agent."""
    roles: Mapping[str, Role] = msgspec.field(default_factory=dict)
    delegations: Mapping[str, Delegation] = msgspec.field(default_factory=dict)
    mandates: Mapping[str, Mandate] = msgspec.field(default_factory=dict)

    def after(self, act: AnyAct) -> "Roster":
        """Give what holds after an act that was allowed."""
        match act:
            case Appoint(user=user):
                return replace(self, users={**self.users, user.agent: user})
            case Grant() | ChangeEnd() | Revoke():
                role = act.role if isinstance(act, Grant) else _changed(self.roles[act.role], act)
                return replace(self, roles={**self.roles, role.id: role})
            case Delegate(delegation=delegation):
                return replace(self, delegations={**self.delegations, delegation.id: delegation})
            case EndDelegation(delegation=name):
                return replace(self, delegations={**self.delegations, name: _ended(self.delegations[name])})
            case RecordMandate(mandate=mandate):
                return replace(self, mandates={**self.mandates, mandate.id: mandate})
            case EndMandate(mandate=name):
                return replace(self, mandates={**self.mandates, name: _ended(self.mandates[name])})

    def user(self, subject: str) -> User | None:
        """Give the user whom the provider names so."""
        return next((user for user in self.users.values() if user.subject == subject), None)

    def standing(self, subject: str, on: date) -> Standing:
        """Tell what whoever the provider names so may do on a day."""
        user = self.user(subject)
        if user is None:
            return Standing()
        staff, manager = self.staffed_by(user.agent, on), self.managed_by(user.agent, on)
        return Standing(known=True, staff=bool(staff), manager=bool(manager))

    def manages(self, agent: str, legal_context: str, on: date) -> bool:
        """Tell whether somebody is a manager in a legal context on a day."""
        return agent in self.managers(legal_context, on)

    def managers(self, legal_context: str, on: date) -> set[str]:
        """Give the managers in a legal context on a day."""
        return {
            role.agent
            for role in self.roles.values()
            if role.power is Power.MANAGER and role.legal_context == legal_context and role.in_force(on)
        }

    def managed_by(self, agent: str, on: date) -> set[str]:
        """Give the legal contexts in which somebody is a manager on a day."""
        return {
            role.legal_context
            for role in self.roles.values()
            if role.agent == agent and role.power is Power.MANAGER and role.in_force(on)
        }

    def basis(self, agent: str, legal_context: str, on: date, institution: str | None = None) -> Basis | None:
        """Give on what somebody may act as staff in a legal context on a day, for another institution where one is.

        None where there is nothing: then it is refused.
        """
        found = next((one for context, one in self._as_staff(agent, on) if context == legal_context), None)
        if found is None or institution is None:
            return found
        mandate = next((one for one in self.mandates_of(legal_context, on) if one.institution == institution), None)
        return found._replace(mandate=mandate.id) if mandate else None

    def staffed_by(self, agent: str, on: date) -> set[str]:
        """Give the legal contexts in which somebody may act as staff on a day."""
        return {context for context, _ in self._as_staff(agent, on)}

    def covers(self, agent: str, on: date, institution: str | None) -> bool:
        """Tell whether somebody may act as staff in any legal context on a day, perhaps for another institution."""
        return any(self.basis(agent, context, on, institution) for context in self.staffed_by(agent, on))

    def mandates_of(self, legal_context: str, on: date) -> list[Mandate]:
        """Give the mandates in force in a legal context on a day."""
        return [one for one in self.mandates.values() if one.legal_context == legal_context and one.in_force(on)]

    def _as_staff(self, agent: str, on: date) -> Iterator[tuple[str, Basis]]:
        for role in self.roles.values():
            if role.agent == agent and role.power is Power.STAFF and role.in_force(on):
                yield role.legal_context, Basis(role.id)
        for one in self.delegations.values():
            if one.to == agent and one.in_force(on) and self.roles[one.role].in_force(on):
                yield one.legal_context, Basis(one.role, one.id)


def roster_of(acts: Iterable[Done]) -> Roster:
    """Give what holds after acts that were done."""
    roster = Roster()
    for done in acts:
        roster = roster.after(done.act)
    return roster


def _changed(role: Role, act: ChangeEnd | Revoke) -> Role:
    if isinstance(act, Revoke):
        return replace(role, ended=True, version=role.version + 1)
    return replace(role, period=Period(role.period.start_date, act.end_date), version=role.version + 1)


def _ended(given: D) -> D:
    return replace(given, ended=True, version=given.version + 1)
