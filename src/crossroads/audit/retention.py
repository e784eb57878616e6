"""The end of retention: what entries say is removed; that they were there, and that this was meant, stays."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Expirable, Receipt, expiry_text
from crossroads.audit.retention_store import RetentionStore
from crossroads.audit.service import Log
from crossroads.audit.terms import Term
from crossroads.kernel.errors import InvalidValue
from crossroads.wire.notes import NoteSigner

NAME, EVERY = "log-retention", timedelta(hours=1)
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_CHUNK = 10_000


class Retention:
    """Removes what entries say whose time has come. Entries about no person are kept for ever (`events.KEPT`).

    The database itself removes nothing that is younger than the owner settled, or of which the log does not say it.
    """

    def __init__(self, pool: Pool, log: Log, signer: NoteSigner) -> None:
        """Remove with these connections (role crossroads_hub); the log's key signs what was removed."""
        self._store, self._log, self._signer = RetentionStore(pool), log, signer

    async def terms(self) -> list[Term]:
        """Give for how long the classes are kept, as the owner settled it."""
        return await self._store.terms()

    async def due(self, before: Mapping[str, datetime]) -> list[Expirable]:
        """Give the ranges of entries that still say something, by class, from before the moment of the class."""
        return [
            due for log_class, moment in before.items() for due in await self._store.due(log_class, LONG_AGO, moment)
        ]

    async def expire_all(self, ranges: Sequence[Expirable]) -> list[Receipt]:
        """Let ranges expire, one after the other."""
        return [await self.expire(due) for due in ranges]

    async def expire(self, due: Expirable) -> Receipt:
        """Log that the entries of a class in a range expired, then remove what they say. It may be done again.

        Raises InvalidValue for a range that is none.
        """
        return (await self._expire(due))[0]

    async def expire_what_is_due(self) -> None:
        """Let expire what is old enough today, but for what was looked at before. Raises Unavailable."""
        for term in await self._store.terms():
            since = await self._store.looked_until(term.log_class) or LONG_AGO
            if since >= term.before:
                continue
            ranges = await self._store.due(term.log_class, since, term.before)
            gone = [(await self._expire(due))[1] == due.entries for due in ranges]
            if all(gone):
                await self._store.looked(term.log_class, term.before)

    async def _expire(self, due: Expirable) -> tuple[Receipt, int]:
        if not 0 <= due.first <= due.last:
            raise InvalidValue(f"Entries {due.first} to {due.last} are no range.")
        receipt = await log_expiry(self._log, self._signer, due)
        removed = 0
        for start in range(due.first, due.last + 1, _CHUNK):
            removed += await self._store.expire(due._replace(first=start, last=min(start + _CHUNK - 1, due.last)))
        return receipt, removed


async def log_expiry(log: Log, signer: NoteSigner, due: Expirable) -> Receipt:
    """Log that the entries of a class in a range expired, signed by the log's key: before anything goes."""
    note = signer.sign(expiry_text(signer.name, due.stream, due.first, due.last, due.log_class))
    fields = {"stream": due.stream, "first": due.first, "last": due.last, "class": due.log_class, "note": note}
    return await log.append(Entry(event=Event.RANGE_EXPIRED, fields=fields))
