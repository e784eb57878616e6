"""Decisions of the committee: one writes, two agree, and operators put in force what came of it.

The hub believes the institution that signs who its two people are. It could lie: that is why nothing that is decided
here is in force before two operators have signed the plan with keys that neither the hub nor that institution has.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.access.sight import Sight, Wanted, sight
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.catalogue.changes import Change
from crossroads.catalogue.service import Catalogue
from crossroads.committee.errors import DraftChanged, DraftOver, DraftUnfit
from crossroads.committee.model import Believed, Effect, check_decision, check_stands, effect, in_force_since, plan
from crossroads.committee.store import Kept, Store
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, canonical, sha256
from crossroads.wire.committee import (
    By,
    Decision,
    Draft,
    DraftAct,
    DraftList,
    DraftQuery,
    DraftSaving,
    DraftShown,
    DraftsQuery,
    DraftState,
    DraftVersion,
    PlannedChange,
)
from crossroads.wire.registrations import SignedAct
from crossroads.wire.supervision import Office

DECIDING = 2
"""Different people who must agree."""


class Committee:
    """Keeps drafts, and makes plans of what was decided."""

    def __init__(self, store: Store, log: Log, catalogue: Catalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own."""
        self._store, self._log, self._catalogue, self._surroundings = store, log, catalogue, surroundings

    async def drafts(self, query: DraftsQuery, signed: Signed) -> DraftList:
        """Give all drafts, the newest first. Raises Refused, Unavailable.

        Whether a plan can still be made of one that was decided is not looked at here: that reads the whole catalogue.
        """
        self._permitted(query, signed)
        kept = await self._store.drafts()
        believed = await self._store.believed({one.decision.reference for one in kept if one.decided_at})
        items = tuple(self._draft(one, believed) for one in kept)
        return DraftList(environment=self._surroundings.environment, items=items)

    async def shown(self, query: DraftQuery, signed: Signed) -> DraftShown:
        """Give a draft with what it would change now. Raises Refused, Unavailable."""
        self._permitted(query, signed)
        return await self._shown(query.draft)

    async def save(self, saving: DraftSaving, signed: Signed) -> DraftShown:
        """Save a text, which takes back what was agreed to the one before.

        Raises Malformed, Refused, DraftOver, Unavailable, and DraftChanged where somebody saved another text meanwhile.
        """
        found = self._permitted(saving, signed)
        texts = {"$.decision.reason": saving.decision.reason}
        texts["$.decision.authorisation"] = msgspec.json.encode(saving.decision.authorisation).decode()
        self._surroundings.check_pseudonymous(texts)
        check_decision(saving.decision)
        check_stands(saving.decision, self._catalogue.current.entries)
        by, ticket, draft = self._by(saving), uuid7(), saving.draft or uuid7()
        async with self._store.changing() as changing:
            if saving.draft is None:
                await changing.begin(draft, by.at)
                newest = 0
            else:
                newest = await changing.lock(draft)
            if saving.base != newest:
                raise DraftChanged
            await changing.save(draft, newest + 1, saving.decision, by, ticket)
            await self._record(Event.DRAFT_SAVED, (draft, newest + 1), saving.decision, saving, found, signed, ticket)
        return await self._shown(draft)

    async def agree(self, act: DraftAct, signed: Signed) -> DraftShown:
        """Agree to the newest text. The second person who does decides.

        Raises Refused, DraftOver, DraftChanged, DraftUnfit, AgreedBefore, Unavailable.
        """
        found = self._permitted(act, signed)
        kept = await self._one(act.draft)
        effect_now = self._effect(kept.decision)
        if effect_now.faults or not effect_now.changes:
            raise DraftUnfit(*effect_now.faults)
        by, ticket = self._by(act), uuid7()
        async with self._store.changing() as changing:
            if await changing.lock(act.draft) != act.version or kept.version != act.version:
                raise DraftChanged
            agreed = await changing.agree(act.draft, act.version, by, ticket)
            said = kept.decision
            version = (act.draft, act.version)
            await self._record(Event.DRAFT_AGREED, version, said, act, found, signed, ticket)
            if len({one.agent for one in agreed}) >= DECIDING:
                await changing.decide(act.draft, by.at)
                two = {"agreed": [[one.agent, one.name] for one in agreed]}
                await self._record(Event.DRAFT_DECIDED, version, said, act, found, signed, ticket, **two)
        return await self._shown(act.draft)

    async def drop(self, act: DraftAct, signed: Signed) -> DraftShown:
        """Give a draft up. Raises Refused, DraftOver, DraftChanged, Unavailable."""
        found = self._permitted(act, signed)
        kept = await self._one(act.draft)
        ticket = uuid7()
        async with self._store.changing() as changing:
            if await changing.lock(act.draft) != act.version:
                raise DraftChanged
            await changing.drop(act.draft, self._surroundings.clock.now())
            version = (act.draft, act.version)
            await self._record(Event.DRAFT_DROPPED, version, kept.decision, act, found, signed, ticket)
        return await self._shown(act.draft)

    async def plan(self, query: DraftQuery, signed: Signed) -> SignedAct:
        """Give the plan of what was decided, over the catalogue as it stands; nobody has signed it yet.

        Raises Refused, DraftOver where it is not decided, DraftUnfit, Unavailable.
        """
        self._permitted(query, signed)
        kept = await self._one(query.draft)
        if kept.decided_at is None:
            raise DraftOver
        found = self._effect(kept.decision)
        if found.faults or not found.changes:
            raise DraftUnfit(*found.faults)
        snapshot, names = self._catalogue.current, " and ".join(one.name for one in kept.agreed)
        why = f"Decision {kept.draft} of the committee, by {names}:"
        base = snapshot.genesis.installation, snapshot.catalogue_version
        return plan(kept.decision, found.changes, base, why).signable()

    async def _one(self, draft: UUID) -> Kept:
        kept = await self._store.drafts(draft)
        if not kept:
            raise DraftOver
        return kept[0]

    async def _shown(self, draft: UUID) -> DraftShown:
        kept = await self._one(draft)
        believed = await self._store.believed({kept.decision.reference}) if kept.decided_at else []
        found = self._effect(kept.decision)
        versions = await self._store.versions(draft)
        return DraftShown(
            environment=self._surroundings.environment,
            draft=self._draft(kept, believed, found),
            changes=tuple(map(_planned, found.changes)),
            faults=found.faults,
            versions=tuple(DraftVersion(version=one, saved=by, decision=text) for one, by, text in versions),
        )

    def _draft(self, kept: Kept, believed: list[Believed], found: Effect | None = None) -> Draft:
        since = in_force_since(kept.decision, believed, kept.decided_at) if kept.decided_at else None
        return Draft(
            draft=kept.draft,
            version=kept.version,
            state=_state(kept, since, found),
            decision=kept.decision,
            saved=kept.saved,
            agreed=kept.agreed,
            decided_at=kept.decided_at,
            in_force_since=since,
        )

    def _effect(self, decision: Decision) -> Effect:
        return effect(decision, self._catalogue.current.entries, self._surroundings.today)

    def _permitted(self, office: Office, signed: Signed) -> Sight:
        """Let an institution act for the committee, for a purpose that it has. Raises Malformed, Refused."""
        self._surroundings.check_pseudonymous({"$.agent": office.agent, "$.name": office.name})
        today = self._surroundings.today
        return sight(self._catalogue.current, signed.institution, office.legal_context, Wanted.DRAFTS, today)

    def _by(self, office: Office) -> By:
        return By(agent=office.agent, name=office.name, at=self._surroundings.clock.now())

    async def _record(
        self,
        event: Event,
        version: tuple[UUID, int],
        decision: Decision,
        office: Office,
        found: Sight,
        signed: Signed,
        ticket: UUID,
        **more: Any,
    ) -> None:
        """Log an act before it is stored for good."""
        fields = {
            "draft": str(version[0]),
            "version": version[1],
            "kind": decision.kind,
            "reference": decision.reference,
            "text": b64url(sha256(canonical(msgspec.to_builtins(decision)))),
            "legalContext": office.legal_context,
            "authorisation": found.authorisation,
            "agent": office.agent,
            "name": office.name,
            "keyId": signed.key_id,
            "request": b64url(sha256(signed.body)),
            "requestSignature": signed.signature,
            **more,
        }
        await self._log.append(Entry(event=event, ticket=ticket, asker=signed.institution, fields=fields))


def _state(kept: Kept, since: datetime | None, found: Effect | None) -> DraftState:
    """Give where a draft stands; without what it would change, that a plan can be made is taken for granted."""
    if kept.dropped_at is not None:
        return DraftState.DROPPED
    if kept.decided_at is None:
        return DraftState.AGREED_BY_ONE if kept.agreed else DraftState.DRAFTED
    if since is not None:
        return DraftState.IN_FORCE
    fits = found is None or (found.changes and not found.faults)
    return DraftState.WAITING if fits else DraftState.AGREED_BY_TWO


def _planned(change: Change) -> PlannedChange:
    return PlannedChange(
        action=change.action.value,
        key=change.key,
        kind=change.kind.value,
        valid_from=date.fromisoformat(change.valid_from),
        before=change.before,
        after=change.after,
    )
