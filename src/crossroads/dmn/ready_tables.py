"""Decision tables made ready."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.evaluator import matches
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.syntax import UnaryTests
from crossroads.dmn.feel.values import Value
from crossroads.dmn.making import Compute, Fired, Maker, Trace, noted, nothing, placed
from crossroads.dmn.model import Condition, DecisionTable, HitPolicy, OutputClause
from crossroads.dmn.tables import Matches, Outputs, settle, unmatched, valued

Test = Callable[[Value, Scope], bool]
RANKED = (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A table whose cells are parsed: columns from the left, rules from the top."""

    table: DecisionTable
    title: str
    inputs: tuple[Compute, ...]
    allowed: tuple[Test, ...]
    tests: tuple[tuple[Test, ...], ...]
    outputs: tuple[tuple[Compute, ...], ...]
    defaults: tuple[Compute, ...]
    ranks: tuple[tuple[UnaryTests, ...], ...]

    def decide(self, scope: Scope, trace: Trace) -> Value:
        """Match the rules and apply the hit policy."""
        facts = [compute(scope, trace) for compute in self.inputs]
        for column, test, fact in zip(self.table.inputs, self.allowed, facts, strict=True):
            if not test(fact, scope):
                name = " ".join(column.expression.text.split())
                scope.note(f'input "{name}" has a value that is not among its input values')
                return None
        rules = tuple(n for n, row in enumerate(self.tests, 1) if _all(row, facts, scope))
        return self._settled(rules, scope, trace) if rules else self._default(scope, trace)

    def _settled(self, rules: tuple[int, ...], scope: Scope, trace: Trace) -> Value:
        given: dict[int, Outputs] = {}

        def outputs(rule: int) -> Outputs:
            if rule not in given:
                given[rule] = tuple(cell(scope, trace) for cell in self.outputs[rule - 1])
                for value in given[rule]:
                    scope.work.look_through(value)
            return given[rule]

        verdict = settle(Matches(self.table, rules, outputs, lambda values: self._rank(values, scope)))
        if verdict.violation:
            scope.note(verdict.violation)
        trace += [Fired(self.title, rule, self.table.rules[rule - 1].id) for rule in verdict.fired]
        return verdict.value

    def _default(self, scope: Scope, trace: Trace) -> Value:
        if not any(column.default and column.default.text.strip() for column in self.table.outputs):
            value = unmatched(self.table)
            if value is None:
                scope.note("no rule matches, and the table has no default")
            return value
        return valued(self.table, tuple(default(scope, trace) for default in self.defaults))

    def _rank(self, outputs: Outputs, scope: Scope) -> tuple[int, ...]:
        return tuple(_place(value, tests, scope) for value, tests in zip(outputs, self.ranks, strict=True))


def _all(row: tuple[Test, ...], facts: list[Value], scope: Scope) -> bool:
    return all(test(fact, scope) for test, fact in zip(row, facts, strict=True))


def _place(value: Value, tests: tuple[UnaryTests, ...], scope: Scope) -> int:
    for n, test in enumerate(tests):
        if matches(test, value, scope) is True:
            return n
    return len(tests)


def table_of(maker: Maker, table: DecisionTable) -> Compute:
    """Make a decision table ready."""
    ranks = tuple(ranks_of(maker, column) for column in table.outputs)
    if table.hit_policy in RANKED and not any(ranks):
        maker.complain(BadModel(f"{table.hit_policy} needs output values, in order", table.place))
    ready = _Ready(
        table,
        title=str(table.place) if table.place.words else maker.owner,
        inputs=tuple(maker.make(replace(column.expression, type_ref=None)) for column in table.inputs),
        allowed=tuple(_allowed(maker, column.values) for column in table.inputs),
        tests=tuple(tuple(_test(maker, cell) for cell in rule.inputs) for rule in table.rules),
        outputs=tuple(tuple(maker.make(cell) for cell in rule.outputs) for rule in table.rules),
        defaults=tuple(maker.make(column.default) if column.default else nothing for column in table.outputs),
        ranks=ranks,
    )
    return noted(ready.decide, table.place)


def ranks_of(maker: Maker, column: OutputClause) -> tuple[UnaryTests, ...]:
    """Give the output values one by one, in their order; without any, those that the column's type allows."""
    if column.values is None or not column.values.text.strip():
        listed = [test for tests in maker.shapes.of(column.type_ref).tests for test in tests.tests]
    else:
        tests = maker.tests(column.values)
        listed = list(tests.tests) if tests else []
    return tuple(UnaryTests((test,)) for test in listed)


def _allowed(maker: Maker, values: Condition | None) -> Test:
    """Make the test of a column's input values; a list passes as a whole or by each of its items."""
    if values is None or not values.text.strip():
        return lambda _value, _scope: True
    test = _test(maker, values)
    return lambda value, scope: (
        test(value, scope) or (isinstance(value, list) and all(test(item, scope) for item in value))
    )


def _test(maker: Maker, cell: Condition) -> Test:
    """Make a cell's test: what cannot be read never holds."""
    tests = maker.tests(cell)
    if tests is None:
        return lambda _value, _scope: False
    return lambda value, scope: placed(lambda: matches(tests, value, scope), cell.place, scope) is True
