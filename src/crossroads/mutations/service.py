"""Taking changes from their sources: each by itself, once, and for good.

The locks of all persons whom the source holds are kept from before that is looked at until the commit, so that the
changes of one person are numbered in the order in which they were taken. The entries of the log are appended before the
commit; a crash in between leaves entries whose tickets no change carries, and nobody was told that it was taken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.access.push import Pushing, PushPermit
from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Receipt
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.closure import linked, moment_of_change, numbered
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.sentences import Sentence
from crossroads.mutations import corrections, report_store, rules, store
from crossroads.mutations.decoys import Decoys
from crossroads.mutations.model import CONTENT_LIFE, Admitted, Person, Refusal, Taken
from crossroads.mutations.turns import InstitutionTurns
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.messages import Receipt as WireReceipt
from crossroads.wire.mutations import Mutation, MutationOutcome, Notification, NotificationOutcome

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_NOT_HELD = Refusal(403, Code.PERSON_NOT_HELD, Code.PERSON_NOT_HELD.description)
_REUSED = Refusal(409, Code.REFERENCE_REUSED, Code.REFERENCE_REUSED.description)
_TAKEN, _MALFORMED = 202, 400

_Admission = Admitted | Refusal


class Mutations:
    """Takes changes, and tells why institutions are told of one, or not."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings
        self._decoys, self._turns = Decoys(), InstitutionTurns()

    async def notify(self, notification: Notification, signed: Signed) -> NotificationOutcome:
        """Take changes. Raises Malformed where a reference stands in it twice, and Unavailable."""
        mutations = notification.mutations
        _check_references(mutations)
        async with self._turns.turn(signed.institution), store.lasting(self._pool) as connection:
            outcomes = await _Notice(connection, self._log, signed, self._decoys).take(
                {mutation.reference: mutation for mutation in mutations},
                [self._admitted(mutation, signed) for mutation in mutations],
            )
        return NotificationOutcome(
            environment=self._surroundings.environment,
            items=tuple(outcomes[mutation.reference] for mutation in mutations),
            checkpoint=self._log.checkpoint,
        )

    async def why_not(self, ticket: UUID, institutions: Sequence[str]) -> dict[str, Code | None]:
        """Tell, by today's inscriptions and catalogue, why institutions are not told of a change; None: they are.

        For a supervisor or operator. Raises Refused for a ticket of no change, and an institution that there is not.
        """
        known = self._catalogue.current
        if unknown := [name for name in institutions if not known.known_institution(name)]:
            raise Refused(Sentence("The catalogue has no institution %(names)s.", names=", ".join(unknown)))
        with outages():
            async with self._pool.acquire() as connection:
                change = await store.change_of(connection, ticket)
                if change is None:
                    raise Refused("No change has this ticket.")
                person = (await store.people(connection, [change.person]))[change.person]
                given = await corrections.given(connection, change, person)
        pushing = Pushing(self._catalogue.current, self._today)
        decided = {
            name: corrections.decide(pushing, change.changed, person, name, given=name in given)
            for name in institutions
        }
        return {name: None if isinstance(found, PushPermit) else found for name, found in decided.items()}

    async def expire_content(self) -> None:
        """Remove content and texts of reports whose time has come; the rest stays. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                now = self._surroundings.clock.now()
                await store.expire_content(connection, now)
                await report_store.expire(connection, now - CONTENT_LIFE)

    def _admitted(self, mutation: Mutation, signed: Signed) -> Admitted | Refusal:
        return rules.admitted(mutation, signed.institution, self._catalogue.current, self._surroundings, self._today)

    @property
    def _today(self) -> date:
        return brussels_day(self._surroundings.clock.now())


class _Notice:
    """One notification, in its transaction."""

    def __init__(self, connection: Connection, log: Log, signed: Signed, decoys: Decoys) -> None:
        self._connection, self._log, self._signed, self._decoys = connection, log, signed, decoys
        self._institution, self._request = signed.institution, b64url(sha256(signed.body))

    async def take(self, asked: Mapping[str, Mutation], admitted: Sequence[_Admission]) -> dict[str, MutationOutcome]:
        """Give what came of each change, by its reference."""
        known = await store.known(self._connection, self._institution, list(asked))
        digests = {
            name: rules.digest_of(asked[name])
            for name, found in zip(asked, admitted, strict=True)
            # What nobody may send costs nothing more; what was taken before has its outcome still.
            if isinstance(found, Admitted) or (name in known and rules.fits(asked[name]))
        }
        outcomes = _repeated(known, digests)
        fresh = {name: found for name, found in zip(asked, admitted, strict=True) if name not in outcomes}
        looked = await self._looked(fresh, digests)
        taken = {name: change for name, change in looked.items() if isinstance(change, Taken)}
        claimed = await store.claim(self._connection, self._institution, list(taken.values()))
        # Another request took the same reference while we looked: what came of that comes of this.
        lost = await store.known(self._connection, self._institution, list(taken.keys() - claimed))
        outcomes |= _repeated(lost, digests)
        outcomes |= await self._kept([change for name, change in taken.items() if name in claimed])
        refused = {name: refusal for name, refusal in looked.items() if isinstance(refusal, Refusal)}
        refused |= {name: _REUSED for name, outcome in outcomes.items() if outcome.code == _REUSED.code}
        # What is malformed is not logged, as with questions: its reference may be the number of a person.
        if logged := Counter(str(refusal.code) for refusal in refused.values() if refusal.status != _MALFORMED):
            await self._log.append_many([self._refused_entry(logged)])
        return outcomes | {name: _refused(name, refusal) for name, refusal in refused.items()}

    async def _looked(
        self, fresh: Mapping[str, _Admission], digests: Mapping[str, bytes]
    ) -> dict[str, Taken | Refusal]:
        """Look whether the source holds the persons, and again under the locks of those that it holds.

        Nobody else is locked, and numbers that nobody has are looked up to the end as somebody else, in the same steps
        whether anybody is linked or not: that the hub knows a person is not to be told from what a refusal takes or
        leaves.
        """
        changes = [change for change in fresh.values() if isinstance(change, Admitted)]
        sources = list({change.source for change in changes})
        numbers = await numbered(self._connection, {change.mutation.ssin for change in changes})
        looked_up = self._decoys.beside(numbers, (change.mutation.ssin for change in changes))
        people = await store.humans(self._connection, await linked(self._connection, looked_up), sources)
        holding = {number for change in changes if (number := _holder(change, numbers, people)) is not None}
        held = {person: people[person] for person in holding}
        people = await store.locked_people(self._connection, held, sources)
        looked: dict[str, Taken | Refusal] = {}
        for name, change in fresh.items():
            if isinstance(change, Refusal):
                looked[name] = change
                continue
            person = _holder(change, numbers, people)
            if person is not None:
                looked[name] = Taken(*change, person, digests[name], uuid7())
            else:
                looked[name] = _NOT_HELD
        return looked

    async def _kept(self, taken: Sequence[Taken]) -> dict[str, MutationOutcome]:
        if not taken:
            return {}
        now = await moment_of_change(self._connection)
        await store.add(self._connection, taken, now + CONTENT_LIFE)
        receipts = await self._log.append_many(self._entry(change) for change in taken)
        await store.keep_receipts(self._connection, self._institution, taken, receipts)
        pairs = zip(taken, receipts, strict=True)
        return {
            change.mutation.reference: _taken(change.mutation.reference, change.ticket, receipt)
            for change, receipt in pairs
        }

    def _entry(self, change: Taken) -> Entry:
        return Entry(
            event=Event.CHANGE_NOTIFIED,
            ticket=change.ticket,
            person=change.person,
            asker=change.source,
            fields={**self._notified(change.mutation), "content": change.content is not None},
        )

    def _refused_entry(self, refused: Mapping[str, int]) -> Entry:
        # One for all, so that the log does not grow by what is refused; and without persons: a source that guesses
        # numbers must not find its guesses in the log of those who exist.
        fields = {"refused": dict(refused), **self._sent()}
        return Entry(event=Event.CHANGE_REFUSED, ticket=uuid7(), asker=self._institution, fields=fields)

    def _notified(self, mutation: Mutation) -> dict[str, object]:
        """Give what was notified, without number of the person and content."""
        return {
            "reference": mutation.reference,
            "dataGroup": mutation.data_group,
            "context": mutation.context,
            "period": msgspec.to_builtins(mutation.period),
            "kind": mutation.kind.value,
            "happenedOn": mutation.happened_on.isoformat(),
            **self._sent(),
        }

    def _sent(self) -> dict[str, object]:
        """Give what shows that it was notified, and by which request."""
        return {
            "keyId": self._signed.key_id,
            "request": self._request,
            "requestSignature": self._signed.signature,
        }


def _holder(change: Admitted, numbers: Mapping[str, int], people: Mapping[int, Person]) -> int | None:
    """Give the key of the person of a change, where the source holds the person."""
    person = numbers.get(change.mutation.ssin)
    known = people.get(person) if person is not None else None
    return person if known and rules.held(change, known.lines) else None


def _repeated(known: Mapping[str, store.Known], digests: Mapping[str, bytes]) -> dict[str, MutationOutcome]:
    """Give what came of changes before, of those that have a digest."""
    return {
        name: _taken(name, used.ticket, used.receipt) if used.digest == digests[name] else _refused(name, _REUSED)
        for name, used in known.items()
        if name in digests
    }


def _check_references(mutations: Sequence[Mutation]) -> None:
    seen: set[str] = set()
    faults = []
    for at, mutation in enumerate(mutations):
        if mutation.reference in seen:
            faults.append(Fault(f"$.mutations[{at}].reference", _INVALID, "The reference stands in it twice."))
        seen.add(mutation.reference)
    if faults:
        raise Malformed(*faults)


def _taken(reference: str, ticket: UUID, receipt: Receipt) -> MutationOutcome:
    shown = WireReceipt(stream=receipt.stream, index=receipt.index, leaf=receipt.leaf)
    return MutationOutcome(reference=reference, status=_TAKEN, ticket=ticket, receipt=shown)


def _refused(reference: str, refusal: Refusal) -> MutationOutcome:
    return MutationOutcome(reference=reference, status=refusal.status, code=str(refusal.code), reason=refusal.reason)
