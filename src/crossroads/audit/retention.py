"""The end of retention: what entries say is removed; that they were there, and that this was meant, stays."""

from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Receipt, expiry_text
from crossroads.audit.reading import Reading
from crossroads.audit.service import Log
from crossroads.audit.store import RetentionStore
from crossroads.kernel.errors import InvalidValue
from crossroads.wire.notes import NoteSigner

_CHUNK = 10_000


class Retention:
    """Removes the content of entries whose time has come. Entries about no person are kept for ever (`events.KEPT`)."""

    def __init__(self, pool: Pool, log: Log, signer: NoteSigner) -> None:
        """Remove with these connections (role crossroads_retention); the log's key signs what was removed."""
        self._store, self._reading, self._log, self._signer = RetentionStore(pool), Reading(pool), log, signer

    async def expire(self, stream: int, first: int, last: int) -> Receipt:
        """Log that entries `first` to `last` expired, then remove what they say. After a failure it may be done again.

        Raises NotInLog or InvalidValue for a range that is none.
        """
        if not 0 <= first <= last:
            raise InvalidValue(f"Entries {first} to {last} are no range.")
        await self._reading.entry(stream, last)
        note = self._signer.sign(expiry_text(self._signer.name, stream, first, last))
        fields = {"stream": stream, "first": first, "last": last, "note": note}
        receipt = await self._log.append(Entry(event=Event.RANGE_EXPIRED, fields=fields))
        for start in range(first, last + 1, _CHUNK):
            await self._store.expire(stream, start, min(start + _CHUNK - 1, last))
        return receipt
