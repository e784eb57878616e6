"""The catalogue as one process of the hub knows it, and the only way to change it: a signed act that is logged.

A change is checked, logged, and stored while the catalogue is locked. The entry of the log comes before the commit, so
nothing is in force that is not logged; an entry whose commit failed names a version that never came, or came later by
another act.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.catalogue import acts
from crossroads.catalogue.changes import APPLY, Plan, diff
from crossroads.catalogue.errors import AlreadyFounded, UnfitAct
from crossroads.catalogue.following import Following
from crossroads.catalogue.keys import Genesis, LogPlace, OperatorKey
from crossroads.catalogue.kinds import by_id, document_of
from crossroads.catalogue.model import Document
from crossroads.catalogue.snapshot import Snapshot
from crossroads.catalogue.store import Changing, Version
from crossroads.kernel.clock import Clock, SystemClock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.sentences import Sentence
from crossroads.wire.messages import ProvenKey
from crossroads.wire.notes import NoteVerifier, read_checkpoint, verify_checkpoint
from crossroads.wire.registrations import SignedAct, act

C = TypeVar("C")
Write = Callable[[Changing, C, LogPlace, Version], Awaitable[None]]


class Catalogue(Following):
    """Use as `async with Catalogue(...) as catalogue`."""

    def __init__(self, pool: Pool, log: Log, clock: Clock | None = None) -> None:
        """Read and change with these connections, of the role crossroads_hub."""
        super().__init__(pool)
        self._log, self._clock = log, clock or SystemClock()
        self._proven: dict[str, ProvenKey] = {}

    async def found(self, genesis: Genesis) -> int:
        """Make the first entry of the log, which names the operators' keys and the log's. Gives the version.

        Raises AlreadyFounded when the log is not empty, and Tampered when it is signed with another key.
        """
        signed = act(acts.FOUND, genesis)
        async with self._store.changing() as changing:
            checkpoint = await self._log.sign_checkpoint()
            if changing.version > 0 or read_checkpoint(checkpoint).size > 0:
                raise AlreadyFounded
            verify_checkpoint(checkpoint, [NoteVerifier.parse(genesis.log_key)])
            place = await self._record(Event.INSTALLATION_FOUNDED, msgspec.json.decode(signed.content))
            version = await changing.begin(signed, [], place)
            await changing.add_operators(genesis.operators, version)
        return (await self.refresh(version.number)).version

    async def plan(self, document: Document, reason: str = "") -> Plan:
        """Give what it takes to make the present catalogue into this one."""
        snapshot = await self._newest()
        return Plan(
            installation=snapshot.genesis.installation,
            base_version=snapshot.catalogue_version,
            reason=reason,
            changes=diff(snapshot.entries, by_id(document)),
        )

    async def apply(self, signed: SignedAct) -> int:
        """Carry out a signed plan. Gives the version. Raises what `acts.check_plan` raises."""
        return await self._change(
            signed,
            Event.CATALOGUE_APPLIED,
            lambda snapshot, _: acts.check_plan(signed, snapshot),
            lambda plan: {"base": plan.base_version, "changes": len(plan.changes), "reason": plan.reason},
            lambda changing, plan, _, version: changing.apply(plan, version),
        )

    async def register_key(self, signed: SignedAct) -> int:
        """Register a key of an institution. Gives the version. Raises what `acts.check_registration` raises."""
        return await self._change(
            signed,
            Event.KEY_REGISTERED,
            lambda snapshot, now: acts.check_registration(signed, snapshot, now),
            lambda key: {
                "registration": signed.digest,
                "institution": key.institution,
                "keyId": key.key_id,
                "use": key.use.value,
                "thumbprint": key.jwk.thumbprint,
            },
            lambda changing, key, place, version: changing.add_key(signed, key, place, version),
        )

    async def register_operator(self, signed: SignedAct) -> int:
        """Register a key of an operator. Gives the version. Raises what `acts.check_operator` raises."""
        return await self._change(
            signed,
            Event.KEY_REGISTERED,
            lambda snapshot, _: acts.check_operator(signed, snapshot),
            lambda key: {"keyId": key.key_id, "use": "operator", "jwk": msgspec.to_builtins(key.jwk)},
            lambda changing, key, _, version: changing.add_operators(
                [OperatorKey(key_id=key.key_id, jwk=key.jwk)], version
            ),
        )

    async def revoke_key(self, signed: SignedAct) -> int:
        """Make a key count no longer, at once. Gives the version. Raises what `acts.check_revocation` raises."""
        return await self._change(
            signed,
            Event.KEY_REVOKED,
            lambda snapshot, now: acts.check_revocation(signed, snapshot, now),
            lambda revocation: {"keyId": revocation.key_id, "reason": revocation.reason},
            lambda changing, revocation, _, version: changing.revoke(signed, revocation, version),
        )

    async def register_endpoint(self, signed: SignedAct) -> int:
        """Register where an institution answers. Gives the version. Raises what `acts.check_endpoint` raises."""
        return await self._change(
            signed,
            Event.ENDPOINT_REGISTERED,
            lambda snapshot, now: acts.check_endpoint(signed, snapshot, now),
            lambda endpoint: {"institution": endpoint.institution, "url": endpoint.url},
            lambda changing, endpoint, _, version: changing.add_endpoint(signed, endpoint, version),
        )

    async def submit(self, signed: SignedAct) -> int:
        """Carry out an act of any kind that changes the catalogue. Gives the version."""
        doors = {
            APPLY: self.apply,
            acts.REGISTER_KEY: self.register_key,
            acts.REGISTER_OPERATOR: self.register_operator,
            acts.REVOKE_KEY: self.revoke_key,
            acts.REGISTER_ENDPOINT: self.register_endpoint,
        }
        if signed.kind not in doors:
            raise UnfitAct(Sentence("An act of the kind %(kind)s does not change the catalogue.", kind=signed.kind))
        return await doors[signed.kind](signed)

    async def proven_key(self, key_id: str) -> ProvenKey:
        """Give a key with its registration and the proof that the log has it.

        Raises Refused for an unknown key, and Unavailable in the first two seconds of a registration.
        """
        if key_id not in self._proven:
            key = self.current.key(key_id)
            if key is None:
                raise Refused(code=Code.KEY_UNKNOWN)
            inclusion = await self._log.prove_entry(key.place.stream, key.place.entry, ("event", "registration"))
            self._proven[key_id] = ProvenKey(registration=key.act, inclusion=inclusion)
        return self._proven[key_id]

    async def as_believed_at(self, moment: datetime) -> Document:
        """Give the whole catalogue as it was believed here at a moment."""
        return document_of(await self._store.believed_at(moment))

    async def _change(
        self,
        signed: SignedAct,
        event: Event,
        check: Callable[[Snapshot, datetime], C],
        describe: Callable[[C], dict[str, Any]],
        write: Write[C],
    ) -> int:
        async with self._store.changing() as changing:
            known = self.current.version == changing.version
            snapshot = self.current if known else Snapshot(await changing.facts())
            content = check(snapshot, self._clock.now())
            actors = acts.signers(signed, snapshot)
            fields = {"version": snapshot.version + 1, "act": signed.digest, "signers": actors, **describe(content)}
            place = await self._record(event, fields)
            version = await changing.begin(signed, actors, place)
            await write(changing, content, place, version)
        await self.refresh(version.number)
        return version.number

    async def _record(self, event: Event, fields: dict[str, Any]) -> LogPlace:
        receipt = await self._log.append(Entry(event=event, fields=fields))
        return LogPlace(receipt.stream, receipt.index)
