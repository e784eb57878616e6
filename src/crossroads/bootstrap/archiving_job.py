"""The job that moves old months of the log into a folder and lets what is there expire, where the settings name one."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from crossroads.audit.archive import archived_before
from crossroads.audit.database import Pool
from crossroads.audit.retention import Retention
from crossroads.audit.service import Log
from crossroads.audit.terms import Term
from crossroads.bootstrap.archiving import archive_expiry, archiving
from crossroads.bootstrap.settings import Installation
from crossroads.kernel.clock import Clock

NAME, EVERY = "log-archive", timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveJob:
    """What `crossroads audit archive` and `audit expire --archive` do, as far as it is due."""

    installation: Installation
    pool: Pool
    log: Log
    retention: Retention
    clock: Clock

    def scheduled(self) -> Iterator[tuple[str, timedelta, Callable[[], Awaitable[None]]]]:
        """Give what is to be done from time to time: nothing where the settings name no folder."""
        if self.installation.settings.log_archive:
            yield NAME, EVERY, partial(self.work, self.installation.settings.log_archive)

    async def work(self, folder: Path) -> None:
        """Do it. Whoever dies over it leaves nothing behind that the next does not put right.

        Raises Unavailable, Refused or Tampered: `crossroads jobs list` shows it, and it is tried again.
        """
        terms = await self.retention.terms()
        if terms:
            await self._archive(folder, terms)
            await self._expire(folder, terms)

    async def _archive(self, folder: Path, terms: list[Term]) -> None:
        settings, now = self.installation.settings, self.clock.now()
        days = settings.log_online_days or max(term.days for term in terms)
        before = archived_before((now - timedelta(days=days)).date(), now, days)
        async with archiving(self, settings.log_archive_url, folder) as archiver:
            for month in await archiver.months(before):
                await archiver.archive(month, lambda *_: None)

    async def _expire(self, folder: Path, terms: list[Term]) -> None:
        expiry, before = archive_expiry(self, folder), {term.log_class: term.before for term in terms}
        for manifest, ranges in await expiry.due(before):
            await expiry.expire(manifest, ranges, before)
        await expiry.tidy()
