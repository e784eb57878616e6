"""What sources and the register say, as this room keeps it."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.kernel.period import Period
from crossroads.participant.client import BlockRejected, OpenedBlock
from crossroads.statuses.model import Holding, Home, Resident
from crossroads.wire.batches import RecordLine
from crossroads.wire.messages import Answer

_NOTHING_WRONG = (Code.NO_HOLDER, Code.DECEASED)
"""Why a data group may be left out of an answer."""
_NOT_SO = (ValueError, TypeError, KeyError, AttributeError, msgspec.MsgspecError)


class Unreadable(CrossroadsError):
    """A source gives a day or a period that cannot be, or what has not its form: it is as if it was silent."""


def failed_sources(said: RecordLine | Answer, rejected: Iterable[BlockRejected]) -> set[str]:
    """Give the sources that said nothing, or nothing that holds. Raises Refused for what the hub refuses."""
    if said.status.value is StatusValue.NO_RESULT:
        raise Refused(f"The hub refuses to ask about somebody: {said.status.description}")
    for one in said.filtered:
        if one.code not in _NOTHING_WRONG:
            raise Refused(f"The hub leaves {one.data_group} out: {one.reason}")
    failed = {one.institution for one in said.sources if one.status is StatusValue.TECHNICAL_ERROR}
    return failed | {one.source for one in rejected}


def resident(ssin: str, block: OpenedBlock | None) -> Resident:
    """Read what the register says of a person; nothing where it says nothing. Raises Unreadable."""
    try:
        said: Mapping[str, str] = block.json if block else {}
        birth, death = _whole(said.get("birthDate")), _whole(said.get("deathDate"))
        return Resident(ssin=ssin, birth=birth, death=death, postcode=said.get("postcode"))
    except _NOT_SO:
        raise Unreadable("The register gives a day that does not exist, or no form that is known.") from None


def home(ssin: str, block: OpenedBlock | None) -> Home:
    """Read with whom a person lives: alone, where the register knows of no household. Raises Unreadable."""
    if block is None:
        return Home(ssin=ssin, members=frozenset((ssin,)), collective=False)
    try:
        members = frozenset(one["ssin"] for one in block.json["members"])
        return Home(ssin=ssin, members=members | {ssin}, collective=block.json["collective"])
    except _NOT_SO:
        raise Unreadable("The register gives a household in no form that is known.") from None


def holdings(ssin: str, status: str, block: OpenedBlock, day: date) -> list[Holding]:
    """Read when a person has a status, as its source says on a day. Raises Unreadable."""
    try:
        periods = [_period(days["startDate"], days.get("endDate")) for days in block.json["periods"]]
    except _NOT_SO:
        raise Unreadable(f"{block.source} gives a period that cannot be.") from None
    return [Holding(ssin=ssin, status=status, source=block.source, period=one, extracted=day) for one in periods]


def _period(start: str, end: str | None) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


def _whole(text: str | None) -> date | None:
    """Give a day; None where there is none, or the register knows only the year or the month."""
    return None if not text or "-00" in text else date.fromisoformat(text)
