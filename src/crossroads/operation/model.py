"""How the installation stands, and what of that somebody should look at. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

from crossroads.catalogue.keys import RegisteredKey

KEY_SOON = timedelta(days=30)
CHECKPOINT_LATE = timedelta(seconds=10)
MAILBOX_OLD = timedelta(days=1)
CHANGES_MANY = 10_000
SLOW_SECONDS = 2.0
"""Within which a question is to be answered (facts: identification-and-directory.md)."""
MONTHS_FEWEST = 2
FAILED_LATELY = timedelta(days=7)


class Light(IntEnum):
    """How it stands."""

    WORKS = 0
    LOOK = 1
    """Nothing is lost, and somebody should look today."""
    ACT = 2
    """The hub does not work, or will not soon."""


class What(StrEnum):
    """What is found."""

    NO_PROCESS = "no-process"
    CHECKPOINT_LATE = "checkpoint-late"
    MONTHS_FEW = "months-few"
    KEY_EXPIRED = "key-expired"
    KEY_EXPIRES = "key-expires"
    SOURCE_SUSPENDED = "source-suspended"
    SOURCE_FAILS = "source-fails"
    JOB_FAILED = "job-failed"
    JOB_HELD = "job-held"
    JOB_PAUSED = "job-paused"
    MAILBOX_OLD = "mailbox-old"
    ITEMS_PARKED = "items-parked"
    CHANGES_MANY = "changes-many"
    SLOW = "slow"


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class Whole(_Struct, frozen=True, kw_only=True):
    """What there is one of."""

    streams: int
    held: int
    """By processes that run."""
    unsigned: int
    """Entries of the log that are under no checkpoint yet."""
    unsigned_since: datetime | None
    changes_waiting: int
    """That are not in mailboxes yet; counted up to a hundred thousand."""
    checkpoint: int | None
    checkpoint_at: datetime | None
    questions: int
    """The newest, of an hour at most, of which the times in seconds are."""
    p50: float | None
    p95: float | None
    questions_since: datetime | None
    counted_since: datetime | None = None
    """Where more was written in the last hour than is read: questions and sources are counted since then only."""
    database_bytes: int


class Source(_Struct, frozen=True, kw_only=True):
    """How questions went lately at an institution. Times in seconds."""

    institution: str
    asked: int = 0
    failed: int = 0
    p50: float | None = None
    p95: float | None = None
    answered_at: datetime | None = None
    """The minute of the newest answer of those."""
    failures: int = 0
    """In a row, until now."""
    failing_since: datetime | None = None
    suspended: bool = False
    """Whether it is left alone at this moment."""


class Mailbox(_Struct, frozen=True, kw_only=True):
    """A mailbox in which something waits or is parked."""

    recipient: str
    waiting: int
    parked: int
    oldest: datetime | None


class JobStanding(_Struct, frozen=True, kw_only=True):
    """A job that is not over, or failed lately."""

    job: str
    kind: str
    institution: str | None
    state: str
    held: bool
    """By an operator."""
    at_work: bool
    due_at: datetime | None
    deadline: datetime | None
    done: int
    total: int
    problem: str | None
    created_at: datetime
    finished_at: datetime | None


class Key(_Struct, frozen=True, kw_only=True):
    """The key that an institution has longest for a use."""

    key_id: str
    institution: str
    use: str
    valid_until: datetime


class Finding(_Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that somebody should look at."""

    light: Light
    what: What
    about: str | None = None
    number: float | None = None
    moment: datetime | None = None
    command: str | None = None
    """What to type, where a command helps."""


class Standing(_Struct, frozen=True, kw_only=True):
    """How the installation stands."""

    at: datetime
    light: Light
    findings: tuple[Finding, ...]
    whole: Whole
    months_ahead: int
    sources: tuple[Source, ...]
    mailboxes: tuple[Mailbox, ...]
    jobs: tuple[JobStanding, ...]
    keys: tuple[Key, ...]


class Found(NamedTuple):
    """What was read, to be judged."""

    whole: Whole
    months_ahead: int
    sources: Sequence[Source]
    mailboxes: Sequence[Mailbox]
    jobs: Sequence[JobStanding]
    keys: Sequence[Key]


