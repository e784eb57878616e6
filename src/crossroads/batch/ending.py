"""Ending a batch that may not go on, for the hub."""

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.batch import store
from crossroads.batch.model import Batch
from crossroads.identity.database import Connection
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code


async def stop(connection: Connection, log: Log, batch: Batch, code: Code, clock: Clock) -> None:
    """Log that the hub ends a batch, and why; nothing of it stays. What was decided until then stands in its entries.

    Whoever calls has locked its job. Logged before by one who died then, it is not logged again.
    """
    if not await log.is_logged(Event.BATCH_CANCELLED, batch.ticket):
        progress = {"decided": batch.decided, "answered": batch.answered}
        fields = {"reference": batch.reference, "by": "hub", "code": str(code), **progress}
        await log.append(
            Entry(event=Event.BATCH_CANCELLED, ticket=batch.ticket, asker=batch.institution, fields=fields)
        )
    await store.cancel(connection, batch.ticket, clock.now())
    await store.explain(connection, batch.ticket, code)
