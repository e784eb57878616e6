"""Institutions keep their lines: many at once, or one, by the same rules and the same code."""

from collections.abc import Sequence
from datetime import date

from crossroads.audit.service import Log
from crossroads.directory import rules
from crossroads.directory.asked import Asked, Outcome, refusal_of
from crossroads.directory.rounds import Work
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.closure import closures_of
from crossroads.identity.database import Pool, outages, transaction
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.errors import Conflict, InvalidValue, Malformed, Refused
from crossroads.kernel.guards import Signed


class Keeper:
    """Keeps lines."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings

    async def keep(self, asked: Sequence[Asked], signed: Signed) -> list[Outcome]:
        """Carry out what is asked, in this order, each by itself; what is refused is logged too. Raises Unavailable.

        What was carried out before, under the same reference, is not done again and has the same outcome.
        """
        outcomes: dict[int, Outcome] = {}
        for number, one in enumerate(asked):
            try:
                self._check(one, signed)
            except (InvalidValue, Malformed, Refused) as error:
                outcomes[number] = error
        if able := {number: one for number, one in enumerate(asked) if number not in outcomes}:
            async with transaction(self._pool) as connection:
                carried_out = await Work(connection, signed, able.values(), self._is_exclusive).done(self._log)
            outcomes |= zip(able, carried_out, strict=True)
        found = [outcomes[number] for number in range(len(asked))]
        refused = [(one, made) for one, made in zip(asked, found, strict=True) if isinstance(made, Refused | Conflict)]
        if refused:
            await self._log_refusals(refused, signed)
        return found

    def _check(self, asked: Asked, signed: Signed) -> None:
        """Look at all that needs no database. Raises InvalidSsin, Malformed or Refused."""
        line, catalogue = asked.line, self._catalogue.current
        self._surroundings.ssin(line.ssin)
        evidence = line.evidence.value if line.evidence else ""
        self._surroundings.check_pseudonymous({"$.reference": line.reference, "$.evidence.value": evidence})
        rules.check_phase(line.phase)
        institution = rules.may_keep(catalogue, signed.institution, line.institution, self._today)
        context = rules.own_context(catalogue, institution, line.context, self._today)
        if asked.kind.inscribes:
            rules.check_evidence(context, line.evidence)

    async def _log_refusals(self, refused: Sequence[tuple[Asked, Refused | Conflict]], signed: Signed) -> None:
        with outages():
            async with self._pool.acquire() as connection:
                closures = await closures_of(connection, (asked.line.ssin for asked, _ in refused))
        await self._log.append_many(refusal_of(asked, error, closures, signed) for asked, error in refused)

    def _is_exclusive(self, context: str) -> bool:
        return rules.is_exclusive(self._catalogue.current, context, self._today)

    @property
    def _today(self) -> date:
        return self._surroundings.today