def keys_of(registered: Iterable[RegisteredKey]) -> list[Key]:
    """Give, for each institution and use, the key that counts longest, the one that ends first before the others."""
    longest: dict[tuple[str, str], Key] = {}
    for one in registered:
        of, use = one.registration, one.registration.use.value
        known = longest.get((of.institution, use))
        if one.revoked_at is None and (known is None or known.valid_until < of.valid_until):
            key = Key(key_id=of.key_id, institution=of.institution, use=use, valid_until=of.valid_until)
            longest[of.institution, use] = key
    return sorted(longest.values(), key=lambda key: (key.valid_until, key.key_id))


def standing(found: Found, now: datetime, hub: str) -> Standing:
    """Judge what was found; `hub` is the institution whose keys the hub itself has."""
    every = sorted(_findings(found, now, hub), key=lambda one: -one.light)
    return Standing(
        at=now,
        light=max((one.light for one in every), default=Light.WORKS),
        findings=tuple(every),
        whole=found.whole,
        months_ahead=found.months_ahead,
        sources=tuple(found.sources),
        mailboxes=tuple(found.mailboxes),
        jobs=tuple(found.jobs),
        keys=tuple(found.keys),
    )


def _findings(found: Found, now: datetime, hub: str) -> Iterator[Finding]:
    yield from _of_whole(found.whole, found.months_ahead, now)
    for key in found.keys:
        yield from _of_key(key, now, hub)
    for source in found.sources:
        yield from _of_source(source)
    for job in found.jobs:
        yield from _of_job(job)
    for mailbox in found.mailboxes:
        yield from _of_mailbox(mailbox, now)


def _of_whole(whole: Whole, ahead: int, now: datetime) -> Iterator[Finding]:
    if not whole.held:
        yield Finding(light=Light.ACT, what=What.NO_PROCESS, command="crossroads serve")
    if whole.unsigned_since is not None and now - whole.unsigned_since > CHECKPOINT_LATE:
        yield Finding(
            light=Light.ACT, what=What.CHECKPOINT_LATE, moment=whole.unsigned_since, command="crossroads doctor"
        )
    if ahead < MONTHS_FEWEST:
        light = Light.LOOK if ahead else Light.ACT
        yield Finding(light=light, what=What.MONTHS_FEW, number=ahead, command="crossroads migrate")
    if whole.changes_waiting > CHANGES_MANY:
        yield Finding(light=Light.LOOK, what=What.CHANGES_MANY, number=whole.changes_waiting)
    if whole.p95 is not None and whole.p95 > SLOW_SECONDS:
        yield Finding(light=Light.LOOK, what=What.SLOW, number=whole.p95)


def _of_key(key: Key, now: datetime, hub: str) -> Iterator[Finding]:
    if key.valid_until - now > KEY_SOON:
        return
    over = key.valid_until <= now
    light = Light.ACT if over and key.institution == hub else Light.LOOK
    what = What.KEY_EXPIRED if over else What.KEY_EXPIRES
    yield Finding(
        light=light, what=what, about=key.key_id, moment=key.valid_until, command="crossroads key register --help"
    )


def _of_source(source: Source) -> Iterator[Finding]:
    if source.failing_since is None:
        return
    what = What.SOURCE_SUSPENDED if source.suspended else What.SOURCE_FAILS
    yield Finding(
        light=Light.LOOK, what=what, about=source.institution, number=source.failures, moment=source.failing_since
    )


def _of_job(job: JobStanding) -> Iterator[Finding]:
    show, resume = f"crossroads jobs show {job.job}", f"crossroads jobs resume {job.job}"
    if job.state == "FAILED":
        yield Finding(light=Light.LOOK, what=What.JOB_FAILED, about=job.kind, moment=job.finished_at, command=show)
    elif job.held:
        yield Finding(light=Light.LOOK, what=What.JOB_HELD, about=job.kind, moment=job.created_at, command=resume)
    elif job.problem is not None:
        yield Finding(light=Light.LOOK, what=What.JOB_PAUSED, about=job.kind, moment=job.created_at, command=show)


def _of_mailbox(mailbox: Mailbox, now: datetime) -> Iterator[Finding]:
    if mailbox.oldest is not None and now - mailbox.oldest > MAILBOX_OLD:
        yield Finding(
            light=Light.LOOK,
            what=What.MAILBOX_OLD,
            about=mailbox.recipient,
            number=mailbox.waiting,
            moment=mailbox.oldest,
        )
    if mailbox.parked:
        yield Finding(light=Light.LOOK, what=What.ITEMS_PARKED, about=mailbox.recipient, number=mailbox.parked)
