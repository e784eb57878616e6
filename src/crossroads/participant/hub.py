"""The hub as the participant sees it: its proven keys, its log, its catalogue. All that can be checked is."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Refused, Tampered, Unavailable
from crossroads.participant.checkpoints import LogForked, Witness
from crossroads.participant.datagroups import DataGroups
from crossroads.participant.provenkeys import Proven, ProvenKeys, hub_ring
from crossroads.participant.steps import Http
from crossroads.participant.trust import Trust
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import (
    Request,
    Signature,
    SignatureRejected,
    check_fresh,
    find_signature,
    verify_request,
)

_log = structlog.get_logger()

_TIMEOUT = timedelta(seconds=5)
_WAIT_FOR_PROOF = 1.0
"""Seconds that a question waits for a round of proofs it has set off."""


class Hub:
    """One hub, watched."""

    def __init__(self, url: str, trust: Trust, folder: Path, clock: Clock, schemas: dict[str, Any]) -> None:
        """Take up what is known of it in `folder`. `schemas` are used in place of those that it publishes."""
        self._clock = clock
        self._http = Http(_TIMEOUT)
        self.witness = Witness(trust.log, folder / "checkpoints.json", url)
        self.proven = ProvenKeys(trust, self.witness)
        self.ring = hub_ring(url, trust, self.proven, folder)
        self.groups = DataGroups(url, folder / "data-groups.json", schemas)
        self._fetching = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def authenticate(self, request: Request, uses: frozenset[KeyUse]) -> Signature:
        """Give the signature of a fresh request, signed with a proven key. Raises SignatureRejected, LogForked."""
        if self.witness.doubted:
            await self._prove_log()
        self.witness.check_trusted()
        signature = find_signature(request.headers)
        check_fresh(signature, self._clock.now())
        proven = self.ring.find(signature.key_id) or await self._fetched(signature.key_id)
        if proven is None or proven.key is None or proven.registration.use not in uses:
            raise SignatureRejected(Code.KEY_UNKNOWN, "It is no such key of the hub.", signature.key_id)
        if not proven.in_force(self._clock.now()):
            raise SignatureRejected(Code.KEY_EXPIRED, key_id=signature.key_id)
        verify_request(signature, proven.key, request)
        return signature

    async def watch(self, *notes: str) -> None:
        """Take note of checkpoints, and once a minute have the hub prove them. Raises LogForked or Refused."""
        for note in filter(None, notes):
            self._observe(note)
        await self._prove_log()
        self.witness.check_trusted()

    async def _prove_log(self) -> None:
        if self.witness.due(self._clock.now()):
            task = self._background(self._http.run(self.witness.check(self._clock.now())))
            await asyncio.wait([task], timeout=_WAIT_FOR_PROOF)

    def _observe(self, note: str) -> None:
        try:
            self.witness.observe(note)
        except LogForked:
            raise
        except Tampered as error:
            raise Refused(f"The checkpoint does not hold. {error}", code=Code.PERMIT_INVALID) from error

    async def know(self, groups: set[str]) -> None:
        """Fetch the data groups when one is missing; when they are merely old, without waiting."""
        now = self._clock.now()
        missing = any(self.groups.find(group) is None for group in groups)
        if self.groups.due(now, missing=missing):
            self._refreshing = self._background(self._http.run(self.groups.refresh(now)))
        if missing and self._refreshing is not None:
            await asyncio.wait([self._refreshing])

    async def close(self) -> None:
        """Stop what runs in the background and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()

    async def _fetched(self, key_id: str) -> Proven | None:
        # One at a time: while keys are fetched, whoever wants an unknown one waits for them.
        async with self._fetching:
            try:
                return await self._http.run(self.ring.get(key_id, self._clock.now()))
            except Unavailable:
                return None

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _told(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except CrossroadsError as error:
        _log.error("the hub could not be checked", why=str(error), code=error.code)
