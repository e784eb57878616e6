"""The cells of outputs: names, types, and values that are not listed; and which outputs are told beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossroads.dmn.analysing.cells import Report, see_names, takes
from crossroads.dmn.analysing.constants import NotConstant, NoValue, constant
from crossroads.dmn.analysing.findings import Finding, Kind
from crossroads.dmn.analysing.seeing import Standing
from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.evaluator import matches
from crossroads.dmn.feel.inference import result_type
from crossroads.dmn.feel.scope import Scope, Work
from crossroads.dmn.feel.types import ANY, NULL, Simple, Type, conforms, conversion
from crossroads.dmn.feel.values import Value, kind, literal, same
from crossroads.dmn.model import Literal, OutputClause, Place, Rule
from crossroads.dmn.ready_tables import ranks_of


def see_outputs(standing: Standing, report: Report) -> None:
    """Report what is wrong with the outputs of rules and with defaults."""
    for number, column in standing.columns():
        if column.default is not None:
            _see(standing, column, column.default, standing.cell(column.default, None, number), (), report)
        for n, rule in enumerate(standing.table.rules, 1):
            cell = rule.outputs[number - 1 - len(standing.table.inputs)]
            _see(standing, column, cell, standing.cell(cell, n, number), (n,), report)


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule gives in one column: its expression, and its value where that is told beforehand."""

    tree: syntax.Expression | None
    value: Value = None
    is_told: bool = True


def given(standing: Standing, rule: Rule) -> tuple[Given, ...]:
    """Give what a rule gives, column by column."""
    return tuple(_given(standing.seen.maker.tree(cell)) for cell in rule.outputs)


def agree(one: Sequence[Given], other: Sequence[Given]) -> bool | None:
    """Tell whether two rules give the same; None where that is not known beforehand."""
    answers = [_alike(left, right) for left, right in zip(one, other, strict=True)]
    if False in answers:
        return False
    return None if None in answers else True


def rank(standing: Standing, rule: Rule) -> tuple[int, ...]:
    """Give the places of a rule's outputs among the output values. Raises NotConstant, NoValue."""
    places = []
    for column, cell in zip(standing.table.outputs, rule.outputs, strict=True):
        tree = standing.seen.maker.tree(cell)
        value = None if tree is None else constant(tree)
        tests = ranks_of(standing.seen.maker, column)
        places.append(next((n for n, test in enumerate(tests) if takes(test, value)), len(tests)))
    return tuple(places)


def _given(tree: syntax.Expression | None) -> Given:
    try:
        return Given(tree, None if tree is None else constant(tree))
    except (NotConstant, NoValue):
        return Given(tree, is_told=False)


def _alike(left: Given, right: Given) -> bool | None:
    if left.is_told and right.is_told:
        return same(left.value, right.value)
    return True if left.tree == right.tree else None


def _see(
    standing: Standing, column: OutputClause, cell: Literal, place: Place, rules: tuple[int, ...], report: Report
) -> None:
    def tell(what: Kind, message: str) -> None:
        report(Finding(kind=what, message=message, place=place, rules=rules))

    tree = standing.seen.maker.tree(cell)
    if tree is None:
        return
    see_names(standing, tree, place, rules, report)
    try:
        value = constant(tree)
    except NoValue as why:
        tell(Kind.VALUE, f"this is no value: {why}")
    except NotConstant as why:
        if message := _computed(standing, column, tree):
            tell(Kind.TYPE, message)
        elif _declared(standing, column) != ANY and result_type(tree, standing.seen.types, Work()) == ANY:
            tell(Kind.UNKNOWN, f"the type of what this gives is not analysed: {why}")
    else:
        _see_constant(standing, column, value, tell)


def _declared(standing: Standing, column: OutputClause) -> Type:
    return standing.seen.maker.shapes.of(column.type_ref).type


def _computed(standing: Standing, column: OutputClause, tree: syntax.Expression) -> str | None:
    """Say where the type of what is computed is known and is another than the column's."""
    given, wanted = result_type(tree, standing.seen.types, Work()), _declared(standing, column)
    both = isinstance(given, Simple) and isinstance(wanted, Simple) and ANY not in (given, wanted) and given != NULL
    becomes = (given, wanted) == (Simple("date"), Simple("date and time"))
    if not both or becomes or conforms(given, wanted):
        return None
    assert isinstance(given, Simple)  # noqa: S101 - asked above
    assert isinstance(wanted, Simple)  # noqa: S101 - asked above
    return f"this gives a {given.name}, and the output is a {wanted.name}"


def _see_constant(standing: Standing, column: OutputClause, value: Value, tell: Callable[[Kind, str], None]) -> None:
    shape = standing.seen.maker.shapes.of(column.type_ref)
    fits, converted = conversion(value, shape.type)
    if not fits:
        name = shape.type.name if isinstance(shape.type, Simple) else column.type_ref
        tell(Kind.TYPE, f"{literal(value)} is a {kind(value)}, and the output is a {name}")
        return
    listed = standing.seen.maker.tests(column.values) if column.values and column.values.text.strip() else None
    among = listed is None or matches(listed, converted, Scope({}, notes=[])) is True
    if value is not None and not (among and shape.admits(converted, Scope({}, notes=[]))):
        tell(Kind.VALUE, f"{literal(value)} is not among the values of this output")
