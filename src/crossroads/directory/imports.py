"""The first load of inscriptions, all or nothing, under the same rules and locks as a single one."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory import rules, store
from crossroads.directory.store import StagedPlace
from crossroads.identity import acts, first_load
from crossroads.identity.database import Connection, Pool, transaction
from crossroads.identity.files import MAXIMUM_FAULTS, Form, scan, stage, staged_faults
from crossroads.identity.first_load import Loaded
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Fault, Malformed
from crossroads.kernel.identifiers import ContextId, InstitutionId
from crossroads.kernel.period import Period
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import InscriptionEvidence, Line, SsinText
from crossroads.wire.registrations import SignedAct


class LoadedLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A line of a file of inscriptions."""

    ssin: SsinText
    institution: InstitutionId
    context: ContextId
    start_date: date
    end_date: date | None = None
    phase: int
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)] | None = None
    """The evidence, where the context demands the reference of a file."""

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts."""
        Period(self.start_date, self.end_date)


# Never what stands in the line: a file with its columns in another order has numbers of people there.
_ALIKE = "So for all lines of this institution, context and phase."
INSCRIPTIONS = Form(LoadedLine, "staged_inscription")


class Rules(NamedTuple):
    """What the lines are held against."""

    catalogue: Snapshot
    today: date
    installation: str
    operators: Mapping[str, VerifyKey]


async def import_inscriptions(pool: Pool, log: Log, held_to: Rules, path: Path, signed: SignedAct) -> Loaded:
    """Write the lines of a file. Raises Malformed with the lines that are wrong, Refused, Conflict.

    A line is written as it stands: it does not extend another, as one that an institution inscribes does.
    """
    load = first_load.begin(signed, "inscriptions", held_to.operators, held_to.installation, uuid7())
    async with transaction(pool) as connection:
        await acts.use(connection, signed, load.ticket)
        await _stage(connection, path, held_to, load)
        # Hashing in a thread while the database writes: both take their time.
        writing, scanning = store.add_staged(connection, load.ticket), asyncio.to_thread(scan, path)
        written, found = await asyncio.gather(writing, scanning)
        first_load.require_whole(load, found, written)
        await first_load.log_chunks(log, Event.IMPORT_CHUNK, load, found.roots)
    return Loaded(load.ticket, written)


async def _stage(connection: Connection, path: Path, held_to: Rules, load: first_load.Load) -> None:
    """Bring the lines in and hold them against every rule, the last one under the locks. Raises Malformed, Refused."""
    await store.stage(connection)
    first_load.require_digest(load, await stage(connection, path, INSCRIPTIONS))
    places = await store.staged_places(connection)
    _require_none([fault for place in places for fault in _faults(place, held_to, path)])
    await store.look_up_staged(connection)
    unknown = await store.staged_unknown(connection, MAXIMUM_FAULTS)
    _require_none(staged_faults(path, unknown, "The person is not known."))
    await store.lock_staged(connection)
    contexts = {place.context for place in places}
    exclusive = [name for name in contexts if rules.is_exclusive(held_to.catalogue, name, held_to.today)]
    conflicts = await store.staged_conflicts(connection, exclusive, MAXIMUM_FAULTS) if exclusive else []
    _require_none(staged_faults(path, conflicts, Code.INSCRIPTION_EXCLUSIVE.description))


def _faults(place: StagedPlace, held_to: Rules, path: Path) -> list[Fault]:
    """Give what is wrong with the lines of an institution in a context; the first line stands for all of them."""
    try:
        rules.check_phase(place.phase)
        institution = rules.may_keep(held_to.catalogue, place.institution, place.institution, held_to.today)
        context = rules.own_context(held_to.catalogue, institution, place.context, held_to.today)
    except CrossroadsError as error:
        return staged_faults(path, [place.line], f"{error} {_ALIKE}")
    try:
        bare = place.bare is not None
        rules.check_evidence(context, None if bare else InscriptionEvidence(kind="reference", value="-"))
    except CrossroadsError as error:
        return staged_faults(path, [place.bare or place.line], f"{error} {_ALIKE}")
    return []


def _require_none(faults: Sequence[Fault]) -> None:
    if faults:
        raise Malformed(*faults[:MAXIMUM_FAULTS])
