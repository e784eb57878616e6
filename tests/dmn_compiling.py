"""Decision tables drawn at random over one fixed set of columns, and what evaluation says of the same rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from crossroads.dmn.evaluation import Model, Outcome
from crossroads.dmn.feel.values import Date, DaysTime, Value, YearsMonths, literal
from crossroads.dmn.model import (
    Aggregation,
    Condition,
    Decision,
    DecisionTable,
    Definitions,
    HitPolicy,
    InputClause,
    InputData,
    Literal,
    OutputClause,
    Requirements,
    Rule,
    Variable,
)

DECISION = "Answer"
DAYS, MONTHS = "days and time duration", "years and months duration"
COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "Amount": ("number", pa.int32()),
    "Price": ("number", pa.decimal128(9, 2)),
    "Kind of person": ("string", pa.string()),
    "Place": ("string", pa.string()),
    "Married": ("boolean", pa.bool_()),
    "Born": ("date", pa.date32()),
    "Died": ("date", pa.date32()),
    "Waited": (DAYS, pa.int64()),
    "Worked": (MONTHS, pa.int64()),
}
"""The columns: the type of each in FEEL, and in the table."""
SCHEMA = pa.schema([(name, column) for name, (_, column) in COLUMNS.items()])
_SECONDS_A_DAY, _INT32 = 86_400, 2**31
POOLS: Mapping[str, Sequence[Value]] = {
    "number": [Decimal(text) for text in ("-1", "0", "1", "2.5", "2.505", "3", "10", "4000000000")],
    "string": ["", "a", "ab", "b", "é"],
    "boolean": [True, False],
    "date": [Date(2023, 12, 31), Date(2024, 1, 31), Date(2024, 2, 29), Date(2025, 3, 1)],
    DAYS: [DaysTime.of_seconds(seconds) for seconds in (-_SECONDS_A_DAY, 0, 3600, _SECONDS_A_DAY)],
    MONTHS: [YearsMonths(months) for months in (-1, 0, 11, 12, 216)],
}
"""Few values of each type, so that rows and cells often meet."""
COMPUTED: Mapping[str, Sequence[str]] = {
    "number": [
        "Amount + 1", "-Price", "Price * Amount", "Amount - Price", "Price / 4", "abs(Price)", "floor(Price)",
        "ceiling(Price)", "max(Amount, Price, 2)", "min([Amount, 3])", "string length(Place)",
        "Born.year * 2",
        "if Married then Amount else Price", "Worked.years", "Worked.months", "Died.weekday", "Died.month - Born.day",
    ],
    "string": ['Place + "x"', "if Amount > 1 then Place else Kind of person", "Kind of person"],
    "boolean": [
        "Married", "not(Married)", "Amount > 1 and Married", "Amount > Price or Married", "Place = Kind of person",
        "Amount in [0..3]", "Price between Amount and 3", 'starts with(Place, "a")', 'contains(Place, "b")',
        "Born != Died",
        'Place in ("a", null)', "Amount in (< 1, [2..Price])", 'list contains(["a", "b"], Place)', "Married = null",
    ],
    "date": ['Born + duration("P1M")', 'Died - duration("P1D")', 'Born - duration("P1Y2M")', "Died", "max(Born, Died)"],
    DAYS: ["Died - Born", "Waited + Waited", "Waited * 3", "-Waited"],
    MONTHS: ["years and months duration(Born, Died)", 'Worked - duration("P1Y")', "Worked * 2"],
}  # fmt: skip
"""Expressions over the columns, by the type that they give."""
_CONSTANT = (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER, HitPolicy.ANY)
_LISTS = (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)


class Drawn:
    """A model with one decision, which is one table. It is shown as the texts of its cells."""

    def __init__(self, table: DecisionTable) -> None:
        """Keep the table."""
        self.table = table

    def __repr__(self) -> str:
        """Show the table as a person would write it."""
        head = [column.expression.text for column in self.table.inputs]
        tests = [[cell.text for cell in rule.inputs] for rule in self.table.rules]
        outputs = [[cell.text for cell in rule.outputs] for rule in self.table.rules]
        rules = [one + other for one, other in zip(tests, outputs, strict=True)]
        rows = " / ".join(map(str, [head, *rules]))
        return f"{self.table.hit_policy} {self.table.aggregation or ''} {rows}"

    @property
    def model(self) -> Definitions:
        """Give the model: its inputs are the columns."""
        decision = Decision(id="table", name=DECISION, expression=self.table, requires=Requirements(inputs=_INPUTS))
        return Definitions(name="drawn", namespace="urn:drawn", inputs=_input_data(), decisions=(decision,))

    @property
    def columns(self) -> list[str]:
        """Give the columns that the decision adds."""
        if len(self.table.outputs) == 1 or self.table.hit_policy in _LISTS:
            return [DECISION]
        return [output.name or "" for output in self.table.outputs]

    def evaluated(self, rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Evaluate row by row."""
        model = Model(self.model)
        return [model.evaluate(DECISION, {name: feel(name, row[name]) for name in COLUMNS}) for row in rows]

    def expected(self, outcome: Outcome) -> list[Any]:
        """Give what the added columns must hold."""
        value = held_as(outcome.feel)
        if self.columns == [DECISION]:
            return [value]
        return [None if value is None else value[name] for name in self.columns]


