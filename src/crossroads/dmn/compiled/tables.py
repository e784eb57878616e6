"""Decision tables as Ibis expressions, with what `dmn.tables` makes of the same rows: one way for each hit policy."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from crossroads.dmn.compiled.all_rules import collect, output_order, rule_order
from crossroads.dmn.compiled.one_rule import first, priority, unique, whichever
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.rules import Line, Result, Sheet
from crossroads.dmn.compiled.terms import Constant
from crossroads.dmn.model import HitPolicy


def decided(sheet: Sheet, rows: Rows) -> Result:
    """Compile a table. Raises Refused where its outputs cannot be brought together."""
    possible = tuple(line for line in sheet.lines if not _never(line))
    return _POLICIES[sheet.policy](replace(sheet, lines=possible), rows)


def _never(line: Line) -> bool:
    return isinstance(line.matches, Constant) and line.matches.value is not True


_POLICIES: Mapping[HitPolicy, Callable[[Sheet, Rows], Result]] = {
    HitPolicy.UNIQUE: unique,
    HitPolicy.ANY: whichever,
    HitPolicy.PRIORITY: priority,
    HitPolicy.FIRST: first,
    HitPolicy.COLLECT: collect,
    HitPolicy.RULE_ORDER: rule_order,
    HitPolicy.OUTPUT_ORDER: output_order,
}
