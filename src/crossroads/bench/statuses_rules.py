"""The three tables of `bench statuses`: forty rules each, illustrative, as a model and as what is written by hand."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from crossroads.dmn.model import (
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

DAY = "2026-10-01"
CATEGORIES = tuple(f"category {n}" for n in range(1, 11))
AGES = ((0, 18), (18, 40), (40, 65), (65, 200))
WEIGHTS = (5, 4, 3, 2, 1)
SIZES = (6, 4, 2, 1)
KINDS = ("private", "shared")
TARIFFS = ("A", "B", "C", "D", "E")
PRODUCTS = ("electricity", "gas", "heat", "water")
REGIONS = (1, 2)


class Right(NamedTuple):
    """Of a beneficiary: a category and ages from and up to, and what they weigh."""

    category: str
    low: int
    high: int
    weight: int


class Tariff(NamedTuple):
    """Of a household: the least weight and size, its kind, and the tariff; the best tariff counts."""

    weight: int
    size: int
    kind: str
    tariff: str


class Answer(NamedTuple):
    """Of a customer: the tariff of the household, product and region, and the percentage taken off."""

    tariff: str
    product: str
    region: int
    percent: int


RIGHTS: Sequence[Right] = [
    Right(category, low, high, 1 + (row * 3 + column * 2) % 5)
    for row, category in enumerate(CATEGORIES)
    for column, (low, high) in enumerate(AGES)
]
TARIFF_RULES: Sequence[Tariff] = sorted(
    (
        Tariff(weight, size, kind, TARIFFS[min((5 - weight) + row + column, 4)])
        for weight, (row, size), (column, kind) in product(WEIGHTS, enumerate(SIZES), enumerate(KINDS))
    ),
    key=lambda rule: rule.tariff,
)
ANSWERS: Sequence[Answer] = [
    Answer(tariff, what, region, 50 - 8 * row - 3 * column - region)
    for (row, tariff), (column, what), region in product(enumerate(TARIFFS), enumerate(PRODUCTS), REGIONS)
]


def model() -> Definitions:
    """Give the three decisions as a model."""
    return Definitions(
        name="Three tables",
        namespace="urn:illustrative:bench",
        inputs=(
            *_given("string", "category", "kind", "tariff", "product"),
            *_given("number", "weight", "size", "region"),
            *_given("date", "birth date", "day"),
        ),
        decisions=(_age(), _rights(), _tariffs(), _answers()),
    )


def _age() -> Decision:
    text = "years and months duration(birth date, day).years"
    return Decision(
        id="age", name="age", expression=Literal(text=text), requires=Requirements(inputs=("#birth date", "#day"))
    )


def _rights() -> Decision:
    rules = [((f'"{rule.category}"', f"[{rule.low}..{rule.high})"), str(rule.weight)) for rule in RIGHTS]
    return _decision("right", ("category", "age"), rules, HitPolicy.UNIQUE, requires=("age",))


def _tariffs() -> Decision:
    rules = [((f">= {rule.weight}", f">= {rule.size}", f'"{rule.kind}"'), f'"{rule.tariff}"') for rule in TARIFF_RULES]
    values = ", ".join(f'"{tariff}"' for tariff in TARIFFS)
    return _decision("household tariff", ("weight", "size", "kind"), rules, HitPolicy.PRIORITY, values=values)


def _answers() -> Decision:
    rules = [((f'"{rule.tariff}"', f'"{rule.product}"', str(rule.region)), str(rule.percent)) for rule in ANSWERS]
    return _decision("percent", ("tariff", "product", "region"), rules, HitPolicy.UNIQUE)


def _decision(
    name: str,
    inputs: Sequence[str],
    rules: Sequence[tuple[Sequence[str], str]],
    policy: HitPolicy,
    *,
    values: str = "",
    requires: tuple[str, ...] = (),
) -> Decision:
    table = DecisionTable(
        inputs=tuple(InputClause(expression=Literal(text=text)) for text in inputs),
        outputs=(OutputClause(values=Condition(text=values) if values else None),),
        rules=tuple(
            Rule(inputs=tuple(Condition(text=text) for text in tests), outputs=(Literal(text=output),))
            for tests, output in rules
        ),
        hit_policy=policy,
    )
    needs = Requirements(
        inputs=tuple(f"#{text}" for text in inputs if text not in requires),
        decisions=tuple(f"#{one}" for one in requires),
    )
    return Decision(id=name, name=name, expression=table, requires=needs)


def _given(type_ref: str, *names: str) -> tuple[InputData, ...]:
    return tuple(InputData(id=name, name=name, variable=Variable(name=name, type_ref=type_ref)) for name in names)