def _cell(of: str) -> st.SearchStrategy[str]:
    value = st.sampled_from(POOLS[of]).map(literal)
    other = st.sampled_from([name for name, (kind, _) in COLUMNS.items() if kind == of])
    end = value if of == "boolean" else st.one_of(value, value, value, other)
    equal = st.one_of(value, value, st.just("null"), other, st.just("? = null"), value.map(lambda v: f"? != {v}"))
    tests = [equal]
    if of != "boolean":
        compared = st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), end)
        ordered = st.tuples(*[st.integers(0, len(POOLS[of]) - 1)] * 2).map(sorted)
        constant = ordered.map(lambda places: tuple(literal(POOLS[of][place]) for place in places))
        ends = st.one_of(constant, constant, st.tuples(other, value), st.tuples(value, other))
        inside = st.builds(
            lambda left, pair, right: f"{left}{pair[0]}..{pair[1]}{right}",
            st.sampled_from("[(]"),
            ends,
            st.sampled_from("])["),
        )
        listed = st.lists(value, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        tests += [compared, inside, listed, st.builds("? {} {}".format, st.sampled_from(["<", ">="]), end)]
    test = st.one_of(tests)
    several = st.lists(test, min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), test, several, several.map(lambda text: f"not({text})"))


@st.composite
def tables(draw: st.DrawFn) -> Drawn:
    """Draw a table: any hit policy, one to four inputs, no rule to six, with gaps and overlaps."""
    policy = draw(st.sampled_from(HitPolicy))
    aggregation = draw(st.sampled_from([None, *Aggregation])) if policy is HitPolicy.COLLECT else None
    subjects = draw(st.lists(st.sampled_from(_subjects()), min_size=1, max_size=4))
    given = [draw(st.sampled_from(_given(aggregation))) for _ in range(1 if aggregation else draw(st.integers(1, 2)))]
    outputs = [_output(policy, kind) for kind in given]
    defaults = policy not in _LISTS and draw(st.booleans())
    table = DecisionTable(
        inputs=tuple(
            InputClause(expression=Literal(text=text), values=draw(_input_values(of))) for text, of in subjects
        ),
        outputs=tuple(
            OutputClause(
                name=f"out {n}" if len(given) > 1 else None,
                values=Condition(text=", ".join(map(literal, POOLS[kind]))) if policy in _CONSTANT else None,
                default=Literal(text=draw(output)) if defaults else None,
            )
            for n, (kind, output) in enumerate(zip(given, outputs, strict=True))
        ),
        rules=tuple(draw(st.lists(_rules([of for _, of in subjects], outputs), max_size=6))),
        hit_policy=policy,
        aggregation=aggregation,
    )
    return Drawn(table)


def _input_values(of: str) -> st.SearchStrategy[Condition | None]:
    """Draw the values that a column allows; most allow anything."""
    listed = st.just(Condition(text=", ".join(map(literal, POOLS[of][:-1]))))
    return st.one_of(st.none(), st.none(), st.none(), st.none(), listed)


def _rules(inputs: Sequence[str], outputs: Sequence[st.SearchStrategy[str]]) -> st.SearchStrategy[Rule]:
    cells = st.tuples(*(_cell(of) for of in inputs))
    given = st.tuples(*outputs)
    return st.builds(
        lambda tests, texts: Rule(
            inputs=tuple(Condition(text=text) for text in tests), outputs=tuple(Literal(text=text) for text in texts)
        ),
        cells,
        given,
    )


def _subjects() -> list[tuple[str, str]]:
    """Give whatever a column of a table may look at, with its type; columns more often than expressions."""
    plain = [(name, kind) for name, (kind, _) in COLUMNS.items()]
    return plain * 4 + [(text, kind) for kind, texts in COMPUTED.items() for text in texts]


def _given(aggregation: Aggregation | None) -> Sequence[str]:
    if aggregation in (None, Aggregation.COUNT):
        return list(POOLS)
    return ["number"] if aggregation is Aggregation.SUM else [kind for kind in POOLS if kind != "boolean"]


def _output(policy: HitPolicy, kind: str) -> st.SearchStrategy[str]:
    constant = st.sampled_from([*map(literal, POOLS[kind]), "null"])
    return constant if policy in _CONSTANT else st.one_of(constant, constant, st.sampled_from(COMPUTED[kind]))


def _input_data() -> tuple[InputData, ...]:
    return tuple(
        InputData(id=f"input{n}", name=name, variable=Variable(name=name, type_ref=kind))
        for n, (name, (kind, _)) in enumerate(COLUMNS.items())
    )


_INPUTS = tuple(f"#input{n}" for n in range(len(COLUMNS)))


def facts() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw rows of the table, with nulls."""
    row = st.fixed_dictionaries({name: _fact(name) for name in COLUMNS})
    return st.lists(row, min_size=1, max_size=12)


def _fact(name: str) -> st.SearchStrategy[Any]:
    kind, column = COLUMNS[name]
    held = [held_as(value) for value in POOLS[kind]]
    if pa.types.is_integer(column) and kind == "number":
        held = [int(value) for value in held if value == int(value) and value < _INT32]
    elif kind == "number":
        held = [value for value in held if value == round(value, 2) and value < _INT32]
    return st.one_of(st.none(), *([st.sampled_from(held)] * 3))


def held_as(value: Value) -> Any:
    """Give what a table holds for a value of FEEL."""
    if isinstance(value, list):
        return [held_as(item) for item in value]
    if isinstance(value, dict):
        return {name: held_as(item) for name, item in value.items()}
    if isinstance(value, Date):
        return dt.date(value.year, value.month, value.day)
    if isinstance(value, DaysTime):
        return value.number // 10**9
    return value.number if isinstance(value, YearsMonths) else value


def feel(name: str, held: Any) -> Value:
    """Give the value of FEEL for what a table holds."""
    kind = COLUMNS[name][0]
    if held is None or kind not in (DAYS, MONTHS):
        return held
    return DaysTime.of_seconds(held) if kind == DAYS else YearsMonths(held)
