"""The directory: who knows whom. Institutions keep their own lines."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from crossroads.audit.service import Log
from crossroads.audit.turns import Turns
from crossroads.directory import rules, store
from crossroads.directory.asked import Asked, bulk_outcome, inscribed
from crossroads.directory.comparing import differences
from crossroads.directory.imports import Rules, import_inscriptions
from crossroads.directory.keeping import Keeper
from crossroads.directory.model import Check, Line
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.closure import believed_persons, closure_of
from crossroads.identity.database import Pool, outages
from crossroads.identity.first_load import Loaded
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.guards import Signed
from crossroads.wire.inscriptions import (
    Action,
    InscriptionBulk,
    InscriptionBulkOutcome,
    InscriptionComparison,
    InscriptionDifferences,
)
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import InscriptionLine, InscriptionList, InscriptionOutcome, InscriptionQuery
from crossroads.wire.registrations import SignedAct

AT_ONCE = 2
"""Requests about many lines that one process deals with at once: the others have connections left."""
WAITING = 64
"""Those that may wait; more are refused."""


class Directory:
    """The lines of the directory."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings
        self._keeper = Keeper(pool, log, catalogue, surroundings)
        self._many = Turns(AT_ONCE, WAITING)

    async def open(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Inscribe a person, or extend. Raises Refused, and Conflict where an exclusive context is taken."""
        return await self._keep(Action.REGISTER, line, signed)

    async def close(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """End the line that starts on `period.startDate` on `period.endDate`. Raises Refused."""
        return await self._keep(Action.CLOSE, line, signed)

    async def cut(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Take a period out of the lines. Raises Refused."""
        return await self._keep(Action.CUT, line, signed)

    async def cancel(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Withdraw the line of exactly this period. Raises Refused."""
        return await self._keep(Action.CANCEL, line, signed)

    async def bulk(self, bulk: InscriptionBulk, signed: Signed) -> InscriptionBulkOutcome:
        """Keep many lines, in their order, each by itself and as it would be alone. Raises Unavailable."""
        asked = [Asked(line.action, line.line) for line in bulk.lines]
        async with self._many.turn():
            outcomes = await self._keeper.keep(asked, signed)
        return InscriptionBulkOutcome(items=tuple(map(bulk_outcome, asked, outcomes)))

    async def compare(self, comparison: InscriptionComparison, signed: Signed) -> InscriptionDifferences:
        """Hold an institution's own list against its lines. Raises Refused, and Malformed for what is no number."""
        rules.may_keep(self._catalogue.current, signed.institution, comparison.institution, self._today)
        async with self._many.turn():
            await asyncio.to_thread(self._check_numbers, comparison)
            with outages():
                async with self._pool.acquire() as connection:
                    return await differences(connection, comparison)

    async def query(self, query: InscriptionQuery, signed: Signed) -> InscriptionList:
        """Give the lines of the institution that overlap the period, be the person known or not. Raises Refused."""
        rules.may_keep(self._catalogue.current, signed.institution, query.institution, self._today)
        ssin = self._surroundings.ssin(query.ssin)
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
                persons = closure.persons if closure else ()
                held = await store.lines_of(connection, persons, context=query.context, institution=query.institution)
        items = tuple(inscribed(h.line) for h in held if h.line.period.overlaps(query.period))
        return InscriptionList(items=items, total=len(items))

    async def as_believed_on(self, ssin: str, moment: datetime) -> tuple[Line, ...]:
        """Give the lines that were believed at a moment, of the human being that the number meant then."""
        number = self._surroundings.ssin(ssin)
        with outages():
            async with self._pool.acquire() as connection:
                persons = await believed_persons(connection, number, moment)
                return tuple(await store.believed_lines(connection, persons, moment))

    async def import_inscriptions(self, path: Path, act: SignedAct, operators: Mapping[str, VerifyKey]) -> Loaded:
        """Import a file that two operators signed, all or nothing. Raises Malformed, Refused, Conflict."""
        held_to = Rules(self._catalogue.current, self._today, self._surroundings.installation, operators)
        return await import_inscriptions(self._pool, self._log, held_to, path, act)

    async def check(self) -> Check:
        """Prove the rule of exclusivity over the whole table. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
                found = await store.contexts(connection)
                catalogue = self._catalogue.current
                return await store.check(
                    connection, [c for c in found if rules.is_exclusive(catalogue, c, self._today)]
                )

    def _check_numbers(self, comparison: InscriptionComparison) -> None:
        for number, line in enumerate(comparison.lines):
            self._surroundings.ssin_at(line.ssin, f"$.lines[{number}].ssin")

    @property
    def _today(self) -> date:
        return self._surroundings.today

    async def _keep(self, action: Action, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        (outcome,) = await self._keeper.keep([Asked(action, line)], signed)
        if isinstance(outcome, CrossroadsError):
            raise outcome
        return outcome
