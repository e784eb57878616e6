"""The end of retention: what entries say is removed; that they were there, and that this was meant, stays."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Expirable, Receipt, expiry_text
from crossroads.audit.reading import Reading
from crossroads.audit.service import Log
from crossroads.audit.store import RetentionStore
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.wire.notes import NoteSigner

_CHUNK = 10_000


def expiring_before(day: date, now: datetime, kept_days: int) -> datetime:
    """Give the moment at which a day begins, in Brussels. Raises Refused for a day whose eve is not old enough yet."""
    latest = brussels_day(now) - timedelta(days=kept_days)
    if day > latest:
        raise Refused(
            f"The log is kept for {kept_days} days (the setting log_kept_days): what is from before {latest} may "
            f"expire, and {day} is later."
        )
    return datetime.combine(day, time(), BRUSSELS)


class Retention:
    """Removes the content of entries whose time has come. Entries about no person are kept for ever (`events.KEPT`)."""

    def __init__(self, pool: Pool, log: Log, signer: NoteSigner) -> None:
        """Remove with these connections (role crossroads_retention); the log's key signs what was removed."""
        self._store, self._reading, self._log, self._signer = RetentionStore(pool), Reading(pool), log, signer

    async def due(self, before: datetime) -> list[Expirable]:
        """Give the ranges of entries from before a moment that still say something of what expires."""
        return await self._store.expirable(before)

    async def expire_all(self, ranges: Sequence[Expirable]) -> list[Receipt]:
        """Let ranges expire, one after the other."""
        return [await self.expire(due.stream, due.first, due.last) for due in ranges]

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
