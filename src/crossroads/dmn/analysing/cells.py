"""The cells of inputs, one by one: what each speaks of, and what is wrong with it by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossroads.dmn.analysing.constants import Constant, NotConstant, NoValue, constants
from crossroads.dmn.analysing.findings import Finding, Kind
from crossroads.dmn.analysing.samples import Stretch
from crossroads.dmn.analysing.seeing import Standing
from crossroads.dmn.feel.evaluator import matches
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.syntax import Node, UnaryTests
from crossroads.dmn.feel.values import Time, Value, kind, literal
from crossroads.dmn.model import Condition, Place

Report = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its tests (None: they cannot be read, and never hold) and its constants (None: they do not tell all)."""

    place: Place
    rule: int
    tests: UnaryTests | None
    constants: tuple[Constant, ...] | None


def takes(tests: UnaryTests, value: Value) -> bool:
    """Tell whether tests of constants hold for a value."""
    return matches(tests, value, Scope({}, notes=[])) is True


def taken(tests: UnaryTests | None, parts: Sequence[Stretch]) -> int:
    """Give the stretches that tests of constants take, as bits; none where they cannot be read."""
    return sum(int(tests is not None and takes(tests, part.sample)) << n for n, part in enumerate(parts))


def cells(standing: Standing, column: int, of: str | None, report: Report) -> list[Cell]:
    """Read the cells of an input column whose values are of a kind (None: of any), and report what is wrong."""
    rules = enumerate(standing.table.rules, 1)
    return [_cell(standing, rule.inputs[column - 1], n, column, of, report) for n, rule in rules]


def see_names(standing: Standing, node: Node | None, place: Place, rules: tuple[int, ...], report: Report) -> None:
    """Report the names that nothing has."""
    for name in dict.fromkeys(standing.seen.unknown(node) if node else ()):
        report(Finding(kind=Kind.NAME, message=f"nothing is named {name} here", place=place, rules=rules))


def see_allowed(cell: Cell, limits: Sequence[UnaryTests], report: Report) -> None:
    """Report the values that a cell names and that its column may not have."""
    for one in cell.constants or ():
        if one.exact and one.value is not None and not all(takes(tests, one.value) for tests in limits):
            message = f"{literal(one.value)} is not among the values that are allowed here"
            report(Finding(kind=Kind.VALUE, message=message, place=cell.place, rules=(cell.rule,)))


def has_offset(value: Value) -> bool:
    """Tell whether a value is a time of day with an offset or zone, which times without one are not compared with."""
    return isinstance(value, Time) and value.zone is not None


def _cell(standing: Standing, condition: Condition, rule: int, column: int, of: str | None, report: Report) -> Cell:
    place = standing.cell(condition, rule, column)

    def tell(what: Kind, message: str) -> None:
        report(Finding(kind=what, message=message, place=place, rules=(rule,)))

    tests = standing.seen.maker.tests(condition)
    if tests is None:
        return Cell(place, rule, None, ())
    see_names(standing, tests, place, (rule,), report)
    found: tuple[Constant, ...] | None = None
    try:
        found = constants(tests)
    except NoValue as why:
        tell(Kind.VALUE, f"this is no value: {why}")
    except NotConstant as why:
        tell(Kind.UNKNOWN, f"not analysed: {why}. Gaps, overlaps and rules that hang on this cell are not told")
    odd = [one for one in found or () if of and one.value is not None and kind(one.value) != of]
    for one in odd:
        tell(Kind.TYPE, f"{literal(one.value)} is a {kind(one.value)}, and the input a {of}")
    if any(has_offset(one.value) for one in found or ()):
        tell(Kind.UNKNOWN, "not analysed: it speaks of a time with an offset")
        return Cell(place, rule, tests, None)
    return Cell(place, rule, tests, None if odd else found)
