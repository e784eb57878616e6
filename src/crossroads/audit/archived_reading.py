"""What archived entries say: proofs of a ticket, and what was logged about a person, each held to its leaf."""

from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.archive import archived
from crossroads.audit.archive_proof import is_as_logged
from crossroads.audit.archived import Archive, paths
from crossroads.audit.errors import NotInLog
from crossroads.audit.model import UsageLine
from crossroads.audit.parquet import ArchivedEntry, entries_having
from crossroads.audit.prover import Prover
from crossroads.audit.reading import Reading
from crossroads.kernel.errors import Tampered
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.proofs import EntryProof


class OpenArchive(NamedTuple):
    """The files that the log says there are, and where leaves are looked up."""

    reading: Reading
    files: Sequence[Path]

    @classmethod
    async def open(cls, reading: Reading, archive: Archive, verifiers: Collection[NoteVerifier]) -> "OpenArchive":
        """Open a folder. Raises Tampered where a file is missing."""
        return cls(reading, list(paths(archive, await archived(reading, verifiers))))

    async def of_ticket(self, ticket: UUID) -> list[ArchivedEntry]:
        """Give the entries of a ticket. Raises Tampered for one that was altered."""
        return [entry async for entry in self._held("ticket", [ticket])]

    async def usage(self, persons: Collection[int]) -> AsyncIterator[UsageLine]:
        """Walk what the files say about a person (all keys that are this person). Raises Tampered likewise."""
        async for entry in self._held("person", persons):
            yield _usage_line(entry)

    async def _held(self, column: str, values: Collection[int] | Collection[UUID]) -> AsyncIterator[ArchivedEntry]:
        for path in self.files:
            for entry in entries_having(path, column, values):
                await self._check(path, entry)
                yield entry

    async def _check(self, path: Path, entry: ArchivedEntry) -> None:
        """Hold an entry to its leaf in the database."""
        leaves = await self.reading.leaves(entry.stream, [entry.place])
        if leaves.get(entry.place) != entry.record.leaf or not is_as_logged(entry.record):
            place = f"entry {entry.place} of stream {entry.stream}"
            raise Tampered(f"{path.name}: {place} is not what was logged.")


async def prove_everywhere(
    prover: Prover, archive: OpenArchive, ticket: UUID, fields: Collection[str] | None
) -> list[EntryProof]:
    """Prove every entry of a ticket, in the archive and in the database. Raises NotInLog, and as `Prover.prove`."""
    found = await archive.of_ticket(ticket)
    proofs = [await prover.prove_record(one.record, one.stream, one.place, fields) for one in found]
    try:
        return proofs + await prover.prove(ticket, fields)
    except NotInLog:
        if not proofs:
            raise
        return proofs


def _usage_line(entry: ArchivedEntry) -> UsageLine:
    record = entry.record
    return UsageLine(
        at=record.at,
        stream=entry.stream,
        index=entry.place,
        event=record.event,
        ticket=record.ticket,
        person=record.person or 0,
        asker=record.asker,
        fields=msgspec.json.decode(record.content or "{}"),
    )
