"""A correction reaches those who were given the wrong value and may still have it; the rest is counted."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from uuid6 import uuid7

from crossroads.access.push import Changed, Pushing, PushPermit, Reach
from crossroads.audit import given as log
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Connection
from crossroads.kernel.codes import Code
from crossroads.mutations import hub_store
from crossroads.mutations.model import Caused, Person, Queued
from crossroads.wire.mutations import NoticeKind, Told


async def given(connection: Connection, change: Queued, person: Person) -> set[str]:
    """Give the institutions that the source of a correction gave the data since it was wrong; none otherwise."""
    changed = change.changed
    if changed.reach is not Reach.GIVEN:
        return set()
    closure = await closure_of(connection, person.ssin)
    persons = closure.persons if closure else (change.person,)
    found = await log.given(connection, persons, changed.data_group, since=change.wrong_since)
    return {one.asker for one in found if one.source == changed.source and one.period.overlaps(changed.period)}


def decide(pushing: Pushing, changed: Changed, person: Person, institution: str, *, given: bool) -> PushPermit | Code:
    """Give the permit of an institution, or why it is not told."""
    reach = Reach.SUBSCRIBED if changed.reach is Reach.GIVEN and not given else changed.reach
    own = [line for line in person.lines if line.institution == institution]
    return pushing.decide(changed._replace(reach=reach), institution, own)


async def addressed(
    connection: Connection, change: Queued, person: Person, pushing: Pushing, subscribed: Sequence[PushPermit]
) -> list[PushPermit]:
    """Give the permits of those who are told beside the subscribed ones, and queue the count for the source."""
    told_anyway = {permit.institution for permit in subscribed}
    concerned = await given(connection, change, person) - {change.source}
    decided = [decide(pushing, change.changed, person, name, given=True) for name in sorted(concerned - told_anyway)]
    permits = [one for one in decided if isinstance(one, PushPermit)]
    told = Told(
        correction=change.ticket,
        data_group=change.data_group or "",
        told=len(permits) + len(concerned & told_anyway),
        not_told=dict(Counter(str(one) for one in decided if isinstance(one, Code))),
        unread=await log.months_left(connection, change.wrong_since) if change.wrong_since else (),
    )
    await hub_store.add(connection, [(uuid7(), _count(change, person, told, pushing))])
    return permits


def _count(change: Queued, person: Person, told: Told, pushing: Pushing) -> Caused:
    period = change.changed.period
    one = Caused(NoticeKind.CORRECTION_TOLD, change.person, person.ssin, change.source, pushing.on, period)
    return one._replace(addressee=change.source, told=msgspec.json.encode(told).decode())
