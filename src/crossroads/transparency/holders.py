"""Who knows the person, in which capacity, for which period. Pure."""

from collections.abc import Iterable
from datetime import date

from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Line, Phase
from crossroads.kernel.identifiers import parse_context
from crossroads.kernel.period import day
from crossroads.transparency.words import Names
from crossroads.wire.usage import Holder


def holders(lines: Iterable[Line], snapshot: Snapshot, today: date) -> tuple[Holder, ...]:
    """Give the lines of the directory with their names, those that hold today first, then the newest."""
    ordered = sorted(
        lines, key=lambda line: (not line.period.contains(day(today)), -line.period.start_date.toordinal())
    )
    return tuple(_holder(line, Names(snapshot, _named_on(line, today))) for line in ordered)


def _named_on(line: Line, today: date) -> date:
    """Give the day whose names count: today, or the last day of a line that is over."""
    return min(line.period.last, today)


def _holder(line: Line, names: Names) -> Holder:
    sector = parse_context(line.context).sector
    return Holder(
        institution=line.institution,
        institution_names=names.institution(line.institution),
        sector=sector,
        sector_names=names.sector(sector),
        context=line.context,
        context_names=names.context(line.context),
        period=line.period,
        provisional=line.phase == Phase.PROVISIONAL,
    )
