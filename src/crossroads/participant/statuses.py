"""Statuses of a person on a day, and whether a right is open, asked step by step and without input or output.

See `steps`. One question goes to the sources through the hub, whatever the number of statuses. Which data group tells
of a status or a right stands in the catalogue. A source that is silent leaves its statuses unknown: never "no".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

import msgspec

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import InvalidPeriod, InvalidValue
from crossroads.kernel.period import Period
from crossroads.kernel.period import day as one_day
from crossroads.participant.asker import Asker
from crossroads.participant.datagroups import Group, Told
from crossroads.participant.questions import Wish
from crossroads.participant.replies import BlockRejected, OpenedBlock, Reply
from crossroads.participant.steps import Http, Steps, SyncHttp

MOST = 8
"""Statuses of one question."""
_NOTHING_THERE = (Code.NO_HOLDER, Code.DECEASED)
"""Why a data group may be left out of an answer that says "no"."""


class Days(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Days as a source writes them; without a last one, as far as is known."""

    start_date: date
    end_date: date | None = None


class RightAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a client learns of a right: not why, and not by whom in the household."""

    entitled: bool
    periods: Sequence[Days]


class Verdict(StrEnum):
    """What came of a status or a right."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Nobody can tell now: who would say so is silent."""
    REFUSED = "refused"
    """The asker may not have it."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one status or right."""

    name: str
    verdict: Verdict
    periods: tuple[Period, ...] = ()
    """Where it is "yes"."""
    sources: tuple[str, ...] = ()
    """Who said "yes"; where it is unknown, who is silent."""
    reason: str | None = None
    """Why it is unknown or refused."""


class Outcomes(NamedTuple):
    """What came of all that was asked, in that order, and the answer of the hub in which it stands."""

    outcomes: tuple[Outcome, ...]
    reply: Reply


class Question(NamedTuple):
    """About whom, for which purpose, on which day; `agent` is your own pseudonymous id of the user, never an SSIN."""

    ssin: str
    legal_context: str
    day: date
    agent: str
    on_behalf_of: str | None = None


class _Held(msgspec.Struct, frozen=True):
    periods: tuple[Days, ...]


_held, _right = msgspec.json.Decoder(_Held), msgspec.json.Decoder(RightAnswer)


class Statuses:
    """What one institution asks. All raise InvalidValue, and what `Asker.ask` does."""

    def __init__(self, asker: Asker) -> None:
        """Ask as it does."""
        self._asker = asker

    def ask(self, question: Question, names: Sequence[str]) -> Steps[Outcomes]:
        """Ask which of some statuses a person has on a day: at most eight, in one question."""
        if not 1 <= len(set(names)) == len(names) <= MOST:
            raise InvalidValue(f"Ask for one status or more, at most {MOST}, and each once.")
        return (yield from self._asked(question, names, "status"))

    def right(self, question: Question, name: str) -> Steps[Outcomes]:
        """Ask whether a right is open for a person on a day."""
        return (yield from self._asked(question, [name], "right"))

    def _asked(self, question: Question, names: Sequence[str], what: Told) -> Steps[Outcomes]:
        groups = yield from self._groups(names, what)
        wish = Wish(
            question.ssin,
            question.legal_context,
            [group.id for group in groups.values()],
            question.agent,
            period=one_day(question.day),
            reference_date=question.day,
            on_behalf_of=question.on_behalf_of,
        )
        reply = yield from self._asker.ask(wish)
        sectors = yield from self._silent(reply)
        read = _Reading(reply, question.day, sectors, what)
        return Outcomes(tuple(read.outcome(name, group) for name, group in groups.items()), reply)

    def _groups(self, names: Sequence[str], what: Told) -> Steps[Mapping[str, Group]]:
        """Find the data group of each. Raises InvalidValue for a name that the catalogue has not."""
        known = yield from self._asker.telling(what, names)
        for name in names:
            if name not in known.found:
                near = get_close_matches(name, known.all, n=1)
                meant = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known.all) or 'none'}."
                raise InvalidValue(f"The catalogue has no {what} {name}. {meant}")
        return known.found

    def _silent(self, reply: Reply) -> Steps[Mapping[str, int | None]]:
        """Give the sources that said nothing, or not all, each with its sector."""
        silent = [one.institution for one in reply.answer.sources if one.status is StatusValue.TECHNICAL_ERROR]
        return (yield from self._asker.sectors(silent)) if silent else {}


