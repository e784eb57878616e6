"""What tests of persons and inscriptions share: a small catalogue, operators, invented people with mock numbers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from audit_log import open_log
from crossroads.audit.service import Log
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution, Management, Network
from crossroads.catalogue.kinds import AnyEntry, Kind
from crossroads.catalogue.model import Evidence, InscriptionContext
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.directory.exclusivity import ExclusiveWhenLinked
from crossroads.directory.service import Directory
from crossroads.identity.files import digest_of
from crossroads.identity.model import LINK, UNLINK
from crossroads.identity.ports import Match
from crossroads.identity.service import Identity
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, check_digits
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import InscriptionEvidence, InscriptionLine
from crossroads.wire.registrations import SignedAct, act

ALICE = SigningKey.generate("operator:alice#1")
ALICE_AGAIN = SigningKey.generate("operator:alice#2")
BOB = SigningKey.generate("operator:bob#1")
INSTALLATION = "crossroads.example"
OPERATORS = {key.key_id: VerifyKey(key.jwk) for key in (ALICE, ALICE_AGAIN, BOB)}

GHENT, LIEGE, FUND = "pcsa-ghent", "pcsa-liege", "fund-one"
MANAGED, MANAGER = "pcsa-dinant", "pcsa-manager"
LIVING_WAGE, OTHER_AID, FIRST_CONTACT, CHILD = "17:2", "17:4", "17:1", "7:101"

OpenPool = Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]
_ENTRY: dict[str, Any] = {
    "valid_from": date(1990, 1, 15),
    "provenance": Provenance.ILLUSTRATIVE,
    "source": "invented for a test",
}


def institution(name: str, sector: int = 17, *managers: str) -> Institution:
    managed_by = tuple(Management(manager=manager, start_date=date(2000, 1, 1)) for manager in managers)
    network = Network.SECONDARY if managers else Network.PRIMARY
    return Institution(id=name, sector=sector, names=Text(en=name), network=network, managed_by=managed_by, **_ENTRY)


def context(name: str, evidence: Evidence = Evidence.REFERENCE, *, exclusive: bool = False) -> InscriptionContext:
    return InscriptionContext(id=name, names=Text(en=name), evidence=evidence, exclusive=exclusive, **_ENTRY)


INSTITUTIONS = (
    institution(GHENT),
    institution(LIEGE),
    institution(MANAGER),
    institution(MANAGED, 17, MANAGER),
    institution(FUND, 7),
    *(institution(f"pcsa-{number}") for number in range(50)),
)
CONTEXTS = (
    context(LIVING_WAGE, exclusive=True),
    context(OTHER_AID, Evidence.NONE),
    context(FIRST_CONTACT, Evidence.DOCUMENT),
    context(CHILD, exclusive=True),
)


def snapshot() -> Snapshot:
    entries: list[tuple[Kind, AnyEntry]] = [(Kind.INSTITUTION, entry) for entry in INSTITUTIONS]
    entries += [(Kind.INSCRIPTION_CONTEXT, entry) for entry in CONTEXTS]
    return Snapshot(Facts(1, 1, None, tuple(entries), (), (), {}))


class Belgium:
    """A catalogue that does not change."""

    current = snapshot()


@dataclass
class PopulationRegister:
    """The register's participant, which is not ours: it knows some people by their last name."""

    names: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    async def match(self, ticket: UUID, ssin: str, birth_date: str, last_name: str) -> Match:
        assert isinstance(ticket, UUID)
        self.asked += 1
        return Match(ssin in self.names, self.names.get(ssin) == last_name and birth_date.startswith("19"))


@dataclass
class World:
    """The services of a hub process as far as people go."""

    pool: Any
    log: Log
    register: PopulationRegister
    identity: Identity
    directory: Directory

    async def births(self, *numbers: str, tmp: Path) -> None:
        """Bring people into being by a first load."""
        path = tmp / f"{uuid4().hex}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode({"ssin": number}) + b"\n" for number in numbers))
        await self.identity.import_persons(path, load_act(path, "persons", len(numbers)), OPERATORS)


@asynccontextmanager
async def world(pool: OpenPool) -> AsyncIterator[World]:
    surroundings = Surroundings(Environment.TEST, SystemClock(), INSTALLATION)
    catalogue, register = Belgium(), PopulationRegister()
    connections = await pool("crossroads_hub")
    async with open_log(pool) as log:
        rule = ExclusiveWhenLinked(catalogue, surroundings)
        yield World(
            connections,
            log,
            register,
            Identity(connections, log, register, surroundings, [rule]),
            Directory(connections, log, catalogue, surroundings),
        )


def ssin(number: int) -> str:
    """Give the mock number of the n-th invented person."""
    born = date(1940, 1, 1) + timedelta(days=number // 400)
    first = f"{born:%y}{born.month + 60:02d}{born.day:02d}{number % 400 + 1:03d}"
    return first + check_digits(first, born_from_2000=False)


def days(first: str, last: str | None = None) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last) if last else None)


def line(number: str, period: Period, at: str = GHENT, **other: Any) -> InscriptionLine:
    """Give a request about an inscription, with what its context demands."""
    evidence = InscriptionEvidence(kind="reference", value="file 12")
    given = {"context": LIVING_WAGE, "evidence": evidence, "reference": uuid4().hex, **other}
    return InscriptionLine(institution=at, ssin=number, period=period, **given)


def by(name: str) -> Signed:
    """Give the signature of an institution."""
    return Signed(name, f"{name}#1", b"{}", {"value": "test"})


def signed_act(kind: str, content: Any, signers: Iterable[SigningKey] = (ALICE, BOB)) -> SignedAct:
    made = act(kind, content)
    for key in signers:
        made = made.signed_by(key)
    return made


def link_act(source: str, target: str, signers: Iterable[SigningKey] = (ALICE, BOB)) -> SignedAct:
    found = {"installation": INSTALLATION, "from": source, "into": target}
    content = {**found, "since": "2026-01-01", "reason": "found twice", "at": _now()}
    return signed_act(LINK, content, signers)


def unlink_act(source: str, target: str) -> SignedAct:
    found = {"installation": INSTALLATION, "from": source, "into": target}
    return signed_act(UNLINK, {**found, "reason": "twins", "at": _now()})


def load_act(path: Path, kind: str, lines: int, signers: Iterable[SigningKey] = (ALICE, BOB)) -> SignedAct:
    content = {"installation": INSTALLATION, "sha256": digest_of(path), "kind": kind, "lines": lines}
    return signed_act("first-load", content, signers)


def _now() -> str:
    return datetime.now(UTC).isoformat()
