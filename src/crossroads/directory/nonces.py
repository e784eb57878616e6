"""The store of nonces: a ring of sixteen tables, one for each minute in which requests expire.

A nonce lies in the slot of the minute in which its request expires, which the signature fixes: a replay finds it there.
Slots of minutes that are long past are emptied. Forgetting to empty one does no harm but fill the disk; emptying one
too early would let a replay pass, so only those are emptied that no clock can take for the present.
"""

from datetime import datetime
from typing import Any

from crossroads.directory.store import queries
from crossroads.identity.database import Pool, outages, rows
from crossroads.wire.signatures import MAXIMUM_AGE

SLOTS = 16

_MINUTE = 60


def slot_of(created_at: datetime) -> int:
    """Give the slot of a request that was created at a moment."""
    return int(created_at.timestamp() + MAXIMUM_AGE) // _MINUTE % SLOTS


async def maintain_nonces(pool: Pool) -> None:
    """Empty the slots that are long past, and forget old counts. Raises Unavailable.

    To be done every minute or so, by any process.
    """
    with outages():
        async with pool.acquire() as connection:
            for row in await rows(queries.past_slots(connection)):
                await _empty(connection, int(row["slot"]))
            await queries.forget_rates(connection)


async def _empty(connection: Any, slot: int) -> None:
    if await queries.nonces_in(connection, slot=slot):
        await connection.execute(f"TRUNCATE nonce_{slot}")
