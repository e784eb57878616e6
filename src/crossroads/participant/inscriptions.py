"""Many inscriptions kept or compared, step by step and without input or output: see `steps`."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from crossroads.kernel.errors import Tampered, Unavailable
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import Http, Pause, Steps, SyncHttp
from crossroads.wire.inscriptions import (
    BulkLine,
    BulkOutcome,
    ComparedLine,
    ComparedOutcome,
    InscriptionBulk,
    InscriptionBulkOutcome,
    InscriptionComparison,
    InscriptionDifferences,
)

T = TypeVar("T")

_TRIES = 8
"""Of a request that fails, before it is given up for now."""
_WAIT_SECONDS = 0.25
"""Before the first try again; each wait is twice the one before."""

_kept_decoder = msgspec.json.Decoder(InscriptionBulkOutcome)
_compared_decoder = msgspec.json.Decoder(InscriptionDifferences)


class Inscriptions:
    """An institution that keeps many lines of the directory. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._hub = hub

    def keep(self, lines: Sequence[BulkLine]) -> Steps[tuple[BulkOutcome, ...]]:
        """Have at most a thousand lines kept, each by itself. Sent again, what was done has the same outcome."""
        bulk = InscriptionBulk(lines=tuple(lines))
        found = yield from _patiently(lambda: self._hub.send("/v1/inscriptions/bulk", bulk, _kept_decoder))
        if [item.reference for item in found.items] != [line.reference for line in lines]:
            raise Tampered("The hub answered about other lines.")
        return found.items

    def compare(self, institution: str, lines: Sequence[ComparedLine]) -> Steps[tuple[ComparedOutcome, ...]]:
        """Tell of at most ten thousand lines how the directory has them."""
        found = yield from self._compared(InscriptionComparison(institution=institution, lines=tuple(lines)))
        if len(found.items) != len(lines):
            raise Tampered("The hub answered about other lines.")
        return found.items

    def besides(
        self, institution: str, after: int = 0, lines: Sequence[ComparedLine] = ()
    ) -> Steps[InscriptionDifferences]:
        """Give what the directory has after a number and the list has not; `next` asks for what follows."""
        found = yield from self._compared(
            InscriptionComparison(institution=institution, lines=tuple(lines), after=after)
        )
        if found.next is not None and found.next <= after:
            raise Tampered("The hub answered about other lines.")
        return found

    def _compared(self, comparison: InscriptionComparison) -> Steps[InscriptionDifferences]:
        return (
            yield from _patiently(lambda: self._hub.send("/v1/inscriptions/compare", comparison, _compared_decoder))
        )


class AsyncInscriptions:
    """Many inscriptions, from an event loop."""

    def __init__(self, inscriptions: Inscriptions, http: Http) -> None:
        """Use the connections of a client."""
        self._inscriptions, self._http = inscriptions, http

    async def keep(self, lines: Sequence[BulkLine]) -> tuple[BulkOutcome, ...]:
        """Have at most a thousand lines kept, each by itself; see `Inscriptions.keep`."""
        return await self._http.run(self._inscriptions.keep(lines))

    async def compare(self, institution: str, lines: Sequence[ComparedLine]) -> tuple[ComparedOutcome, ...]:
        """Tell of at most ten thousand lines how the directory has them; see `Inscriptions.compare`."""
        return await self._http.run(self._inscriptions.compare(institution, lines))

    async def besides(
        self, institution: str, after: int = 0, lines: Sequence[ComparedLine] = ()
    ) -> InscriptionDifferences:
        """Give what the directory has and the list has not; see `Inscriptions.besides`."""
        return await self._http.run(self._inscriptions.besides(institution, after, lines))


class SyncInscriptions:
    """Many inscriptions, without an event loop."""

    def __init__(self, inscriptions: Inscriptions, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._inscriptions, self._http = inscriptions, http

    def keep(self, lines: Sequence[BulkLine]) -> tuple[BulkOutcome, ...]:
        """Have at most a thousand lines kept, each by itself; see `Inscriptions.keep`."""
        return self._http.run(self._inscriptions.keep(lines))

    def compare(self, institution: str, lines: Sequence[ComparedLine]) -> tuple[ComparedOutcome, ...]:
        """Tell of at most ten thousand lines how the directory has them; see `Inscriptions.compare`."""
        return self._http.run(self._inscriptions.compare(institution, lines))

    def besides(self, institution: str, after: int = 0, lines: Sequence[ComparedLine] = ()) -> InscriptionDifferences:
        """Give what the directory has and the list has not; see `Inscriptions.besides`."""
        return self._http.run(self._inscriptions.besides(institution, after, lines))


def _patiently(sent: Callable[[], Steps[T]]) -> Steps[T]:
    """Send again what failed for a while; it is signed anew each time."""
    for failures in range(_TRIES):
        try:
            return (yield from sent())
        except Unavailable:
            yield Pause(_WAIT_SECONDS * 2**failures)
    return (yield from sent())
