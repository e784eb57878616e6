"""A decision table read cell by cell: what its rules test and give, as columns."""

from collections.abc import Sequence

from crossroads.dmn.compiled.fitting import fitted
from crossroads.dmn.compiled.lowering import Scope, all_of, matched, scalar
from crossroads.dmn.compiled.refusals import NotCompiled, at
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.rules import Line, Sheet
from crossroads.dmn.compiled.terms import Constant, Scalar, Term
from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.evaluator import matches
from crossroads.dmn.feel.scope import Scope as Values
from crossroads.dmn.making import Maker
from crossroads.dmn.model import DecisionTable, Literal, Place, Rule
from crossroads.dmn.ready_tables import RANKED, ranks_of


def sheet_of(table: DecisionTable, maker: Maker, scope: Scope, rows: Rows) -> Sheet:
    """Compile the cells of a table. Raises NotCompiled, which names the cell."""
    inputs = _inputs(table, maker, scope, rows)
    ranks = [ranks_of(maker, column) for column in table.outputs] if table.hit_policy in RANKED else []
    return Sheet(
        lines=tuple(_line(n, rule, inputs, maker, scope, ranks) for n, rule in enumerate(table.rules, 1)),
        columns=tuple(column.name or "" for column in table.outputs),
        defaults=tuple(_literal(column.default, maker, scope) for column in table.outputs),
        policy=table.hit_policy,
        aggregation=table.aggregation,
        defaulted=any(column.default for column in table.outputs),
        valid=_valid(table, inputs, maker, scope, rows),
    )


def _literal(thing: Literal | None, maker: Maker, scope: Scope) -> Scalar:
    tree = maker.tree(thing) if thing else None
    if thing is None or tree is None:
        return Constant(None)
    found = at(thing.place, lambda: fitted(scalar(tree, scope), maker.shapes.of(thing.type_ref, thing.place)))
    assert isinstance(found, Constant | Term)  # noqa: S101 - what is single stays single
    return found


def _inputs(table: DecisionTable, maker: Maker, scope: Scope, rows: Rows) -> list[Scalar]:
    found = rows.keep_all([_literal(column.expression, maker, scope) for column in table.inputs])
    return [one for one in found if isinstance(one, Constant | Term)]


def _valid(table: DecisionTable, inputs: Sequence[Scalar], maker: Maker, scope: Scope, rows: Rows) -> Scalar:
    """Whether every fact is among the values that its column lists."""
    answers: list[Scalar] = [Constant(True)]
    for column, subject in zip(table.inputs, inputs, strict=True):
        tests = maker.tests(column.values) if column.values and column.values.text.strip() else None
        if column.values and tests:
            answers.append(at(column.values.place, lambda s=subject, t=tests: matched(t, s, scope)))  # type: ignore[misc]  # bound at once
    valid = all_of(answers)
    if isinstance(valid, Constant):
        return Constant(valid.value is True)
    (kept,) = rows.keep(valid.value.fill_null(False))
    return Term(kind=valid.kind, value=kept, nullable=False)


def _line(
    number: int,
    rule: Rule,
    inputs: Sequence[Scalar],
    maker: Maker,
    scope: Scope,
    ranks: Sequence[Sequence[syntax.UnaryTests]],
) -> Line:
    tests = [maker.tests(condition) or syntax.UnaryTests(()) for condition in rule.inputs]
    answers: list[Scalar] = [Constant(True)]
    for condition, test, subject in zip(rule.inputs, tests, inputs, strict=True):
        answers.append(at(condition.place, lambda s=subject, t=test: matched(t, s, scope)))  # type: ignore[misc]  # bound at once
    outputs = tuple(_literal(output, maker, scope) for output in rule.outputs)
    rank = tuple(
        _rank(output, place.place, tests) for output, place, tests in zip(outputs, rule.outputs, ranks, strict=False)
    )
    return Line(number, all_of(answers), outputs, tuple(tests), rank)


def _rank(output: Scalar, place: Place, ranks: Sequence[syntax.UnaryTests]) -> int:
    if not isinstance(output, Constant):
        raise NotCompiled("an output that is ranked must be a constant", place)
    return next((n for n, test in enumerate(ranks) if matches(test, output.value, Values({})) is True), len(ranks))
