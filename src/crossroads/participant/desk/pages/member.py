"""Who sits at the desk: a user of the institution, what he or she may do today, and the catalogue."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation
from markupsafe import Markup

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Conflict, Malformed, Refused, Tampered, Unavailable
from crossroads.participant.desk.model import (
    AnyAct,
    Appoint,
    ChangeEnd,
    Delegate,
    EndDelegation,
    EndMandate,
    Grant,
    RecordMandate,
    Revoke,
    Roster,
    User,
)
from crossroads.participant.desk.published import Catalogue, DataGroup
from crossroads.participant.desk.service import Desk
from crossroads.participant.desk.traffic import Acting, What
from crossroads.web.access import Needs
from crossroads.web.look import Option, name, option, said
from crossroads.web.sessions import Level
from crossroads.web.view import Looking, View

T = TypeVar("T")

AT_WORK = Needs(Level.SUBSTANTIAL)
"""What it takes to see a page of the desk: a login that is sure enough. What its user may do, the roster says."""
OF_THE_HUB = (Malformed, Refused, Conflict, Unavailable, Tampered)
"""What an act at the hub raises. A form is shown again then, with what was typed."""


def in_order(text: str) -> str:
    """Give what puts names in the order in which people look for them: É stands with E, capitals with small ones."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold() or text


class Choice(NamedTuple):
    """What somebody acts in: a legal context, perhaps for another institution."""

    legal_context: str
    institution: str | None = None

    @property
    def key(self) -> str:
        """As it stands in a form or an address."""
        return f"{self.legal_context}|{self.institution}" if self.institution else self.legal_context

    @classmethod
    def read(cls, key: str) -> "Choice":
        """Read a key. Whether somebody may act in it, `Member.acting` says."""
        context, _, institution = key.partition("|")
        return cls(context, institution or None)


