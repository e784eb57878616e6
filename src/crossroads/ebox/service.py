"""Senders publish messages, and are told what became of them.

That the sender has no such person on file, and that there is no such person, is one refusal. Whether somebody wants
messages in the box is told only to who has that person on file: it sends the message on paper then.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

from uuid6 import uuid7

from crossroads.access.boxes import Posting, posting
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.audit.turns import Turns
from crossroads.directory.inscribed import is_inscribed
from crossroads.directory.rules import CurrentCatalogue, may_keep
from crossroads.ebox import records, store
from crossroads.ebox.model import Content, Kept, Step, Used
from crossroads.identity.closure import closure_of, is_deceased, locked_closure
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.model import Closure
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.box import MAXIMUM_A_DAY, BoxEvidence, BoxEvidenceQuery, BoxPublication, BoxPublished
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.messages import Receipt
from crossroads.wire.proofs import EntryProof

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_AHEAD = timedelta(days=366)
_LONGEST = timedelta(days=3660)
_AT_ONCE, _WAITING = 2, 64


class _Judged(NamedTuple):
    """To whom a message goes, by which authorisation, and whether it goes into the box."""

    closure: Closure
    authorisation: str
    active: bool


class Publishing:
    """Takes messages from senders."""

    def __init__(
        self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings, reminder: timedelta
    ) -> None:
        """Give the log connections of its own: it is awaited while one of `pool` is held."""
        self._pool, self._log, self._catalogue = pool, log, catalogue
        self._surroundings, self._reminder = surroundings, reminder
        # What one sender does must not take the connections of the process from the others.
        self._turns: defaultdict[str, Turns] = defaultdict(lambda: Turns(_AT_ONCE, _WAITING))

    async def publish(self, said: BoxPublication, signed: Signed) -> BoxPublished:
        """Put a message into a person's box, or say that it is not active.

        Raises Malformed, Refused, Conflict, Unavailable.
        """
        self._check(said)
        sender = said.on_behalf_of or signed.institution
        try:
            permitted = self._posting(said, signed, sender)
            async with self._turns[signed.institution].turn(), store.lasting(self._pool) as connection:
                used = await self._once(connection, said, signed, permitted)
        except (Refused, Conflict) as refusal:
            await self._log_refusal(refusal, said, signed)
            raise
        return BoxPublished(
            environment=self._surroundings.environment,
            reference=said.reference,
            message=used.message,
            delivery=used.delivery,
            receipt=Receipt(stream=used.receipt.stream, index=used.receipt.index, leaf=used.receipt.leaf),
            checkpoint=self._log.checkpoint,
        )

    async def evidence(self, query: BoxEvidenceQuery, signed: Signed) -> BoxEvidence:
        """Prove to a sender what became of a message. Raises Refused, EntryExpired, Unavailable."""
        sender = query.on_behalf_of or signed.institution
        may_keep(self._catalogue.current, signed.institution, sender, self._surroundings.today)
        with outages():
            async with self._pool.acquire() as connection:
                used = await store.used(connection, sender, query.reference)
                if used is None:
                    raise Refused(code=Code.BOX_UNKNOWN)
                kept = await store.message(connection, [used.person], used.message)
        fields = {"reference": query.reference, "message": str(used.message)}
        shown = records.entry(Event.BOX_EVIDENCE_SHOWN, uuid7(), sender, fields, signed, used.person)
        await self._log.append(shown)
        reminded, opened = (kept.reminded, kept.opened) if kept else (None, None)
        return BoxEvidence(
            environment=self._surroundings.environment,
            reference=query.reference,
            message=used.message,
            delivery=used.delivery,
            published_at=used.published_at,
            published=await self._proof(used.receipt.stream, used.receipt.index),
            reminded_at=reminded.at if reminded else None,
            reminded=await self._proof(reminded.stream, reminded.place) if reminded else None,
            opened_at=opened.at if opened else None,
            opened=await self._proof(opened.stream, opened.place) if opened else None,
            expires_on=kept.expires_on if kept else None,
            checkpoint=self._log.checkpoint,
        )

    def _check(self, said: BoxPublication) -> None:
        self._surroundings.ssin_at(said.ssin, "$.ssin")
        texts = {f"$.subject.{language}": text for language, text in said.subject.words.items()}
        texts |= {f"$.documents[{at}].name": one.name for at, one in enumerate(said.documents)}
        self._surroundings.check_pseudonymous({"$.reference": said.reference, **texts})
        today = self._surroundings.today
        if not today <= said.received_on <= today + _AHEAD:
            raise Malformed(Fault("$.receivedOn", _INVALID, "The day of receipt is today, or at most a year ahead."))
        if said.expires_on > said.received_on + _LONGEST:
            raise Malformed(Fault("$.expiresOn", _INVALID, "A message expires within ten years."))

    def _posting(self, said: BoxPublication, signed: Signed, sender: str) -> Posting:
        today = self._surroundings.today
        return posting(self._catalogue.current, signed.institution, sender, said.legal_context, today)

    async def _once(self, connection: Connection, said: BoxPublication, signed: Signed, permitted: Posting) -> Used:
        digest = sha256(b"box message\x00" + canonical(said))
        used = await store.used(connection, permitted.sender, said.reference)
        if used is None:
            used = await self._new(connection, said, signed, permitted, digest)
        if used.digest != digest:
            raise Conflict(code=Code.REFERENCE_REUSED)
        return used

    async def _new(
        self, connection: Connection, said: BoxPublication, signed: Signed, permitted: Posting, digest: bytes
    ) -> Used:
        judged = await self._judged(connection, said, permitted)
        now = self._surroundings.clock.now()
        fresh = Used(digest, uuid7(), judged.closure.asked, judged.active, now, store.NOWHERE)
        if not await store.claim(connection, permitted.sender, said.reference, fresh):
            # Another request with this reference was faster, and has just ended.
            return await store.used(connection, permitted.sender, said.reference) or fresh
        await self._room(connection, said, permitted, fresh)
        receipt = await self._log.append(self._entry(said, signed, permitted, fresh, judged.authorisation))
        await store.keep_receipt(connection, permitted.sender, said.reference, receipt)
        if judged.active:
            step = Step(now, receipt.stream, receipt.index)
            await store.add(connection, self._kept(said, permitted.sender, fresh, step))
        return fresh._replace(receipt=receipt)

    async def _judged(self, connection: Connection, said: BoxPublication, permitted: Posting) -> _Judged:
        """Give to whom it goes. The same is asked of the database for people who exist and who do not."""
        closure = await closure_of(connection, said.ssin)
        persons, today = closure.persons if closure else (), self._surroundings.today
        for way in permitted.ways:
            if await is_inscribed(connection, persons, permitted.sender, today, way.contexts) and closure:
                return _Judged(closure, way.authorisation, await self._active(connection, persons))
        raise Refused(code=Code.DETAIL_NOT_INSCRIBED)

    async def _room(self, connection: Connection, said: BoxPublication, permitted: Posting, fresh: Used) -> None:
        """See that the sender may write once more to this person, today and for the day of receipt. Others wait.

        So it is where the box is not active: each such message is an entry of the log as well.
        """
        (closure,) = await locked_closure(connection, said.ssin)
        midnight = datetime.combine(self._surroundings.today, time(), BRUSSELS)
        persons = closure.persons if closure else ()
        if fresh.active:
            found = await store.count_of_day(connection, persons, permitted.sender, midnight, said.received_on)
        else:
            found = await store.count_not_active(connection, persons, permitted.sender, midnight, fresh.message)
        if found >= MAXIMUM_A_DAY:
            raise Refused(code=Code.BOX_FULL_TODAY)

    async def _active(self, connection: Connection, persons: tuple[int, ...]) -> bool:
        if await is_deceased(connection, persons):
            return False
        return await store.consent(connection, persons, self._surroundings.clock.now()) is not None

    def _kept(self, said: BoxPublication, sender: str, used: Used, step: Step) -> Kept:
        return Kept(
            person=used.person,
            message=used.message,
            ssin=said.ssin,
            sender=sender,
            reference=said.reference,
            legal_context=said.legal_context,
            content=Content(subject=said.subject, sort=said.sort, documents=said.documents),
            received_on=said.received_on,
            expires_on=said.expires_on,
            remind_on=max(brussels_day(step.at), said.received_on) + self._reminder,
            published=step,
        )

    def _entry(self, said: BoxPublication, signed: Signed, permitted: Posting, used: Used, authorisation: str) -> Entry:
        event = Event.BOX_PUBLISHED if used.active else Event.BOX_NOT_ACTIVE
        fields = {
            "reference": said.reference,
            "message": str(used.message),
            "legalContext": said.legal_context,
            "authorisation": authorisation,
            "documents": [one.digest for one in said.documents],
            "receivedOn": said.received_on.isoformat(),
            "expiresOn": said.expires_on.isoformat(),
        }
        return records.entry(event, used.message, permitted.sender, fields, signed, used.person)

    async def _log_refusal(self, refusal: Refused | Conflict, said: BoxPublication, signed: Signed) -> None:
        """Log it without the person: a guess must not be found in the log of those who exist."""
        fields = {
            "reference": said.reference,
            "legalContext": said.legal_context,
            "code": str(refusal.code) if refusal.code else None,
        }
        await self._log.append(records.entry(Event.BOX_REFUSED, uuid7(), signed.institution, fields, signed))

    async def _proof(self, stream: int, place: int) -> EntryProof:
        return await self._log.prove_entry(stream, place, records.OPENED)
