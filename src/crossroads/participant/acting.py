"""Acting for somebody else, asked of the hub step by step and without input or output: see `steps`."""

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Http, Steps, SyncHttp
from crossroads.wire.acting import (
    ActingBegun,
    BeginActing,
    GiveMandate,
    MandateChoice,
    MandateLine,
    MandateList,
    MandateQuery,
)

_line_decoder = msgspec.json.Decoder(MandateLine)
_list_decoder = msgspec.json.Decoder(MandateList)
_begun_decoder = msgspec.json.Decoder(ActingBegun)


class Acting:
    """Mandates, and beginning to act. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._hub = hub

    def give(self, mandate: GiveMandate) -> Steps[MandateLine]:
        """Let somebody act for a person. Sent again, it has the same outcome."""
        return (yield from self._hub.send("/v1/mandates", mandate, _line_decoder))

    def accept(self, choice: MandateChoice) -> Steps[MandateLine]:
        """Accept a mandate, for who got it."""
        return (yield from self._hub.send("/v1/mandates/accept", choice, _line_decoder))

    def end(self, choice: MandateChoice) -> Steps[MandateLine]:
        """End a mandate at once, for either of the two."""
        return (yield from self._hub.send("/v1/mandates/end", choice, _line_decoder))

    def mandates(self, query: MandateQuery) -> Steps[MandateList]:
        """Give who acts for a person, and for whom the person acts."""
        found = yield from self._hub.send("/v1/mandates/query", query, _list_decoder)
        yield from self._watched(found.environment, found.checkpoint)
        return found

    def begin(self, begin: BeginActing) -> Steps[ActingBegun]:
        """Let an agent act for a person until the day is over."""
        found = yield from self._hub.send("/v1/acting", begin, _begun_decoder)
        yield from self._watched(found.environment, found.checkpoint)
        return found

    def _watched(self, environment: Environment, checkpoint: str | None) -> Steps[None]:
        if environment != self._hub.trust.environment:
            raise Tampered("The answer is of another environment.")
        if checkpoint:
            yield from self._hub.watch(checkpoint)


class AsyncActing:
    """Acting for somebody else, from an event loop; see `Acting`."""

    def __init__(self, acting: Acting, http: Http) -> None:
        """Use the connections of a client."""
        self._acting, self._http = acting, http

    async def give(self, mandate: GiveMandate) -> MandateLine:
        """Let somebody act for a person."""
        return await self._http.run(self._acting.give(mandate))

    async def accept(self, choice: MandateChoice) -> MandateLine:
        """Accept a mandate."""
        return await self._http.run(self._acting.accept(choice))

    async def end(self, choice: MandateChoice) -> MandateLine:
        """End a mandate at once."""
        return await self._http.run(self._acting.end(choice))

    async def mandates(self, query: MandateQuery) -> MandateList:
        """Give who acts for a person, and for whom the person acts."""
        return await self._http.run(self._acting.mandates(query))

    async def begin(self, begin: BeginActing) -> ActingBegun:
        """Let an agent act for a person until the day is over."""
        return await self._http.run(self._acting.begin(begin))


class SyncActing:
    """Acting for somebody else, without an event loop; see `Acting`."""

    def __init__(self, acting: Acting, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._acting, self._http = acting, http

    def give(self, mandate: GiveMandate) -> MandateLine:
        """Let somebody act for a person."""
        return self._http.run(self._acting.give(mandate))

    def accept(self, choice: MandateChoice) -> MandateLine:
        """Accept a mandate."""
        return self._http.run(self._acting.accept(choice))

    def end(self, choice: MandateChoice) -> MandateLine:
        """End a mandate at once."""
        return self._http.run(self._acting.end(choice))

    def mandates(self, query: MandateQuery) -> MandateList:
        """Give who acts for a person, and for whom the person acts."""
        return self._http.run(self._acting.mandates(query))

    def begin(self, begin: BeginActing) -> ActingBegun:
        """Let an agent act for a person until the day is over."""
        return self._http.run(self._acting.begin(begin))
