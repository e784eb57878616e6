"""What a person may know, asked of the hub step by step and without input or output: see `steps`.

For whoever the catalogue lets look: the portal for the person, a supervisor.
"""

from collections.abc import Sequence

import msgspec

from crossroads.kernel.errors import Tampered, Unavailable
from crossroads.kernel.ssin import Environment
from crossroads.participant.asker import RECEIPT_TIME
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Http, Pause, Steps, SyncHttp
from crossroads.wire.error_reports import MadeReports, MadeReportsQuery
from crossroads.wire.proofs import EntryProof, verify_entry_proof
from crossroads.wire.usage import HolderList, HoldersQuery, ProofQuery, UsageList, UsageProof, UsageQuery

_BETWEEN_TRIES = 0.25
_usage_decoder = msgspec.json.Decoder(UsageList)
_proof_decoder = msgspec.json.Decoder(UsageProof)
_holders_decoder = msgspec.json.Decoder(HolderList)
_made_decoder = msgspec.json.Decoder(MadeReports)


class Looks:
    """Looks at what is kept about a person. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._hub = hub

    def usage(self, query: UsageQuery) -> Steps[UsageList]:
        """Give a page of what was done about a person, newest first."""
        found = yield from self._hub.send("/v1/usage/query", query, _usage_decoder)
        yield from self._watched(found.environment, found.checkpoint)
        return found

    def holders(self, query: HoldersQuery) -> Steps[HolderList]:
        """Give who has a person inscribed, or had."""
        found = yield from self._hub.send("/v1/usage/holders", query, _holders_decoder)
        yield from self._watched(found.environment, found.checkpoint)
        return found

    def prove(self, query: ProofQuery) -> Steps[tuple[EntryProof, ...]]:
        """Give the proof of entries, each checked against the key of the log; waits until they are signed."""
        proofs = (yield from self._proven(query)).proofs
        if [_place(proof) for proof in proofs] != [(place.stream, place.index) for place in query.places]:
            raise Tampered("The hub proved other entries than it was asked for.")
        for proof in proofs:
            verify_entry_proof(proof, [self._hub.trust.log])
            yield from self._hub.watch(proof.inclusion.checkpoint)
        return proofs

    def reports(self, query: MadeReportsQuery) -> Steps[MadeReports]:
        """Give the presumed errors about a person that this institution reported, and what came of them."""
        found = yield from self._hub.send("/v1/error-reports/made", query, _made_decoder)
        yield from self._watched(found.environment, found.checkpoint)
        return found

    def _proven(self, query: ProofQuery) -> Steps[UsageProof]:
        end = self._hub.clock.now() + RECEIPT_TIME
        while True:
            try:
                return (yield from self._hub.send("/v1/usage/proof", query, _proof_decoder))
            except Unavailable:
                if self._hub.clock.now() >= end:
                    raise
                yield Pause(_BETWEEN_TRIES)

    def _watched(self, environment: Environment, checkpoint: str | None) -> Steps[None]:
        if environment != self._hub.trust.environment:
            raise Tampered("The answer is of another environment.")
        if checkpoint:
            yield from self._hub.watch(checkpoint)


class AsyncLooks:
    """Looks, from an event loop; see `Looks`."""

    def __init__(self, looks: Looks, http: Http) -> None:
        """Use the connections of a client."""
        self._looks, self._http = looks, http

    async def usage(self, query: UsageQuery) -> UsageList:
        """Give a page of what was done about a person."""
        return await self._http.run(self._looks.usage(query))

    async def holders(self, query: HoldersQuery) -> HolderList:
        """Give who has a person inscribed, or had."""
        return await self._http.run(self._looks.holders(query))

    async def prove(self, query: ProofQuery) -> Sequence[EntryProof]:
        """Give the proof of entries, which were checked."""
        return await self._http.run(self._looks.prove(query))

    async def reports(self, query: MadeReportsQuery) -> MadeReports:
        """Give the presumed errors about a person that this institution reported."""
        return await self._http.run(self._looks.reports(query))


class SyncLooks:
    """Looks, without an event loop; see `Looks`."""

    def __init__(self, looks: Looks, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._looks, self._http = looks, http

    def usage(self, query: UsageQuery) -> UsageList:
        """Give a page of what was done about a person."""
        return self._http.run(self._looks.usage(query))

    def holders(self, query: HoldersQuery) -> HolderList:
        """Give who has a person inscribed, or had."""
        return self._http.run(self._looks.holders(query))

    def prove(self, query: ProofQuery) -> Sequence[EntryProof]:
        """Give the proof of entries, which were checked."""
        return self._http.run(self._looks.prove(query))

    def reports(self, query: MadeReportsQuery) -> MadeReports:
        """Give the presumed errors about a person that this institution reported."""
        return self._http.run(self._looks.reports(query))


def _place(proof: EntryProof) -> tuple[int, int]:
    return proof.inclusion.stream, proof.inclusion.index
