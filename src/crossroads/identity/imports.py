"""The first load of persons, all or nothing."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.identity import acts, first_load, store
from crossroads.identity.database import Connection, Pool, transaction
from crossroads.identity.files import Form, faults_of, scan, stage, staged_faults
from crossroads.identity.first_load import Loaded
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.errors import Fault, Malformed
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import SsinText
from crossroads.wire.registrations import SignedAct


class PersonLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A line of a file of persons."""

    ssin: SsinText
    deceased_on: date | None = None


PERSONS = Form(PersonLine, "staged_person")


async def import_persons(
    pool: Pool, log: Log, surroundings: Surroundings, path: Path, signed: SignedAct, operators: Mapping[str, VerifyKey]
) -> Loaded:
    """Bring the persons of a file into being. Raises Malformed with the lines that are wrong, Refused, Conflict."""
    load = first_load.begin(signed, "persons", operators, surroundings.installation, uuid7())
    found = await asyncio.to_thread(scan, path)
    first_load.require_digest(load, found.digest)
    if faults := await asyncio.to_thread(faults_of, path, PERSONS, lambda line: surroundings.ssin(line.ssin)):
        raise Malformed(*faults)
    async with transaction(pool) as connection:
        await acts.use(connection, signed, load.ticket)
        await store.stage_persons(connection)
        first_load.require_digest(load, await stage(connection, path, PERSONS))
        if wrong := await _wrong(connection, path):
            raise Malformed(*wrong)
        added = await store.add_staged(connection, load.ticket)
        first_load.require_whole(load, found, added)
        await first_load.log_chunks(log, Event.PERSONS_LOADED, load, found.roots)
    return Loaded(load.ticket, added)


async def _wrong(connection: Connection, path: Path) -> list[Fault]:
    repeated, known = await store.staged_faults(connection)
    return [
        *staged_faults(path, repeated, "The number stands in an earlier line."),
        *staged_faults(path, known, "The person is known already."),
    ]
