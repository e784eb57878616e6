"""Decision models for tests, written short."""

from collections.abc import Iterable, Mapping, Sequence

from crossroads.dmn.evaluation import Model, Outcome
from crossroads.dmn.model import (
    Condition,
    Decision,
    DecisionTable,
    Definitions,
    Expression,
    InputClause,
    InputData,
    ItemDefinition,
    Literal,
    OutputClause,
    Requirements,
    Rule,
    Variable,
)

Rows = Sequence[tuple[Sequence[str], Sequence[str]]]


def literal(text: str, type_ref: str | None = None) -> Literal:
    return Literal(text=text, type_ref=type_ref)


def given(name: str, type_ref: str | None = None) -> InputData:
    return InputData(name=name, id=name, variable=Variable(name=name, type_ref=type_ref))


def decision(
    name: str,
    expression: Expression | None,
    *,
    inputs: Iterable[str] = (),
    decisions: Iterable[str] = (),
    knowledge: Iterable[str] = (),
    type_ref: str | None = None,
) -> Decision:
    return Decision(
        name=name,
        id=name,
        variable=Variable(name=name, type_ref=type_ref),
        expression=expression,
        requires=Requirements(
            inputs=tuple(f"#{one}" for one in inputs),
            decisions=tuple(f"#{one}" for one in decisions),
            knowledge=tuple(f"#{one}" for one in knowledge),
        ),
    )


def table(columns: Sequence[str], rows: Rows, *outputs: OutputClause, **more: object) -> DecisionTable:
    """Give a table of conditions on expressions; without outputs given, one column without a name."""
    return DecisionTable(
        inputs=tuple(InputClause(expression=literal(column)) for column in columns),
        outputs=outputs or (OutputClause(),),
        rules=tuple(
            Rule(
                inputs=tuple(Condition(text=test) for test in tests),
                outputs=tuple(literal(result) for result in results),
                id=f"rule-{n}",
            )
            for n, (tests, results) in enumerate(rows, 1)
        ),
        **more,  # type: ignore[arg-type]  # each test names what it sets
    )


def model(
    inputs: Iterable[InputData] = (), decisions: Iterable[Decision] = (), items: Iterable[ItemDefinition] = ()
) -> Definitions:
    return Definitions(
        name="test", namespace="urn:test", inputs=tuple(inputs), decisions=tuple(decisions), items=tuple(items)
    )


def answer(expression: Expression, facts: Mapping[str, object] | None = None, type_ref: str | None = None) -> Outcome:
    """Evaluate one expression that may use the facts."""
    facts = facts or {}
    built = model([given(name) for name in facts], [decision("Answer", expression, inputs=facts, type_ref=type_ref)])
    return Model(built).evaluate("Answer", facts)
