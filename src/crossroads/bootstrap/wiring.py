"""How a process of the hub is put together. The only place that knows every room."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import structlog

from crossroads.access.mandates import Mandates
from crossroads.admission.searches import SearchRate
from crossroads.admission.service import Gate
from crossroads.audit.levels import EVERY as LEVELS_EVERY
from crossroads.audit.levels import NAME as LEVELS
from crossroads.audit.levels import Levels
from crossroads.audit.months import EVERY as MONTHS_EVERY
from crossroads.audit.months import NAME as MONTHS
from crossroads.audit.months import Months
from crossroads.audit.retention import EVERY as LOG_RETENTION_EVERY
from crossroads.audit.retention import NAME as LOG_RETENTION
from crossroads.audit.retention import Retention as LogRetention
from crossroads.audit.search_store import SearchStore
from crossroads.audit.seen_store import SeenStore
from crossroads.audit.service import Log
from crossroads.audit.suspicion_store import SuspicionStore
from crossroads.batch.checking import CHECKS_AT_ONCE, Checking
from crossroads.batch.model import CHECK_KIND, RUN_KIND, WHOLE_KIND
from crossroads.batch.results import Results
from crossroads.batch.retention import EVERY as RETENTION_EVERY
from crossroads.batch.retention import NAME as RETENTION
from crossroads.batch.retention import Retention
from crossroads.batch.running import RUN_AT_ONCE, WAIT_AT_ONCE, Running
from crossroads.batch.service import Batches
from crossroads.batch.uploads import Uploads
from crossroads.bootstrap import keys
from crossroads.bootstrap.archiving_job import ArchiveJob
from crossroads.bootstrap.compatibility import require_schema
from crossroads.bootstrap.database import database_url
from crossroads.bootstrap.distribution import is_spread
from crossroads.bootstrap.settings import Installation, load
from crossroads.catalogue.service import Catalogue
from crossroads.committee.service import Committee
from crossroads.committee.store import Store as CommitteeStore
from crossroads.directory.exclusivity import ExclusiveWhenLinked
from crossroads.directory.facts import FactsReader
from crossroads.directory.nonces import maintain_nonces
from crossroads.directory.service import Directory
from crossroads.ebox import reminders
from crossroads.ebox.boxes import Boxes
from crossroads.ebox.opening import Opening
from crossroads.ebox.owner import Owner
from crossroads.ebox.service import Publishing
from crossroads.exchange.service import Exchange
from crossroads.identity.acting import EVERY as ACTING_EVERY
from crossroads.identity.acting import NAME as ACTING
from crossroads.identity.acting import Acting
from crossroads.identity.bis import BisRegister
from crossroads.identity.bis_retention import EVERY as BIS_EVERY
from crossroads.identity.bis_retention import NAME as BIS
from crossroads.identity.bis_retention import BisRetention
from crossroads.identity.database import Pool
from crossroads.identity.identification import Identification
from crossroads.identity.service import Identity
from crossroads.identity.surroundings import Surroundings
from crossroads.jobs.model import KEPT
from crossroads.jobs.own import OwnJobs
from crossroads.jobs.service import FORGETTING, Jobs
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.clock import Clock, SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.mutations.bringing import Bringer
from crossroads.mutations.hub_changes import HubChanges
from crossroads.mutations.made_reports import OwnReports
from crossroads.mutations.mailboxes import Mailboxes
from crossroads.mutations.reports import ErrorReports, Terms
from crossroads.mutations.retention import ItemRetention
from crossroads.mutations.service import Mutations
from crossroads.mutations.tasks import Distributor, Watch, expire
from crossroads.mutations.writer import Writer
from crossroads.sources.breaker import Breakers
from crossroads.sources.bulkhead import Bulkheads
from crossroads.sources.http import HttpClient
from crossroads.sources.service import HttpSources
from crossroads.sources.store import BreakerStore
from crossroads.transparency.acting import Representation
from crossroads.transparency.evidence import Evidence
from crossroads.transparency.looking import Looking
from crossroads.transparency.overseeing import Overseeing
from crossroads.transparency.service import Terms as LookTerms
from crossroads.transparency.service import Transparency
from crossroads.transparency.supervision import Supervision
from crossroads.transparency.suspicions import Suspicions
from crossroads.transparency.watching import Watching

_MAINTENANCE_SECONDS = 60
_PATIENCE_SECONDS = 2
_LOG_CONNECTIONS = 4
_CONNECTIONS = 8
_WRITER_CONNECTIONS = 2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of one process, open for as long as the context that gave them."""

    installation: Installation
    clock: Clock
    log: Log
    catalogue: Catalogue
    identity: Identity
    bis: BisRegister
    bis_retention: BisRetention
    identification: Identification
    directory: Directory
    facts: FactsReader
    gate: Gate
    breakers: Breakers
    exchange: Exchange
    changes: Mutations
    mailboxes: Mailboxes
    error_reports: ErrorReports
    own_reports: OwnReports
    bringer: Bringer
    watch: Watch
    jobs: Jobs
    own_jobs: OwnJobs
    worker: Worker
    """Works on jobs; only the processes that are for that have it run."""
    batches: Batches
    uploads: Uploads
    results: Results
    levels: Levels
    log_retention: LogRetention
    transparency: Transparency
    supervision: Supervision
    suspicions: Suspicions
    watching: Watching
    committee: Committee
    publishing: Publishing
    boxes: Boxes
    box_opening: Opening
    representation: Representation
    pool: Pool

    async def database_answers(self) -> bool:
        """Tell whether the database answers within two seconds."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.pool.fetchval("SELECT 1")
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True


@asynccontextmanager
async def services(
    installation: Installation | None = None, *, fills_mailboxes: bool = True
) -> AsyncIterator[Services]:
    """Open the services of an installation; without one, of that which the environment names.

    A process that gives way to others does not fill the mailboxes: others would wait for it.
    """
    installation = installation or load()
    settings = installation.settings
    url, clock = database_url(installation), SystemClock()
    async with AsyncExitStack() as stack:
        # The log has connections of its own: it is awaited while others are held.
        log_pool = await _pool(stack, url, _LOG_CONNECTIONS)
        pool = await _pool(stack, url, _CONNECTIONS)
        await require_schema(pool)
        log = await stack.enter_async_context(Log(log_pool, keys.log_key(installation), streams=settings.streams))
        catalogue = await stack.enter_async_context(Catalogue(pool, log, clock))
        facts = await stack.enter_async_context(FactsReader(url, spread=await is_spread(pool)))
        client = HttpClient.open()
        stack.push_async_callback(client.close)
        breakers = Breakers(BreakerStore(pool))
        sources = HttpSources(
            client=client,
            catalogue=catalogue,
            breakers=breakers,
            bulkheads=Bulkheads(),
            permit_key=keys.permit_key(installation),
            register=settings.register,
            clock=clock,
        )
        surroundings = Surroundings(settings.environment, clock, settings.installation)
        gate = Gate(catalogue=catalogue, facts=facts, clock=clock, limits=settings.limits)
        mandates, rate = Mandates(catalogue, clock, settings.register), SearchRate(pool, settings.limits)
        changes = Mutations(pool, log, catalogue, surroundings)
        mailboxes = Mailboxes(pool, log, catalogue, surroundings)
        watch = Watch(mailboxes)
        _background(stack, breakers.poll())
        # Who fills the mailboxes has connections of its own: it does not wait for those who empty them.
        writer, writer_pool = Writer(), await _pool(stack, url, _WRITER_CONNECTIONS)
        if fills_mailboxes:
            _background(stack, Distributor(writer_pool, catalogue, clock, writer).run())
            _background(stack, HubChanges(writer_pool, log, clock, settings.hub, writer).run())
        _background(stack, watch.run())
        kept = timedelta(days=settings.item_kept_days)
        _background(stack, expire(changes, ItemRetention(pool, clock, kept)))
        _background(stack, _maintain(pool))
        jobs = Jobs(pool, log)
        batches = Batches(pool, log, catalogue, surroundings, jobs=jobs, most=settings.limits.open_batches)
        checking = Checking(pool=pool, log=log, jobs=jobs, catalogue=catalogue, clock=clock)
        worker = Worker(pool)
        running = Running(
            pool=pool,
            log=log,
            jobs=jobs,
            catalogue=catalogue,
            sources=sources,
            clock=clock,
            subject_key=keys.subject_key(installation),
            kept=timedelta(days=settings.result_days),
        )
        worker.kinds.append(Kind(name=CHECK_KIND, slice=checking.slice, lanes=CHECKS_AT_ONCE))
        run = Kind(name=RUN_KIND, slice=running.slice, lanes=RUN_AT_ONCE, waiting=WAIT_AT_ONCE)
        worker.kinds += [run, Kind(name=WHOLE_KIND, slice=running.slice)]
        bis_retention = BisRetention(pool, log)
        acting = Acting(pool, surroundings)
        directory = Directory(pool, log, catalogue, surroundings)
        levels = Levels(pool, clock)
        log_retention = LogRetention(pool, log, keys.log_key(installation))
        _schedule(
            worker,
            (RETENTION, RETENTION_EVERY, Retention(pool=pool, log=log, jobs=jobs, clock=clock).work),
            (BIS, BIS_EVERY, bis_retention.work),
            (ACTING, ACTING_EVERY, lambda: acting.forget(timedelta(days=settings.log_kept_days))),
            (LEVELS, LEVELS_EVERY, levels.count_days),
            (LOG_RETENTION, LOG_RETENTION_EVERY, log_retention.expire_what_is_due),
            (reminders.NAME, reminders.EVERY, reminders.Reminders(pool=pool, log=log, clock=clock).work),
            (MONTHS, MONTHS_EVERY, Months(pool).add),
            (FORGETTING, timedelta(hours=1), lambda: jobs.forget(KEPT)),
            *ArchiveJob(
                installation=installation, pool=pool, log=log, retention=log_retention, clock=clock
            ).scheduled(),
        )
        identity = Identity(pool, log, sources, surroundings, [ExclusiveWhenLinked(catalogue, surroundings)])
        looking = Looking(pool, log, catalogue, surroundings)
        owner = Owner(pool, log, catalogue, surroundings)
        overseeing = Overseeing(Looking(pool, log, catalogue, surroundings))
        watching = Watching(overseeing)
        yield Services(
            installation=installation,
            clock=clock,
            log=log,
            catalogue=catalogue,
            identity=identity,
            bis=BisRegister(pool, log, sources, surroundings, mandates, rate),
            bis_retention=bis_retention,
            identification=Identification(pool, log, surroundings, mandates, rate),
            directory=directory,
            facts=facts,
            gate=gate,
            breakers=breakers,
            changes=changes,
            mailboxes=mailboxes,
            own_reports=OwnReports(pool, log, catalogue, surroundings),
            error_reports=ErrorReports(
                pool, log, catalogue, surroundings, Terms(settings.hub, timedelta(days=settings.error_answer_days))
            ),
            bringer=Bringer(mailboxes, catalogue, sources),
            watch=watch,
            jobs=jobs,
            own_jobs=OwnJobs(pool, settings.environment),
            worker=worker,
            batches=batches,
            uploads=Uploads(pool, batches, jobs, clock),
            results=Results(pool, batches),
            levels=levels,
            log_retention=log_retention,
            representation=Representation(looking, acting, identity, Evidence(settings.register)),
            supervision=Supervision(overseeing, SearchStore(pool), keys.subject_key(installation)),
            suspicions=Suspicions(overseeing, SuspicionStore(pool), SearchStore(pool), watching),
            watching=watching,
            committee=Committee(CommitteeStore(pool), log, catalogue, surroundings),
            transparency=Transparency(
                looking,
                SeenStore(pool),
                directory,
                LookTerms(keys.subject_key(installation), timedelta(days=settings.log_kept_days)),
            ),
            publishing=Publishing(pool, log, catalogue, surroundings, timedelta(days=settings.box_reminder_days)),
            boxes=Boxes(owner),
            box_opening=Opening(owner=owner, catalogue=catalogue, documents=sources),
            pool=pool,
            exchange=Exchange(
                gate=gate,
                catalogue=catalogue,
                log=log,
                sources=sources,
                pointers=mailboxes,
                acting=acting,
                clock=clock,
                subject_key=keys.subject_key(installation),
            ),
        )


async def _pool(stack: AsyncExitStack, url: str, size: int) -> Pool:
    try:
        # Statements stay prepared and connections open: making them anew every five minutes is a wait for somebody.
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=_PATIENCE_SECONDS,
            max_inactive_connection_lifetime=0,
            max_cached_statement_lifetime=0,
            reset=_left_as_it_is,
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise Unavailable(f"The database cannot be reached: {type(error).__name__}.") from error
    stack.push_async_callback(pool.close)
    return pool


def _schedule(worker: Worker, *works: tuple[str, timedelta, Callable[[], Awaitable[None]]]) -> None:
    """Have things done from time to time: what each is called, how often, and how it is done."""
    for name, every, work in works:
        worker.schedule(name, every, work)


async def _left_as_it_is(_: object) -> None:
    """Spare a round trip after each use: what is set ends with its transaction, but that the log waits for the disk."""


def _background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)


async def _maintain(pool: Pool) -> None:
    while True:
        try:
            await maintain_nonces(pool)
        except Unavailable:
            _log.warning("nonces-not-maintained")
        await asyncio.sleep(_MAINTENANCE_SECONDS)
