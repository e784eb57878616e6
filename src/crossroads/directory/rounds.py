"""The work on lines in one transaction.

Every writer takes its references, then the locks of all persons that are one human being with somebody of its lines,
each kind in its order; then it looks in a new statement, then it writes. The entries of the log are appended after the
write and before the commit, while the locks are held: nothing that takes effect is without its entry. A crash in
between leaves an entry whose ticket no line carries; nobody was told that it was done.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from uuid6 import uuid7

from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.directory import rules, store
from crossroads.directory.asked import Asked, Decided, Outcome, entry_of, outcome_of
from crossroads.directory.model import Held, Piece
from crossroads.directory.store import Placed
from crossroads.identity.closure import locked_closures, moment_of_change
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.messages import InscriptionLine, InscriptionOutcome

_decode_outcome = msgspec.json.Decoder(InscriptionOutcome).decode


class Work:
    """What is asked at once, in one transaction.

    Lines about different persons have nothing to do with each other: they go together, in one round. A line waits for
    the round after that of the line before it about the same human being, or under the same reference.
    """

    def __init__(
        self, connection: Connection, signed: Signed, asked: Iterable[Asked], is_exclusive: Callable[[str], bool]
    ) -> None:
        """Work in the transaction of this connection; `is_exclusive` tells it of a context."""
        self._connection, self._signed, self._is_exclusive = connection, signed, is_exclusive
        self._asked = list(asked)
        self._closures: Mapping[str, Closure] = {}
        self._kept: dict[str, tuple[bytes, str]] = {}
        """What came of requests, by their reference, as far as they were carried out."""
        self._outcomes: dict[int, Outcome] = {}
        self._entries: list[Entry] = []

    async def done(self, log: Log) -> list[Outcome]:
        """Do it, and log what takes effect."""
        digests: dict[str, bytes] = {}
        for asked in self._asked:
            digests.setdefault(asked.line.reference, asked.digest)
        institution = self._signed.institution
        before = await store.claim_references(self._connection, institution, digests)
        self._kept = dict(before)
        new = (asked.line.ssin for asked in self._asked if asked.line.reference not in before)
        self._closures = await locked_closures(self._connection, new)
        for numbers in self._rounds():
            await self._round(numbers)
        kept = {reference: kept for reference, kept in self._kept.items() if reference not in before}
        free = [reference for reference in digests if reference not in self._kept]
        await store.keep_outcomes(self._connection, institution, kept, free)
        await log.append_many(self._entries)
        return [self._outcomes[number] for number in range(len(self._asked))]

    def _rounds(self) -> list[list[int]]:
        rounds: list[list[int]] = []
        last: defaultdict[tuple[str, object], int] = defaultdict(lambda: -1)
        for number, asked in enumerate(self._asked):
            closure, ssin = self._closures.get(asked.line.ssin), asked.line.ssin
            keys = ("reference", asked.line.reference), ("human", closure.persons[0] if closure else ssin)
            turn = max(last[key] for key in keys) + 1
            last.update(dict.fromkeys(keys, turn))
            if turn == len(rounds):
                rounds.append([])
            rounds[turn].append(number)
        return rounds

    async def _round(self, numbers: Sequence[int]) -> None:
        """Decide lines about different persons, and write what they change."""
        held = await self._held(numbers)
        decided: dict[int, Decided] = {}
        for number in numbers:
            asked = self._asked[number]
            try:
                if outcome := self._known(asked):
                    self._outcomes[number] = outcome
                else:
                    decided[number] = self._decided(asked, held)
            except (Refused, Conflict, Malformed) as error:
                self._outcomes[number] = error
        if decided:
            await self._write(decided)

    async def _held(self, numbers: Sequence[int]) -> dict[int, list[Held]]:
        """Give the lines of the persons of a round, by the first of the persons that are one."""
        found = [self._closures.get(self._asked[number].line.ssin) for number in numbers]
        first = {person: closure.persons[0] for closure in found if closure for person in closure.persons}
        held: defaultdict[int, list[Held]] = defaultdict(list)
        contexts = {self._asked[number].line.context for number in numbers}
        context = contexts.pop() if len(contexts) == 1 else None
        for one in await store.lines_of(self._connection, list(first), context=context) if first else ():
            held[first[one.person]].append(one)
        return held

    def _known(self, asked: Asked) -> InscriptionOutcome | None:
        """Give what came of the same request before. Raises Conflict for another under the same reference."""
        kept = self._kept.get(asked.line.reference)
        if kept is None:
            return None
        if kept[0] != asked.digest:
            raise Conflict(code=Code.REFERENCE_REUSED)
        return _decode_outcome(kept[1])

    def _decided(self, asked: Asked, held: Mapping[int, list[Held]]) -> Decided:
        """Decide what a line changes. Raises Refused, Conflict, or Malformed."""
        kind, line = asked.kind, asked.line
        closure = self._closures.get(line.ssin)
        if closure is None:
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED if kind.inscribes else Code.INSCRIPTION_UNKNOWN)
        there = [one for one in held.get(closure.persons[0], ()) if one.line.context == line.context]
        if kind.inscribes:
            self._check_exclusive(there, line)
        own = [one for one in there if one.line.institution == line.institution]
        change = kind.operation(own, Piece(closure.asked, line.period, line.phase))
        return Decided(asked, closure, own, Placed(line.institution, line.context, change, uuid7(), kind.event))

    def _check_exclusive(self, held: Sequence[Held], line: InscriptionLine) -> None:
        """Hold the anti-fraud rule. The refusal does not name the other institution."""
        lines = [one.line for one in held]
        if self._is_exclusive(line.context) and rules.taken(lines, line.institution, line.period):
            raise Conflict(code=Code.INSCRIPTION_EXCLUSIVE)

    async def _write(self, decided: Mapping[int, Decided]) -> None:
        moment = await moment_of_change(self._connection)
        placed = [one.placed for one in decided.values()]
        written = await store.write(self._connection, placed, moment, self._signed.institution)
        for number, one in decided.items():
            lines = written.get(one.placed.ticket, [])
            self._entries.append(entry_of(one, lines, self._signed))
            outcome = self._outcomes[number] = outcome_of(one, lines)
            text = msgspec.json.encode(outcome).decode()
            self._kept[one.asked.line.reference] = one.asked.digest, text
