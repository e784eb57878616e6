"""The institution as its pages ask it: what is held of a person, and what a person may do about that."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

import structlog

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused, Unavailable
from crossroads.participant.client_settings import client_settings
from crossroads.participant.desk.published import TIMEOUT, Catalogue, Published
from crossroads.participant.steps import Http
from crossroads.participant.trust import read_trust
from crossroads.statuses import placing
from crossroads.statuses.attestation_settings import read_attestation_settings
from crossroads.statuses.attestation_signing import read_certificates
from crossroads.statuses.attesting import Attestations, Attested, Attester
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.current_rights import CurrentRights
from crossroads.statuses.deeds import Deed, Deeds, What
from crossroads.statuses.model import Load
from crossroads.statuses.pages.checking import Checking
from crossroads.statuses.pages.settings import PagesSettings
from crossroads.statuses.pages.told import Held, Naming, Opened
from crossroads.statuses.rights import Right
from crossroads.statuses.settings import StatusSettings

MOST_ATTESTED = 20
"""Attestations that a person gets here in a day."""
MOST_SHOWN = 10
"""Own acts that a person is shown."""
_DAY = timedelta(days=1)
_CHECKS = 4
"""Attestations that are verified at the same time; who comes meanwhile waits."""
_AGAIN_SECONDS = 60
"""Between two tries to remove the facts of those who withdrew, where a load is under way."""

_log = structlog.get_logger(__name__)


class TooMany(Refused):
    """A person had as many attestations made today as anybody can need."""


class Mine(NamedTuple):
    """All that is held of a person."""

    load: Load | None
    """Of when it is; None while nothing is loaded."""
    known: bool
    """Whether the load was about the person."""
    statuses: Sequence[Held]
    rights: Sequence[Opened]
    withdrawn: date | None
    """Since when the person is left out, whose wish that is."""
    awaited: bool
    """Whether the next load asks about the person."""


class Keeper:
    """The institution, while its pages run."""

    def __init__(self, settings: StatusSettings, pages: PagesSettings, clock: Clock) -> None:
        """Open what it keeps. Raises WrongSetting, UnsafeKeyFile, Refused or AlreadyRunning."""
        config = client_settings(settings.path(settings.client), "pages")
        attests = read_attestation_settings(settings.folder)
        self.settings, self.clock, self.names = settings, clock, attests.names
        self.portal = pages.portal.rstrip("/") if pages.portal else None
        self.environment = read_trust(config.folder / config.trust).environment
        self.rights = CurrentRights(settings.path(settings.rights))
        self.buffer = Buffer(settings.path(settings.buffer), clock)
        attester = Attester(config.institution, self.environment, attests, pages.url)
        self._attestations = Attestations(attester, self.rights, self.buffer, clock)
        self.checking = Checking(self._attestations, read_certificates(attests), clock)
        self.deeds = Deeds(settings, config.institution, clock)
        self.checks, self.behind_proxy = asyncio.Semaphore(_CHECKS), pages.listen.behind_proxy
        self._http = Http(TIMEOUT)
        self._published = Published(config.hub, pages.home / "catalogue.json", self._http)
        self._withdrawn = asyncio.Event()

    @property
    def today(self) -> date:
        """The day in Brussels."""
        return brussels_day(self.clock.now())

    @property
    def binding(self) -> Sequence[Right]:
        """The rights from which the law lets nobody withdraw."""
        return placing.binding(self.rights.values(), self.today)

    async def mine(self, ssin: str, language: str) -> Mine:
        """Give what is held of a person: nothing, where the time of the load is over."""
        catalogue = await self._catalogue()
        return await asyncio.to_thread(self._mine, ssin, Naming(catalogue, dict(self.settings.statuses), language))

    async def attest(self, ssin: str, right: str, language: str, day: date | None) -> Attested:
        """Attest a right for a person. Raises TooMany, and what `Attestations.attest` does."""
        since = self.clock.now() - _DAY
        async with self.deeds.doing(What.ATTESTED, ssin, right=right):
            # Counted once it is begun: of forms that come together, each sees the others.
            if await asyncio.to_thread(self.deeds.count, What.ATTESTED, ssin, since) > MOST_ATTESTED:
                raise TooMany
            return await asyncio.to_thread(self._attestations.attest, ssin, right, language, day)

    async def withdraw(self, ssin: str) -> None:
        """Leave a person out from now on. Raises Refused where the law does not allow it."""
        async with self.deeds.doing(What.WITHDREW, ssin):
            await asyncio.to_thread(placing.withdraw, self.buffer, ssin, self.today, self.binding)
        self._withdrawn.set()

    async def come_back(self, ssin: str) -> None:
        """Take that back."""
        async with self.deeds.doing(What.CAME_BACK, ssin):
            await asyncio.to_thread(self.buffer.come_back, ssin)

    async def did(self, ssin: str) -> list[Deed]:
        """Give what a person did here, the last first."""
        return [one for one in await asyncio.to_thread(self.deeds.newest, ssin, MOST_SHOWN) if one.state != "begun"]

    async def forget(self) -> None:
        """Remove the facts of those who withdrew, whenever there are some, as soon as no load is under way."""
        while True:
            self._withdrawn.clear()
            try:
                await asyncio.to_thread(self._forget)
            except Conflict:
                pass
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again; its words may quote a row
                _log.error("facts of who withdrew not removed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._withdrawn.wait()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _catalogue(self) -> Catalogue:
        """Give the catalogue as far as it was ever fetched: without it things are called by their ids."""
        with suppress(CrossroadsError):
            return await self._published.now(self.clock.now())
        return self._published.latest

    def _forget(self) -> None:
        if self.buffer.unforgotten():
            placing.forget(self.buffer, self.rights.values())

    def _mine(self, ssin: str, naming: Naming) -> Mine:
        withdrawn, awaited = self.buffer.withdrawn_since(ssin), self.buffer.proposes(ssin)
        try:
            known = self.buffer.knows(ssin)
            holdings, entitlements = self.buffer.holdings(ssin), self.buffer.entitlements(ssin)
        except Unavailable:
            return Mine(None, False, (), (), withdrawn, awaited)
        held = [naming.held(one) for one in holdings]
        statuses = {one.status for one in holdings}
        opened = [naming.opened(one, self.rights.get(one.right), statuses) for one in entitlements]
        return Mine(self.buffer.current(), known, held, opened, withdrawn, awaited)
