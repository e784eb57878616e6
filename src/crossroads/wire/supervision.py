"""The messages of supervision: the log searched, patterns in it, whom an officer has watched, and evidence.

Every one of them says who acts, by a pseudonym and by name, and why. Persons are named by the key of the log, never by
number: a number is only ever asked for.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Agent, Line, Message, Request, SsinText
from crossroads.wire.usage import MAXIMUM_PROVEN, MAXIMUM_USAGES, ProofPlace

MAXIMUM_SEARCHED_DAYS = 31
"""Days of a search that is neither about a person nor of a ticket."""
MAXIMUM_WATCHED_DAYS = 366

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=Line)]
Reason = Annotated[str, msgspec.Meta(min_length=5, max_length=300, pattern=Line)]


class Office(Request, frozen=True, kw_only=True):
    """What every request says: for which purpose, and who acts, as the login knows that person."""

    legal_context: LegalContextId
    agent: Agent
    name: Name


class Reasoned(Office, frozen=True, kw_only=True):
    """A request that says why; the reason is logged, and shown to nobody but supervisors."""

    reason: Reason


class LogQuery(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/log/query`: entries of the log, newest first.

    About a person, of a ticket, of an institution, or for a purpose: at least one of these. The last two need a period
    of at most 31 days.
    """

    ssin: SsinText | None = None
    ticket: UUID | None = None
    institution: InstitutionId | None = None
    of_agent: Agent | None = None
    """An agent of the institution, which is named as well."""
    purpose: LegalContextId | None = None
    period: Period | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_USAGES)] = 25
    after: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    """The `next` of the page before."""


class LoggedEntry(Message, frozen=True, kw_only=True):
    """One entry of the log."""

    at: Moment
    stream: int
    index: int
    event: str
    ticket: UUID | None = None
    person: int | None = None
    """The key of the log, not a number."""
    institution: str | None = None
    agent: str | None = None
    legal_context: str | None = None
    data_groups: tuple[str, ...] = ()
    code: str | None = None
    """How it ended, where this entry says so."""
    batch: UUID | None = None


class LogEntries(Message, frozen=True, kw_only=True):
    """A page of entries."""

    environment: Environment
    entries: tuple[LoggedEntry, ...]
    next: str | None = None
    archived: tuple[str, ...] = ()
    """Months (UTC) of the time that is searched of which entries went to an archive: those were not searched."""
    checkpoint: str | None = None


class EvidenceQuery(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/evidence`: prove entries with all that they say. The answer is a `UsageProof`."""

    places: Annotated[tuple[ProofPlace, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_PROVEN)]


class Rule(StrEnum):
    """What flags a pattern."""

    MANY_PERSONS = "many-persons"
    """One agent asked about many people within a minute."""
    OUTSIDE_HOURS = "outside-hours"
    """One agent asked outside working hours, or at a weekend."""
    NAMESAKES = "namesakes"
    """One agent asked on a day about several people of one last name, as far as the hub knows names."""
    WATCHED = "watched"
    """Somebody asked about a person whom an officer has watched."""
    SOON_ENDED = "soon-ended"
    """An institution inscribed somebody, asked about the person, and soon ended the inscription."""
    OWN_PEOPLE = "own-people"
    """An institution that asks for people about themselves asked about very many of them within a minute or an hour."""
    OWN_SESSIONS = "own-sessions"
    """An institution that asks for people about themselves asked about one of them in many sessions on a day."""


class Parameter(StrEnum):
    """A number by which a rule flags."""

    MANY_PERSONS = "many-persons"
    """People within a minute."""
    HOURS_BEGIN = "hours-begin"
    """The hour, in Brussels, at which working hours begin."""
    HOURS_END = "hours-end"
    OUTSIDE_HOURS = "outside-hours"
    """Questions of an agent outside hours, of a day."""
    NAMESAKES = "namesakes"
    """People of one last name, of a day."""
    SOON_ENDED = "soon-ended"
    """Days within which an inscription ended."""
    OWN_MINUTE = "own-minute"
    """People within a minute, of an institution that asks for people about themselves, in whatever sessions."""
    OWN_HOUR = "own-hour"
    """The same within an hour."""
    OWN_SESSIONS = "own-sessions"
    """Sessions about one person, of a day, of such an institution."""


class PatternQuery(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/patterns/query`: what the rules flag in some days, read in turn as far as time allows."""

    period: Period
    institution: InstitutionId | None = None


class FlaggedPattern(Message, frozen=True, kw_only=True):
    """Something to look at, and the rule that flagged it with its numbers."""

    rule: Rule
    by: dict[Parameter, int]
    """The numbers that were in force on that day."""
    institution: str
    agent: str | None = None
    since: Moment
    until: Moment
    persons: int
    questions: int
    person: int | None = None
    """The key of the log, where it is about one person."""
    sessions: int | None = None
    """In how many sessions it was asked, where the rule counts those."""
    tickets: tuple[UUID, ...]
    """Of the first ten questions."""


class UnreadRule(Message, frozen=True, kw_only=True):
    """A rule that could not be read in time on a day, so that nobody knows what it flags there."""

    rule: Rule
    day: date


class PatternList(Message, frozen=True, kw_only=True):
    """What was flagged, by day and rule; `cut` where a rule flagged more than are shown."""

    environment: Environment
    patterns: tuple[FlaggedPattern, ...]
    cut: bool = False
    unread: tuple[UnreadRule, ...] = ()
    """Rules of the first of these days that could not be read in time; a later day of which one could not is left."""
    next: date | None = None
    """The first of the days that were not read yet: ask for the rest from there."""
    archived: tuple[str, ...] = ()
    """Months (UTC) of the days that were read of which entries went to an archive: those were not read."""
    checkpoint: str | None = None


class ParameterSetting(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/parameters`: a number from a day on, which is not over."""

    parameter: Parameter
    value: int
    valid_from: date


class ParametersQuery(Office, frozen=True, kw_only=True):
    """`POST /v1/supervision/parameters/query`."""


class ParameterVersion(Message, frozen=True, kw_only=True):
    """A number, from which day on, and who said so; who is absent where it stands so from the beginning."""

    parameter: Parameter
    value: int
    valid_from: date | None = None
    name: str | None = None
    reason: str | None = None
    recorded_at: Moment | None = None
    in_force: bool = False


class ParameterList(Message, frozen=True, kw_only=True):
    """Every version, those in force first."""

    environment: Environment
    items: tuple[ParameterVersion, ...]


class WatchSetting(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/watched`: flag questions about a person until a day, at most a year on."""

    ssin: SsinText
    first_day: date
    last_day: date


class WatchEnding(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/watched/end`."""

    watch: UUID


class WatchedQuery(Reasoned, frozen=True, kw_only=True):
    """`POST /v1/supervision/watched/query`: who is watched. It is logged, with the reason."""


class Watched(Message, frozen=True, kw_only=True):
    """That questions about a person are flagged."""

    watch: UUID
    person: int
    """The key of the log."""
    reason: str
    first_day: date
    last_day: date
    name: str
    """Of who said so."""
    recorded_at: Moment
    ended_at: Moment | None = None
    ended_name: str | None = None


class WatchedList(Message, frozen=True, kw_only=True):
    """The newest first."""

    environment: Environment
    items: tuple[Watched, ...]
