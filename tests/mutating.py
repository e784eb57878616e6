"""What tests of changes share: a catalogue in which some are told and others not, and the services of one process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec

from audit_log import open_log
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.kinds import AnyEntry, Kind
from crossroads.catalogue.model import (
    Authorisation,
    Availability,
    DataGroup,
    LegalContext,
    Mode,
    Subscription,
    Temporality,
)
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.directory.exclusivity import ExclusiveWhenLinked
from crossroads.directory.service import Directory
from crossroads.identity.service import Identity
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.mutations.hub_changes import HubChanges
from crossroads.mutations.mailboxes import Mailboxes
from crossroads.mutations.reports import ErrorReports, Terms
from crossroads.mutations.service import Mutations
from crossroads.mutations.tasks import Distributor
from crossroads.mutations.writer import Writer
from crossroads.wire.mutations import (
    Acknowledgement,
    Item,
    MailboxPage,
    Mutation,
    MutationKind,
    MutationOutcome,
    Notification,
    Pull,
)
from people import (
    FUND,
    GHENT,
    INSTALLATION,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    MANAGER,
    OpenPool,
    PopulationRegister,
    World,
    by,
    context,
    days,
    institution,
    line,
    ssin,
)

SOURCE, SECOND_SOURCE, STRANGER = "register", "register-abroad", "tax-office"
LOCAL_SOURCE, HUB = "register-local", "cbss"
FILE, CHILD, TAX = "0:1", "7:101", "50:1"
ADDRESS, CIVIL = "address@1", "civil-state@1"
INQUIRY, BENEFITS = "PCSA:SOCIAL_INQUIRY", "CHILD:BENEFITS"
PCSAS, FUNDS = "CR-ILL/pcsas", "CR-ILL/funds"
TERMS = Terms(HUB, timedelta(days=30))
_ENTRY: dict[str, Any] = {
    "valid_from": date(1990, 1, 15),
    "provenance": Provenance.ILLUSTRATIVE,
    "source": "invented for a test",
}
_SCHEMA = {
    "type": "object",
    "properties": {"state": {"type": "string"}},
    "required": ["state"],
    "additionalProperties": False,
}


def group(name: str, **other: Any) -> DataGroup:
    """Give a data group of the register."""
    return DataGroup(
        id=name,
        names=Text(en=name),
        description=Text(en=name),
        authentic_source=0,
        temporality=Temporality.PERIOD,
        json_schema=_SCHEMA,
        **_ENTRY,
        **other,
    )


def authorisation(
    reference: str, party: Party, legal_context: str, contexts: Sequence[str], **other: Any
) -> Authorisation:
    """Give an authorisation to be told of all groups."""
    given: dict[str, Any] = {"modes": (Mode.PUSH,), "data_groups": (ADDRESS, CIVIL)} | other
    return Authorisation(
        reference=reference,
        names=Text(en=reference),
        parties=(party,),
        legal_contexts=(legal_context,),
        inscription_contexts=tuple(contexts),
        **_ENTRY,
        **given,
    )


def entries() -> list[tuple[Kind, AnyEntry]]:
    """Give a catalogue: welfare centres are told of both groups, child benefit funds of addresses."""
    welfare, funds = Party(sector=17), Party(sector=7)
    found: dict[Kind, list[AnyEntry]] = {
        Kind.INSTITUTION: [
            *(institution(name, 0) for name in (SOURCE, SECOND_SOURCE)),
            institution(LOCAL_SOURCE, 0, SOURCE),
            *(institution(name) for name in (GHENT, LIEGE, MANAGER)),
            institution(MANAGED, 17, MANAGER),
            institution(FUND, 7),
            institution(STRANGER, 50),
            *(institution(f"pcsa-{number}") for number in range(20)),
        ],
        Kind.INSCRIPTION_CONTEXT: [context(name) for name in (FILE, LIVING_WAGE, CHILD, TAX)],
        Kind.DATA_GROUP: [group(ADDRESS), group(CIVIL, unsealed_because="public in a test")],
        Kind.AVAILABILITY: [
            Availability(data_group=name, inscription_context=FILE, **_ENTRY) for name in (ADDRESS, CIVIL)
        ],
        Kind.LEGAL_CONTEXT: [
            LegalContext(id=INQUIRY, names=Text(en="inquiry"), assigned_to=(welfare,), **_ENTRY),
            LegalContext(id=BENEFITS, names=Text(en="benefits"), assigned_to=(funds,), **_ENTRY),
        ],
        Kind.AUTHORISATION: [
            authorisation(PCSAS, welfare, INQUIRY, [LIVING_WAGE]),
            authorisation(FUNDS, funds, BENEFITS, [CHILD], data_groups=(ADDRESS,)),
        ],
        Kind.SUBSCRIPTION: [
            Subscription(
                id="welfare", party=welfare, data_groups=(ADDRESS, CIVIL), inscription_contexts=(LIVING_WAGE,),
                authorisation=PCSAS, **_ENTRY,
            ),
            Subscription(
                id="funds", party=funds, data_groups=(ADDRESS,), inscription_contexts=(CHILD,),
                authorisation=FUNDS, **_ENTRY,
            ),
        ],
    }  # fmt: skip
    return [(kind, entry) for kind, members in found.items() for entry in members]


def snapshot_of(found: Sequence[tuple[Kind, AnyEntry]], version: int = 1) -> Snapshot:
    """Give the snapshot of a catalogue."""
    return Snapshot(Facts(version, version, None, tuple(found), (), (), {}))


class Catalogue:
    """A catalogue that a test may change."""

    def __init__(self) -> None:
        """Begin with all entries."""
        self.entries = entries()
        self.current = snapshot_of(self.entries)

    async def refresh(self, _: int) -> Snapshot:
        """Give the newest: there is no other process."""
        return self.current

    def withdraw(self, key: str) -> None:
        """Take an entry out."""
        self.entries = [(kind, entry) for kind, entry in self.entries if entry.key != key]
        self.current = snapshot_of(self.entries, self.current.version + 1)

    def change(self, key: str, **fields: Any) -> None:
        """Change an entry."""
        self.entries = [
            (kind, msgspec.structs.replace(entry, **fields) if entry.key == key else entry)
            for kind, entry in self.entries
        ]
        self.current = snapshot_of(self.entries, self.current.version + 1)


@dataclass
class Ahead:
    """A clock that is ahead of the others."""

    by: timedelta

    def now(self) -> datetime:
        """Give the moment."""
        return datetime.now(UTC) + self.by


@dataclass
class Town(World):
    """The services of a hub process as far as changes go."""

    catalogue: Catalogue
    mutations: Mutations
    mailboxes: Mailboxes
    distributor: Distributor
    hub_changes: HubChanges
    writer: Writer
    reports: ErrorReports

    def at(self, later: timedelta) -> "Town":
        """Give the same with a clock that is ahead."""
        surroundings = Surroundings(Environment.TEST, Ahead(later), INSTALLATION)
        return replace(
            self,
            mutations=Mutations(self.pool, self.log, self.catalogue, surroundings),
            mailboxes=Mailboxes(self.pool, self.log, self.catalogue, surroundings),
            hub_changes=HubChanges(self.pool, self.log, surroundings.clock, HUB, self.writer),
            reports=ErrorReports(self.pool, self.log, self.catalogue, surroundings, TERMS),
        )

    async def inscribe(self, number: str, *places: tuple[str, str], period: Period | None = None) -> None:
        """Inscribe a person at institutions, each in a context; a manager does it for those it manages."""
        for at, where in places:
            signer = {LOCAL_SOURCE: SOURCE}.get(at, at)
            await self.directory.open(line(number, period or days("2020-01-01"), at, context=where), by(signer))

    async def notify(self, *mutations: Mutation, at: str = SOURCE) -> list[MutationOutcome]:
        """Notify changes as an institution."""
        return list((await self.mutations.notify(Notification(mutations=mutations), by(at))).items)

    async def told(self, *mutations: Mutation, at: str = SOURCE) -> list[MutationOutcome]:
        """Notify changes that are all taken, and bring them to the mailboxes."""
        outcomes = await self.notify(*mutations, at=at)
        assert [outcome.status for outcome in outcomes] == [202] * len(mutations), outcomes
        while await self.distributor.distribute():
            pass
        return outcomes

    async def settled(self) -> None:
        """Have the hub do all that waits, what it causes itself included."""
        while await self.hub_changes.step() + await self.distributor.distribute():
            pass

    async def pull(self, at: str, **pull: Any) -> MailboxPage:
        """Pull as an institution."""
        return await self.mailboxes.pull(msgspec.convert(pull, Pull), by(at))

    async def emptied(self, at: str) -> list[Item]:
        """Give all items that wait in a mailbox, and acknowledge them."""
        items: list[Item] = []
        while (page := await self.pull(at)).lease:
            items += page.items
            done = Acknowledgement(lease=page.lease, up_to=page.items[-1].number)
            await self.mailboxes.acknowledge(done, by(at))
        return items

    async def recipients(self) -> dict[str, int]:
        """Give the last number of each mailbox."""
        return {row[0]: row[1] for row in await self.pool.fetch("SELECT recipient, last_number FROM mailbox")}

    async def logged(self, event: str) -> list[dict[str, Any]]:
        """Give the entries of the log of an event, in order."""
        found = await self.pool.fetch("SELECT * FROM log_entry WHERE event = $1 ORDER BY at, index", event)
        return [dict(row) | msgspec.json.decode(row["content"]) for row in found]


def change(number: str, group: str = ADDRESS, **other: Any) -> Mutation:
    """Give a change of an address since the beginning of 2026."""
    given: dict[str, Any] = {"period": days("2026-01-01"), "kind": MutationKind.CHANGED} | other
    fields: dict[str, Any] = {"reference": uuid4().hex, "context": FILE, "happened_on": date(2026, 1, 1)} | given
    return Mutation(ssin=number, data_group=group, **fields)


@asynccontextmanager
async def town(pool: OpenPool) -> AsyncIterator[Town]:
    """Open the services of a process on the database of the test."""
    surroundings = Surroundings(Environment.TEST, SystemClock(), INSTALLATION)
    catalogue, register = Catalogue(), PopulationRegister()
    connections = await pool("crossroads_hub")
    async with open_log(pool) as log:
        writer = Writer()
        yield Town(
            pool=connections,
            log=log,
            register=register,
            identity=Identity(connections, log, register, surroundings, [ExclusiveWhenLinked(catalogue, surroundings)]),
            directory=Directory(connections, log, catalogue, surroundings),
            catalogue=catalogue,
            mutations=Mutations(connections, log, catalogue, surroundings),
            mailboxes=Mailboxes(connections, log, catalogue, surroundings),
            distributor=Distributor(connections, cast(Any, catalogue), SystemClock(), writer),
            hub_changes=HubChanges(connections, log, SystemClock(), HUB, writer),
            writer=writer,
            reports=ErrorReports(connections, log, catalogue, surroundings, TERMS),
        )


async def populate(town: Town, tmp: Path, count: int = 3) -> list[str]:
    """Bring people into being whom the register holds, and give their numbers."""
    numbers = [ssin(number) for number in range(count)]
    await town.births(*numbers, tmp=tmp)
    for number in numbers:
        await town.inscribe(number, (SOURCE, FILE))
    return numbers
