"""Changes of who people are, in a transaction that holds their locks; for operators and for the BIS register.

Each is told three times before the commit: in the rows, in the outbox for the rooms that tell others, and in the log.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import bis_store, store
from crossroads.identity.bis_model import Change
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure, Stamp
from crossroads.kernel.errors import Conflict, Refused

_DAY = timedelta(days=1)


async def stamp_now(connection: Connection, reason: str, actor: str) -> Stamp:
    """Give the mark of a change that is made now; ask once the locks are held."""
    return Stamp(uuid7(), await store.moment(connection), reason, actor)


class Told:
    """Tells changes to the outbox and to the log."""

    def __init__(self, log: Log) -> None:
        """Give a log that does not use the connections of the changes."""
        self._log = log

    async def __call__(
        self,
        connection: Connection,
        event: Event,
        stamp: Stamp,
        change: Change,
        fields: Mapping[str, object],
        *,
        asker: str | None = None,
    ) -> None:
        """Tell, before the commit; `asker` is the institution that asked for it. Raises Unavailable."""
        await bis_store.tell(connection, change, stamp)
        await self.logged(event, stamp, change.person, fields, asker=asker)

    async def logged(
        self, event: Event, stamp: Stamp, person: int | None, fields: Mapping[str, object], *, asker: str | None = None
    ) -> None:
        """Tell the log alone."""
        said = {"reason": stamp.reason, "actor": stamp.actor, **fields}
        await self._log.append(Entry(event=event, ticket=stamp.ticket, person=person, asker=asker, fields=said))


async def replace_number(connection: Connection, closure: Closure, new: str, since: date, stamp: Stamp) -> int:
    """Record another number from a day on, and give the key of the person. Raises Conflict where it is taken."""
    present = await store.present(connection, closure.persons)
    await store.end_assignment(connection, present.ssin, since - _DAY, stamp)
    if not await store.assign(connection, new, present.person, stamp, since):
        raise Conflict("The new number has just been given to another person.")
    await store.change_person(connection, present._replace(ssin=new), stamp)
    return present.person


async def require_present(connection: Connection, closure: Closure, ssin: str) -> None:
    """Refuse a number that is not the one of today. Raises Refused."""
    if (await store.present(connection, closure.persons)).ssin != ssin:
        raise Refused("The number that is replaced is not the person's number of today.")


async def record_death(connection: Connection, closure: Closure, day: date | None, stamp: Stamp) -> bool:
    """Record the day of death, or None, with the person asked and no other of the closure. False where it is so."""
    changed = False
    for key in closure.persons:
        person = await store.person(connection, key)
        wanted = day if key == closure.asked else None
        if person.deceased_on != wanted:
            await store.change_person(connection, person._replace(deceased_on=wanted), stamp)
            changed = True
    return changed
