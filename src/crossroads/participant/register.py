"""Match requests: does this person exist, and are the particulars right? Never data."""

import unicodedata
from datetime import date

from crossroads.participant.config import RegisterSource
from crossroads.participant.datasources import Database, prepared
from crossroads.participant.yamlfile import WrongSetting
from crossroads.wire.messages import MatchAnswer, MatchRequest


class RegisterOfPersons:
    """The register of persons, behind one query that gives birth_date and last_name of a number."""

    def __init__(self, database: Database, source: RegisterSource) -> None:
        """Check the query's parameters. Raises WrongSetting."""
        self._database = database
        self.query = prepared("register", source.sql, frozenset({"ssin"}))

    async def try_out(self, ssin: str) -> str:
        """Run the query and tell what it gave. Raises Unavailable, or WrongSetting when it lacks a column."""
        rows = await self._database.rows(self.query, {"ssin": ssin})
        if rows and not {"birth_date", "last_name"} <= set(rows[0]):
            raise WrongSetting("the query gives birth_date and last_name")
        return "the query runs" if rows else "the query runs; no such person, so its columns were not seen"

    async def match(self, request: MatchRequest) -> MatchAnswer:
        """Compare the birth date as written and the name without case, accents and punctuation. Raises Unavailable."""
        rows = await self._database.rows(self.query, {"ssin": request.ssin})
        matches = any(
            _written(row["birth_date"]) == request.birth_date and folded(row["last_name"]) == folded(request.last_name)
            for row in rows
        )
        return MatchAnswer(ticket=request.ticket, exists=bool(rows), matches=matches)


def folded(name: str) -> str:
    """Give a name as it is compared: letters and digits alone, without case or accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _written(birth: date | str) -> str:
    return birth.isoformat() if isinstance(birth, date) else birth