class _Reading:
    """One answer, read for each status or right that was asked for."""

    def __init__(self, reply: Reply, day: date, silent: Mapping[str, int | None], what: Told) -> None:
        self._reply, self._day, self._silent, self._what = reply, day, silent, what
        self._left_out = {one.data_group: one for one in reply.answer.filtered}

    def outcome(self, name: str, group: Group) -> Outcome:
        """Give what came of one."""
        if reason := self._refusal(group.id):
            return Outcome(name=name, verdict=Verdict.REFUSED, reason=reason)
        said, unreadable = self._said(block for block in self._reply.blocks if block.data_group == group.id)
        if said:
            days = tuple(sorted({one for held in said.values() for one in held}, key=lambda one: one.start_date))
            return Outcome(name=name, verdict=Verdict.YES, periods=days, sources=tuple(sorted(said)))
        wrong = [one for one in self._reply.rejected if one.data_group == group.id]
        if not_told := {*unreadable, *(one.source for one in wrong), *self._holders_silent(group)}:
            reason = _why(sorted(not_told), unreadable, wrong)
            return Outcome(name=name, verdict=Verdict.UNKNOWN, sources=tuple(sorted(not_told)), reason=reason)
        return Outcome(name=name, verdict=Verdict.NO)

    def _refusal(self, group: str) -> str | None:
        """Say why the hub does not give a data group, where it is not for want of anybody who has it."""
        status, left_out = self._reply.answer.status, self._left_out.get(group)
        if left_out is not None:
            return None if left_out.code in _NOTHING_THERE else left_out.reason
        return status.description if status.value is StatusValue.NO_RESULT else None

    def _said(self, blocks: Iterable[OpenedBlock]) -> tuple[Mapping[str, Sequence[Period]], set[str]]:
        """Give who says "yes", with the days; and whose words have no meaning: a day that does not exist, say."""
        said: dict[str, Sequence[Period]] = {}
        unreadable: set[str] = set()
        for block in blocks:
            try:
                days = [one for one in self._periods(block.content) if one.start_date <= self._day <= one.last]
            except (msgspec.MsgspecError, InvalidPeriod):
                unreadable.add(block.source)
            else:
                said |= {block.source: days} if days else {}
        return said, unreadable

    def _periods(self, content: bytes) -> Sequence[Period]:
        if self._what == "status":
            return [Period(one.start_date, one.end_date) for one in _held.decode(content).periods]
        answer = _right.decode(content)
        return [Period(one.start_date, one.end_date) for one in answer.periods if answer.entitled]

    def _holders_silent(self, group: Group) -> Iterator[str]:
        """Give the silent sources that may hold a data group: those of its sector, and of a sector nobody can tell."""
        return (one for one, sector in self._silent.items() if sector in (group.authentic_source, None))


def _why(names: Sequence[str], unreadable: set[str], wrong: Sequence[BlockRejected]) -> str:
    if wrong:
        return wrong[0].reason
    if unreadable:
        return f"{' and '.join(sorted(unreadable))} gives days that cannot be."
    return f"{' and '.join(names)} did not answer."


class AsyncStatuses:
    """Statuses and rights, from an event loop; see `Statuses`."""

    def __init__(self, statuses: Statuses, http: Http) -> None:
        """Use the connections of a client."""
        self._statuses, self._http = statuses, http

    async def ask(self, question: Question, names: Sequence[str]) -> Outcomes:
        """Ask which of at most eight statuses a person has on a day; see `Statuses.ask`."""
        return await self._http.run(self._statuses.ask(question, names))

    async def right(self, question: Question, name: str) -> Outcomes:
        """Ask whether a right is open for a person on a day; see `Statuses.right`."""
        return await self._http.run(self._statuses.right(question, name))


class SyncStatuses:
    """Statuses and rights, without an event loop; see `Statuses`."""

    def __init__(self, statuses: Statuses, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._statuses, self._http = statuses, http

    def ask(self, question: Question, names: Sequence[str]) -> Outcomes:
        """Ask which of at most eight statuses a person has on a day; see `Statuses.ask`."""
        return self._http.run(self._statuses.ask(question, names))

    def right(self, question: Question, name: str) -> Outcomes:
        """Ask whether a right is open for a person on a day; see `Statuses.right`."""
        return self._http.run(self._statuses.right(question, name))
