"""A person looks into the own box, and says whether messages are wanted there. All is logged before it is shown."""

from datetime import datetime, time, timedelta

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.ebox import store
from crossroads.ebox.model import Consent, Content, Kept
from crossroads.ebox.owner import Owned, Owner
from crossroads.identity.closure import locked_closure
from crossroads.identity.database import Connection, outages
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.acting import AS_MANDATARY
from crossroads.wire.box import (
    BOX,
    MAXIMUM_LISTED,
    BoxConsent,
    BoxConsented,
    BoxList,
    BoxMessage,
    BoxQuery,
)
from crossroads.wire.messages import Receipt
from crossroads.wire.usage import LogPlace, Words

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_LONGEST = timedelta(days=36_525)


class Boxes:
    """The boxes, for the people whose they are."""

    def __init__(self, owner: Owner) -> None:
        """Let nobody look whom `owner` does not let."""
        self._owner = owner

    async def listed(self, query: BoxQuery, signed: Signed) -> BoxList:
        """Give what is in a box. Raises Malformed, Refused, Unavailable."""
        owner, now = self._owner, self._owner.surroundings.clock.now()
        owned = await owner.permitted(query, BOX, signed)
        with outages():
            async with owner.pool.acquire() as connection:
                seen = await self._seen(connection, query, owned)
                total = await store.count_listed(connection, owned.persons, owner.surroundings.today)
                consent = await store.consent(connection, owned.persons, now)
        if seen is None:
            await owner.refuse(query, owned.asked, Refused(code=Code.BOX_UNKNOWN), signed)
        found = seen[:MAXIMUM_LISTED]
        await owner.log.append(owner.entry(Event.BOX_SHOWN, query, owned, {"shown": len(found)}, signed))
        return BoxList(
            environment=owner.surroundings.environment,
            active=consent is not None,
            active_from=consent.active_from if consent else None,
            active_until=consent.active_until if consent else None,
            items=tuple(self._message(one, one.content) for one in found if one.content),
            more=len(seen) > len(found),
            total=total,
            checkpoint=owner.log.checkpoint,
        )

    async def _seen(self, connection: Connection, query: BoxQuery, owned: Owned) -> tuple[Kept, ...] | None:
        """Give what was asked for, and one message more where there is; None where it is about none of this person."""
        today, named = self._owner.surroundings.today, query.message or query.after
        if named is None:
            return await store.messages(connection, owned.persons, today, MAXIMUM_LISTED + 1)
        found = await store.message(connection, owned.persons, named)
        if found is None or (query.message and not found.listed(today)):
            return None
        if query.message:
            return (found,)
        opened = found.opened is not None if query.after_opened is None else query.after_opened
        return await store.messages(connection, owned.persons, today, MAXIMUM_LISTED + 1, store.After(found, opened))

    async def consent(self, said: BoxConsent, signed: Signed) -> BoxConsented:
        """Make a box active, or end that. What is so already stays as it is, but for its end. Raises as `listed`."""
        owner = self._owner
        owned = await owner.permitted(said, BOX, signed)
        if said.legal_context == AS_MANDATARY:
            # Who may read for another does not decide that letters come no more on paper.
            await owner.refuse(said, owned.asked, Refused(code=Code.NOT_ACTING), signed)
        wanted = self._wanted(said)
        if owned.asked is None:
            raise Refused(code=Code.SSIN_DOES_NOT_EXIST)
        event = Event.BOX_ACTIVATED if said.active else Event.BOX_ENDED
        fields = {"lastDay": said.last_day.isoformat() if said.last_day else None}
        async with store.lasting(owner.pool) as connection:
            await locked_closure(connection, said.ssin)
            receipt = await owner.log.append(owner.entry(event, said, owned, fields, signed))
            await store.end_consents(connection, owned.persons, wanted.active_from)
            if said.active:
                await store.add_consent(connection, owned.asked, uuid7(), wanted)
        return BoxConsented(
            environment=owner.surroundings.environment,
            active=said.active,
            active_from=wanted.active_from if said.active else None,
            active_until=wanted.active_until if said.active else None,
            receipt=Receipt(stream=receipt.stream, index=receipt.index, leaf=receipt.leaf),
            checkpoint=owner.log.checkpoint,
        )

    def _wanted(self, said: BoxConsent) -> Consent:
        surroundings = self._owner.surroundings
        if said.last_day is None:
            return Consent(surroundings.clock.now(), None)
        if not surroundings.today <= said.last_day <= surroundings.today + _LONGEST:
            raise Malformed(Fault("$.lastDay", _INVALID, "The last day is today, or within a hundred years."))
        after = datetime.combine(said.last_day + timedelta(days=1), time(), BRUSSELS)
        return Consent(surroundings.clock.now(), after)

    def _message(self, one: Kept, content: Content) -> BoxMessage:
        steps = (one.published, one.reminded, one.opened)
        return BoxMessage(
            message=one.message,
            sender=one.sender,
            sender_names=self._names(one.sender),
            subject=content.subject.words,
            sort=content.sort,
            received_on=one.received_on,
            expires_on=one.expires_on,
            published_at=one.published.at,
            reminded_at=one.reminded.at if one.reminded else None,
            opened_at=one.opened.at if one.opened else None,
            documents=content.documents,
            places=tuple(LogPlace(stream=step.stream, index=step.place) for step in steps if step),
        )

    def _names(self, sender: str) -> Words:
        found = self._owner.catalogue.current.institution(sender, self._owner.surroundings.today)
        names: Words = msgspec.to_builtins(found.names) if found else {}
        return names