class Member:
    """A user during one request."""

    def __init__(self, desk: Desk, user: User, catalogue: Catalogue, view: View) -> None:
        """Know what holds now."""
        self.desk, self.user, self.catalogue, self.view = desk, user, catalogue, view
        self.roster: Roster = desk.acts.roster
        self.today: date = brussels_day(desk.clock.now())

    @property
    def agent(self) -> str:
        """The pseudonymous id."""
        return self.user.agent

    @property
    def staffed(self) -> set[str]:
        """The legal contexts in which this user is staff today."""
        return self.roster.staffed_by(self.agent, self.today)

    @property
    def managed(self) -> set[str]:
        """The legal contexts in which this user is local manager today."""
        return self.roster.managed_by(self.agent, self.today)

    @property
    def here(self) -> frozenset[str]:
        """The legal contexts that the catalogue assigns to the institution."""
        return self.catalogue.assigned(self.desk.institution)

    @property
    def choices(self) -> list[Choice]:
        """All that this user may act in as staff today."""
        found = []
        for context in (str(one.value) for one in self.options("legal_contexts", self.staffed)):
            mandates = {one.institution for one in self.roster.mandates_of(context, self.today)}
            named = self.options("institutions", mandates)
            found += [Choice(context), *(Choice(context, str(one.value)) for one in named)]
        return found

    def choice(self, key: str | None) -> Choice | None:
        """Give what was chosen; where nothing was, the only thing that can be."""
        if key:
            return Choice.read(key)
        return self.choices[0] if len(self.choices) == 1 else None

    def institution(self, choice: Choice) -> str:
        """Give the institution whose rights count."""
        return choice.institution or self.desk.institution

    def askable(self, choice: Choice, mode: str) -> dict[str, DataGroup]:
        """Give what may be asked for, by id."""
        groups = self.catalogue.askable(self.institution(choice), choice.legal_context, mode)
        return {group.id: group for group in groups}

    def option(self, kind: str, key: str) -> Option:
        """Give an entry of the catalogue to choose."""
        return option(self.view.words, self.catalogue.names_of(kind, key), key)

    def options(self, kind: str, keys: Iterable[str]) -> list[Option]:
        """Give entries of the catalogue to choose from, by name; with the key where two have one name."""
        shown = [self.option(kind, key) for key in keys]
        count = Counter(one.text for one in shown)
        told = [one if count[one.text] == 1 else one._replace(text=f"{one.text} ({one.value})") for one in shown]
        return sorted(told, key=lambda one: in_order(one.text))

    def by_source(
        self, groups: Mapping[str, DataGroup], *, documents: bool = False
    ) -> list[tuple[Option, list[Option]]]:
        """Give data groups to choose from, by the sector that answers for them; both by name.

        Either those that the desk shows field by field, or those that come as a document of another holder.
        """
        of: defaultdict[str, list[str]] = defaultdict(list)
        for key, group in groups.items():
            if group.is_document == documents:
                of[str(group.authentic_source)].append(key)
        return [(one, self.options("data_groups", of[str(one.value)])) for one in self.options("sectors", of)]

    @property
    def sends(self) -> bool:
        """Whether this user may ask for anything in a batch."""
        return any(self.askable(choice, "batch") for choice in self.choices)

    @property
    def users(self) -> list[User]:
        """Give the users by name."""
        return sorted(self.roster.users.values(), key=lambda user: (in_order(user.name), user.agent))

    @property
    def others(self) -> list[Option]:
        """Give all other institutions, to choose from."""
        return self.options("institutions", {one.id for one in self.catalogue.institutions} - {self.desk.institution})

    async def acting(self, what: What, choice: Choice) -> Acting:
        """Give on what this user acts. Raises NotAllowed, which is logged."""
        return await self.desk.acting(what, self.agent, choice.legal_context, choice.institution)

    async def require(self, *, allowed: bool) -> None:
        """Refuse a page that is for others. Raises Refused, which is logged."""
        if not allowed:
            await self.refused("NOT_FOR_YOU")
            raise Refused

    async def refused(self, reason: str) -> None:
        """Log that something about users and roles was refused."""
        await self.desk.traffic.refuse(What.USERS, Acting(self.agent, "", None), reason)

    async def acting_as_staff(self, what: What) -> Acting:
        """Give on what this user acts where no legal context is concerned: any role as staff. Raises NotAllowed."""
        return await self.acting(what, Choice(min(self.staffed, default="")))

    def kept(self, handle: str, kind: type[T]) -> T:
        """Give what was kept for this user under a name. Raises NotFoundException."""
        found = self.desk.shelf.get(self.agent, handle, kind)
        if found is None:
            raise NotFoundException
        return found

    def name_of(self, agent: str) -> str:
        """Give the name of a user by the agent."""
        user = self.roster.users.get(agent)
        return user.name if user else agent

    def said(self, kind: str, key: str) -> Markup:
        """Write the name of an entry of the catalogue, and in which language it is where that is not the page's."""
        return said(self.view.words, self.catalogue.names_of(kind, key)) or name(key)

    def about(self, act: AnyAct) -> Markup:
        """Write whom and what an act is about."""
        roster = self.roster
        match act:
            case Appoint():
                return name(act.user.name)
            case Grant() | ChangeEnd() | Revoke():
                role = act.role if isinstance(act, Grant) else roster.roles[act.role]
                context = self.said("legal_contexts", role.legal_context)
                return Markup("%s: %s") % (name(self.name_of(role.agent)), context)
            case Delegate() | EndDelegation():
                key = act.delegation.id if isinstance(act, Delegate) else act.delegation
                given = roster.delegations[key]
                who = self.name_of(roster.roles[given.role].agent), self.name_of(given.to)
                return Markup("%s → %s") % tuple(map(name, who))
            case RecordMandate() | EndMandate():
                key = act.mandate.id if isinstance(act, RecordMandate) else act.mandate
                return self.said("institutions", roster.mandates[key].institution)


async def provide_member(view: Looking, state: State) -> Member:
    """Give who looks. Raises Refused for somebody who logged in and is no user of this desk."""
    desk: Desk = state.desk
    user = desk.acts.roster.user(view.somebody.subject)
    if user is None:
        await desk.traffic.turn_away(view.somebody.subject)
        raise Refused
    return Member(desk, user, await desk.catalogue(), view)


Present = NamedDependency[SkipValidation[Member]]
"""How a handler takes it: `async def handler(view: Looking, member: Present) -> Response[str]`."""
