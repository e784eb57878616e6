"""What tests of batches share: files of invented people with their vouchers, and the services of one hub process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from crossroads.batch.checking import Checking
from crossroads.batch.model import CHECK_KIND, RUN_KIND
from crossroads.batch.results import Results
from crossroads.batch.retention import Retention
from crossroads.batch.service import Batches
from crossroads.batch.uploads import Uploads
from crossroads.identity.surroundings import Surroundings
from crossroads.jobs.model import Step, Wait
from crossroads.jobs.service import Jobs
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import PAGE, BatchStatement, BatchStatus, FileFormat, Record, Voucher
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import Asker
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of, sign_batch_statement
from crossroads.wire.registrations import KeyUse
from crossroads.wire.rows import record_lines
from crossroads.wire.statements import group_digests, new_salts
from database import OpenPool
from founding import INSTALLATION, Installation, founded, small_catalogue
from people import ssin

CENTRE, OTHER, MANAGED, MANAGER = "centre-a", "centre-c", "centre-b", "welfare"
INQUIRY, WAGE = "PCSA:SOCIAL_INQUIRY", "living-wage@1"
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
MOST = 5
"""Batches of one institution that may be under way."""
AUTHORISED: dict[str, Any] = {
    "reference": "TEST/1",
    "names": {"en": "Centres: living wage"},
    "parties": [{"sector": 17, "type": 1}],
    "legalContexts": [INQUIRY],
    "dataGroups": [WAGE],
    "inscriptionContexts": ["17:1", "17:2"],
    "modes": ["online", "push", "batch"],
}


@dataclass
class Ahead:
    """A clock that is ahead of the others."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        """Give the moment."""
        return datetime.now(UTC) + self.by


@dataclass(frozen=True)
class Author:
    """An institution that makes vouchers."""

    sign: SigningKey
    seal: SealingKey
    installation: str = INSTALLATION
    legal_context: str = INQUIRY
    group: str = WAGE

    @property
    def institution(self) -> str:
        """Its name."""
        return self.sign.key_id.split("#")[0]

    def voucher(self, file: bytes, about: Sequence[Record], number: int = 1, **changes: Any) -> Voucher:
        """Announce a file; the statement says what the voucher says. A change under `statement_` is in it alone."""
        other = {name.removeprefix("statement_"): changes.pop(name) for name in list(changes) if "statement_" in name}
        openings, key = new_salts([self.group]), b64url(uuid4().bytes + uuid4().bytes)[:43]
        facts: dict[str, Any] = {
            "legal_context": self.legal_context,
            "period": QUARTER,
            "reference_date": None,
            "records": len(about),
            "deadline": datetime.now(UTC) + timedelta(days=4),
            "on_behalf_of": None,
        } | changes
        deadline, on_behalf_of = facts.pop("deadline"), facts.pop("on_behalf_of")
        shared = {name: facts[name] for name in ("legal_context", "period", "reference_date", "records")}
        asker = Asker(
            institution=self.institution,
            on_behalf_of=on_behalf_of,
            agent="clerk-7",
            encryption_key=self.seal.jwk.thumbprint,
        )
        stated: dict[str, Any] = {
            "asker": asker.institution,
            "on_behalf_of": on_behalf_of,
            "agent": asker.agent,
            "data_groups": group_digests(openings),
            "root": root_of(about, key),
            "encryption_key": asker.encryption_key,
            "nonce": uuid4().hex,
            "issued_at": datetime.now(UTC),
            "expires_at": deadline,
            "installation": self.installation,
            "environment": Environment.TEST,
        }
        statement = sign_batch_statement(BatchStatement(**(stated | shared | other)), self.sign)
        given: dict[str, Any] = {
            "reference": uuid4().hex,
            "asker": asker,
            "data_groups": (self.group,),
            "size": len(file),
            "digest": b64url(sha256(file).digest()),
            "deadline": deadline,
            "statement": statement,
            "openings": openings,
            "records_key": key,
        }
        return Voucher(file_sequence_number=number, **(given | facts))


def root_of(records: Sequence[Record], key: str) -> str:
    """Give the root that a statement holds of records."""
    leaves = [record_leaf(salt_of(key, number), record) for number, record in enumerate(records)]
    pages = [page_root(leaves[start : start + PAGE]) for start in range(0, len(leaves), PAGE)]
    return b64url(file_root(pages)) if pages else b64url(bytes(32))


def asked(many: int, **other: Any) -> list[Record]:
    """Give records about the first invented people."""
    return [Record(ssin=ssin(number), **other) for number in range(many)]


def lines(records: Sequence[Record], form: FileFormat = FileFormat.JSON_LINES) -> bytes:
    """Give the file of records."""
    return b"".join(record_lines(records, form))


@dataclass
class Office:
    """The services of a hub process as far as batches go."""

    pool: Any
    here: Installation
    clock: Ahead
    jobs: Jobs
    batches: Batches
    uploads: Uploads
    results: Results
    checking: Checking
    retention: Retention
    worker: Worker
    authors: dict[str, Author]
    numbers: Any = field(default_factory=lambda: count(1))

    async def announce(self, voucher: Voucher, at: str | None = None) -> BatchStatus:
        """Announce a file, as the institution that asks unless said otherwise."""
        return await self.batches.announce(voucher, by(at or voucher.asker.institution, voucher))

    async def upload(self, status: BatchStatus, file: bytes, at: str = CENTRE, part: int = 1024 * 1024) -> BatchStatus:
        """Send a file from where the hub has it."""
        for start in range(status.received, len(file), part):
            status = await self.uploads.take(status.ticket, at, start, file[start : start + part])
        return status

    async def sent(self, file: bytes, about: Sequence[Record], **changes: Any) -> BatchStatus:
        """Announce, send and have checked a file of the centre, with the next number."""
        voucher = self.authors[CENTRE].voucher(file, about, next(self.numbers), **changes)
        status = await self.upload(await self.announce(voucher), file)
        await self.checked()
        return await self.batches.one(status.ticket, CENTRE)

    async def checked(self) -> None:
        """Check the files that are there."""
        while await self.check_some():
            pass

    async def check_some(self) -> bool:
        """Check a slice of a file; False when none is due."""
        return await self.worker.work(Kind(name=CHECK_KIND, slice=self.checking.slice))

    async def logged(self, event: str) -> list[dict[str, Any]]:
        """Give the entries of the log of an event, in order."""
        found = await self.pool.fetch("SELECT * FROM log_entry WHERE event = $1 ORDER BY at, index", event)
        return [dict(row) | msgspec.json.decode(row["content"]) for row in found]

    async def rest(self) -> dict[str, int]:
        """Count what rests at the hub of files and results."""
        names = ("batch_part", "batch_page", "batch_chunk", "batch_result")
        return {name: await self.pool.fetchval(f"SELECT count(*) FROM {name}") for name in names}  # noqa: S608 - ours


NOTHING = dict.fromkeys(("batch_part", "batch_page", "batch_chunk", "batch_result"), 0)


def by(name: str, voucher: Voucher | None = None) -> Signed:
    """Give the signature of an institution."""
    return Signed(name, f"{name}#sign-1", msgspec.json.encode(voucher), {"value": "test"})


async def never(_: Any) -> Step:
    """Do nothing of a job."""
    return Wait(timedelta(hours=1))


NEVER = Kind(name=RUN_KIND, slice=never)


@asynccontextmanager
async def office(pool: OpenPool) -> AsyncIterator[Office]:
    """Found an installation whose centres may ask in files, and open the services of a process."""
    connections, clock = await pool("crossroads_hub"), Ahead()
    async with founded(await pool("crossroads_hub")) as here:
        plain = small_catalogue()
        centre_c = {"id": OTHER, "sector": 17, "type": 1, "names": {"en": "Centre C"}}
        institutions = [*(msgspec.to_builtins(one) for one in plain.institutions), centre_c]
        await here.apply(small_catalogue(institutions=institutions, authorisations=[AUTHORISED]))
        authors = {name: await _author(here, name) for name in (CENTRE, OTHER, MANAGER)}
        surroundings = Surroundings(Environment.TEST, clock, INSTALLATION)
        jobs = Jobs(connections, here.log)
        batches = Batches(connections, here.log, here.catalogue, surroundings, jobs=jobs, most=MOST)
        yield Office(
            pool=connections,
            here=here,
            clock=clock,
            jobs=jobs,
            batches=batches,
            uploads=Uploads(connections, batches, jobs, clock),
            results=Results(connections, batches),
            checking=Checking(pool=connections, log=here.log, jobs=jobs, catalogue=here.catalogue, clock=clock),
            retention=Retention(pool=connections, log=here.log, jobs=jobs, clock=clock),
            worker=Worker(connections),
            authors=authors,
        )


async def _author(here: Installation, name: str) -> Author:
    sign, seal = await here.signing_key(name), SealingKey.generate(f"{name}#seal-1")
    await here.catalogue.register_key(here.registration(seal, KeyUse.SEAL, sign))
    return Author(sign, seal)
