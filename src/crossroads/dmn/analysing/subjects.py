"""What a table looks at: each input expression once, with the stretches of its values and the rules that take them.

Sets of stretches are whole numbers, one bit for each stretch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

from crossroads.dmn.analysing.cells import Cell, Report, cells, has_offset, see_allowed, see_names, taken, takes
from crossroads.dmn.analysing.constants import Constant, NotConstant, NoValue, constants
from crossroads.dmn.analysing.findings import Finding, Kind
from crossroads.dmn.analysing.samples import KINDS, NULL, Stretch, stretches
from crossroads.dmn.analysing.seeing import Standing
from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.syntax import UnaryTests
from crossroads.dmn.feel.types import ANY, Simple
from crossroads.dmn.feel.values import kind
from crossroads.dmn.model import InputClause, Place
from crossroads.dmn.shapes import Shape

MOST_TRIES = 400_000
"""How often cells of one input are tried, at most: beyond that it is left unanalysed."""


@dataclass(slots=True)
class Subject:
    """An input expression: its stretches, which of them are allowed, and for each rule what it may and surely takes.

    Without a `kind` there is one stretch, of which nothing is known.
    """

    text: str
    place: Place
    kind: str | None
    is_ordered: bool
    parts: Sequence[Stretch]
    is_free: bool = False
    allowed: int = 0
    null: int = 0
    may: list[int] = field(default_factory=list)
    must: list[int] = field(default_factory=list)

    def domain(self, *, null: bool) -> int:
        """Give the stretches that are allowed, null among them or not."""
        return self.allowed if null else self.allowed & ~self.null


def subjects(standing: Standing, report: Report, *, null: bool) -> list[Subject]:
    """Give what a table looks at, and report what is wrong with its cells.

    `null` counts as a value of every input; otherwise of those of which a cell speaks of null.
    """
    groups: dict[object, list[int]] = {}
    for number, column in enumerate(standing.table.inputs, 1):
        tree = standing.seen.maker.tree(column.expression)
        see_names(standing, tree, standing.cell(column, None, number), (), report)
        groups.setdefault(tree or number, []).append(number)
    return [_subject(standing, numbers, report, null=null) for numbers in groups.values()]


def _subject(standing: Standing, numbers: Sequence[int], report: Report, *, null: bool) -> Subject:
    columns = [standing.table.inputs[number - 1] for number in numbers]
    maker = standing.seen.maker
    tree = maker.tree(columns[0].expression)
    shapes = _shapes(standing, tree, columns)
    place = standing.cell(columns[0], None, numbers[0])
    declared = _declared(shapes, place, report)
    rows = [cells(standing, number, declared, report) for number in numbers]
    own = [maker.tests(one.values) for one in columns if one.values and one.values.text.strip()]
    limits = _limits([*filter(None, own), *shapes[0].tests], place, report)
    named = _limits([tests for shape in shapes[1:] for tests in shape.tests if tests not in limits], place, report)
    spoken = [one for row in rows for cell in row for one in cell.constants or ()]
    ends = [*spoken, *(one for tests in limits for one in constants(tests))]
    found = _stretched(_text(tree, columns[0]), place, _kind(declared, shapes, ends), ends)
    found.is_free = isinstance(tree, syntax.Name) and tree.name in standing.seen.free
    if found.kind is None:
        return _unknown(found, rows, report)
    wide = len(found.parts) * len({cell.tests for row in rows for cell in row})
    if wide > MOST_TRIES:
        return _unknown(found, rows, report)
    spoken_of = null or any(one.value is None for one in spoken)
    _allow(found, limits, null=spoken_of and all(takes(tests, None) for tests in filter(None, own)))
    if not found.allowed:
        report(Finding(kind=Kind.VALUE, message="no value of this input is allowed", place=place))
    for cell in (cell for row in rows for cell in row):
        see_allowed(cell, [*limits, *named], report)
    _take(found, rows)
    return found


def _shapes(standing: Standing, tree: syntax.Expression | None, columns: Iterable[InputClause]) -> list[Shape]:
    """Give what is declared of an input: by its name, then by its columns.

    What a name is declared to be is seen to when a table is decided; what a column says, beside its values, is not.
    """
    maker = standing.seen.maker
    return [standing.seen.shape(tree), *(maker.shapes.of(column.expression.type_ref) for column in columns)]


def _declared(shapes: Iterable[Shape], place: Place, report: Report) -> str | None:
    named = [shape.type.name for shape in shapes if isinstance(shape.type, Simple) and shape.type.name in KINDS]
    if len(set(named)) > 1:
        message = f"the input is a {named[0]} where it is declared, and the column says {named[-1]}"
        report(Finding(kind=Kind.TYPE, message=message, place=place))
    return named[0] if named else None


def _kind(declared: str | None, shapes: Iterable[Shape], ends: Iterable[Constant]) -> str | None:
    """Give the kind of an input; where nothing is declared, that of all values that its cells speak of."""
    if any(shape.type != ANY and not _is_scalar(shape) for shape in shapes):
        return None
    kinds = {kind(one.value) for one in ends if one.value is not None} | ({declared} if declared else set())
    found = next(iter(kinds)) if len(kinds) == 1 else None
    return found if found in KINDS else None


def _is_scalar(shape: Shape) -> bool:
    return isinstance(shape.type, Simple) and shape.type.name in KINDS


def _text(tree: syntax.Expression | None, column: InputClause) -> str:
    return tree.name if isinstance(tree, syntax.Name) else " ".join(column.expression.text.split())


def _limits(listed: Iterable[UnaryTests], place: Place, report: Report) -> list[UnaryTests]:
    """Give the tests that say which values are allowed; one that does not tell beforehand is reported and left out."""
    limits: list[UnaryTests] = []
    for tests in dict.fromkeys(listed):
        try:
            if any(has_offset(one.value) for one in constants(tests)):
                raise NotConstant("times with an offset")  # noqa: TRY301 - told as the others are
            limits.append(tests)
        except (NotConstant, NoValue) as why:
            message = f"which values are allowed is not analysed: {why}. An example may be of one that is not"
            report(Finding(kind=Kind.UNKNOWN, message=message, place=place))
    return limits


def is_ordered(of: str | None, ends: Iterable[Constant]) -> bool:
    """Tell whether the order of values matters: of texts only where a cell compares by it."""
    return of != "boolean" and (of != "string" or any(not one.exact for one in ends))


def _stretched(text: str, place: Place, known: str | None, ends: Sequence[Constant]) -> Subject:
    values = [one.value for one in ends if one.value is not None]
    ordered = is_ordered(known, ends)
    parts = stretches(known, values, ordered=ordered) if known else [NULL]
    return Subject(text=text, place=place, kind=known, is_ordered=ordered, parts=parts)


def _unknown(subject: Subject, rows: Sequence[Sequence[Cell]], report: Report) -> Subject:
    """Take all values for one, of which only `-` is known to hold."""
    subject.kind, subject.parts, subject.allowed = None, [NULL], 1
    empty = [all(cell.tests is not None and not cell.tests.tests for cell in line) for line in zip(*rows, strict=True)]
    never = [any(cell.tests is None for cell in line) for line in zip(*rows, strict=True)]
    subject.must = [int(one) for one in empty]
    subject.may = [int(not one) for one in never]
    if not all(empty):
        message = "not analysed: its cells speak of values of no kind, of several, or of too many"
        report(Finding(kind=Kind.UNKNOWN, message=message, place=subject.place))
    return subject


def _allow(subject: Subject, limits: Sequence[UnaryTests], *, null: bool) -> None:
    for n, part in enumerate(subject.parts):
        subject.allowed |= int(all(takes(tests, part.sample) for tests in limits)) << n
    if null:
        subject.null = 1 << len(subject.parts)
        subject.parts = [*subject.parts, NULL]
        subject.allowed |= subject.null


def _take(subject: Subject, rows: Sequence[Sequence[Cell]]) -> None:
    """Try every cell on every stretch; a rule takes what its cells of all columns of the subject take."""
    whole = (1 << len(subject.parts)) - 1
    known: dict[UnaryTests | None, int] = {}
    for line in zip(*rows, strict=True):
        for cell in line:
            if cell.tests not in known:
                known[cell.tests] = taken(cell.tests, subject.parts)
        told = [known[cell.tests] for cell in line if cell.constants is not None]
        sure = all(cell.constants is not None for cell in line)
        subject.may.append(reduce(and_, told, whole))
        subject.must.append(reduce(and_, told, whole) if sure else 0)
