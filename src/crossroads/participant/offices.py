"""What an institution does at the hub for those who hold an office: supervisors, and the committee. See `steps`."""

from typing import TypeVar

import msgspec

from crossroads.kernel.errors import Tampered, Unavailable
from crossroads.participant.asker import RECEIPT_TIME
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Http, Pause, Steps
from crossroads.wire.committee import DraftAct, DraftList, DraftQuery, DraftSaving, DraftShown, DraftsQuery
from crossroads.wire.proofs import EntryProof, verify_entry_proof
from crossroads.wire.registrations import SignedAct
from crossroads.wire.supervision import (
    EvidenceQuery,
    LogEntries,
    LogQuery,
    ParameterList,
    ParameterSetting,
    ParametersQuery,
    PatternList,
    PatternQuery,
    WatchedList,
    WatchedQuery,
    WatchEnding,
    WatchSetting,
)
from crossroads.wire.usage import UsageProof

T = TypeVar("T")
_BETWEEN_TRIES = 0.25


class Offices:
    """Acts of officers. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence, http: Http) -> None:
        """Write over a correspondence with the hub, by the connections of a client."""
        self._hub, self._http = hub, http

    async def search(self, query: LogQuery) -> LogEntries:
        """Give entries of the log, newest first."""
        return await self._sent("/v1/supervision/log/query", query, LogEntries)

    async def prove(self, query: EvidenceQuery) -> tuple[EntryProof, ...]:
        """Give the proof of entries, each checked against the key of the log; waits until they are signed."""
        return await self._http.run(self._proven(query))

    async def patterns(self, query: PatternQuery) -> PatternList:
        """Give what the rules flag."""
        return await self._sent("/v1/supervision/patterns/query", query, PatternList)

    async def parameters(self, query: ParametersQuery) -> ParameterList:
        """Give the numbers by which patterns are flagged."""
        return await self._sent("/v1/supervision/parameters/query", query, ParameterList)

    async def set_parameter(self, setting: ParameterSetting) -> ParameterList:
        """Set a number from a day on."""
        return await self._sent("/v1/supervision/parameters", setting, ParameterList)

    async def watched(self, query: WatchedQuery) -> WatchedList:
        """Give who is watched."""
        return await self._sent("/v1/supervision/watched/query", query, WatchedList)

    async def watch(self, setting: WatchSetting) -> WatchedList:
        """Have questions about a person flagged."""
        return await self._sent("/v1/supervision/watched", setting, WatchedList)

    async def end_watch(self, ending: WatchEnding) -> WatchedList:
        """Flag questions about a person no longer."""
        return await self._sent("/v1/supervision/watched/end", ending, WatchedList)

    async def drafts(self, query: DraftsQuery) -> DraftList:
        """Give all drafts of the committee."""
        return await self._sent("/v1/committee/drafts/query", query, DraftList)

    async def draft(self, query: DraftQuery) -> DraftShown:
        """Give a draft with what it would change."""
        return await self._sent("/v1/committee/drafts/show", query, DraftShown)

    async def save_draft(self, saving: DraftSaving) -> DraftShown:
        """Save a text. Raises Refused with DRAFT_CHANGED where somebody saved another meanwhile."""
        return await self._sent("/v1/committee/drafts", saving, DraftShown)

    async def agree(self, act: DraftAct) -> DraftShown:
        """Agree to a text."""
        return await self._sent("/v1/committee/drafts/agree", act, DraftShown)

    async def drop_draft(self, act: DraftAct) -> DraftShown:
        """Give a draft up."""
        return await self._sent("/v1/committee/drafts/drop", act, DraftShown)

    async def plan(self, query: DraftQuery) -> SignedAct:
        """Give the plan of what was decided, for operators to sign."""
        return await self._sent("/v1/committee/drafts/plan", query, SignedAct)

    async def _sent(self, path: str, message: msgspec.Struct, kind: type[T]) -> T:
        return await self._http.run(self._found(path, message, kind))

    def _found(self, path: str, message: msgspec.Struct, kind: type[T]) -> Steps[T]:
        found = yield from self._hub.send(path, message, msgspec.json.Decoder(kind))
        environment = getattr(found, "environment", self._hub.trust.environment)
        if environment != self._hub.trust.environment:
            raise Tampered("The answer is of another environment.")
        if checkpoint := getattr(found, "checkpoint", None):
            yield from self._hub.watch(checkpoint)
        return found

    def _proven(self, query: EvidenceQuery) -> Steps[tuple[EntryProof, ...]]:
        end = self._hub.clock.now() + RECEIPT_TIME
        while True:
            try:
                proofs = (yield from self._found("/v1/supervision/evidence", query, UsageProof)).proofs
                break
            except Unavailable:
                if self._hub.clock.now() >= end:
                    raise
                yield Pause(_BETWEEN_TRIES)
        places = [(proof.inclusion.stream, proof.inclusion.index) for proof in proofs]
        if places != [(place.stream, place.index) for place in query.places]:
            raise Tampered("The hub proved other entries than it was asked for.")
        for proof in proofs:
            verify_entry_proof(proof, [self._hub.trust.log])
        return proofs
