"""What comes out of a decision table, once it is known which of its rules match (DMN 1.5, 8.2.11 and 10.3.2).

A violation of the hit policy gives null and says why: it is never settled by taking the first match.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from crossroads.dmn.feel import values
from crossroads.dmn.feel.values import Value
from crossroads.dmn.model import Aggregation, DecisionTable, HitPolicy

Outputs = tuple[Value, ...]
"""What a rule gives, one value for each output column."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A table's value, the rules (from 1) it came from, and how the hit policy was violated if it was."""

    value: Value
    fired: tuple[int, ...] = ()
    violation: str | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """The rules (from 1) that match, in their order; what each gives, and its rank among the output values."""

    table: DecisionTable
    rules: tuple[int, ...]
    outputs: Callable[[int], Outputs]
    rank: Callable[[Outputs], tuple[int, ...]]

    def value(self, rule: int) -> Value:
        """Give a rule's output: the value of the one column, or a context of all columns."""
        return valued(self.table, self.outputs(rule))

    def ranked(self) -> list[int]:
        """Give the rules in the order of the output values; rules of one rank stay in rule order."""
        return sorted(self.rules, key=lambda rule: self.rank(self.outputs(rule)))


def valued(table: DecisionTable, outputs: Outputs) -> Value:
    """Give outputs as one value: alone when there is one column, or a context by the columns' names."""
    if len(outputs) == 1:
        return outputs[0]
    return {column.name or "": value for column, value in zip(table.outputs, outputs, strict=True)}


def settle(matches: Matches) -> Verdict:
    """Apply the hit policy. There must be a match."""
    return POLICIES[matches.table.hit_policy](matches)


def unmatched(table: DecisionTable) -> Value:
    """Give the value of a table without defaults of which no rule matches: an empty list or count for COLLECT."""
    empty: Mapping[Aggregation | None, Value] = {None: [], Aggregation.COUNT: Decimal(0)}
    return empty.get(table.aggregation) if table.hit_policy is HitPolicy.COLLECT else None


def _unique(matches: Matches) -> Verdict:
    if len(matches.rules) > 1:
        return _violated(matches, "match, and only one rule may")
    return _first(matches)


def _any(matches: Matches) -> Verdict:
    given = [matches.value(rule) for rule in matches.rules]
    if not all(values.same(given[0], other) for other in given[1:]):
        return _violated(matches, "match, and do not give the same output")
    return Verdict(given[0], matches.rules)


def _first(matches: Matches) -> Verdict:
    return Verdict(matches.value(matches.rules[0]), matches.rules[:1])


def _priority(matches: Matches) -> Verdict:
    best = matches.ranked()[0]
    return Verdict(matches.value(best), (best,))


def _rule_order(matches: Matches) -> Verdict:
    return Verdict([matches.value(rule) for rule in matches.rules], matches.rules)


def _output_order(matches: Matches) -> Verdict:
    ranked = matches.ranked()
    return Verdict([matches.value(rule) for rule in ranked], tuple(ranked))


def _collect(matches: Matches) -> Verdict:
    how = matches.table.aggregation
    if how is None:
        return _rule_order(matches)
    if len(matches.table.outputs) > 1:
        return _violated(matches, f"match, and {how.lower()} is not defined over several output columns")
    found = AGGREGATES[how]([matches.outputs(rule)[0] for rule in matches.rules])
    if found is None:
        return _violated(matches, f"match, and their outputs have no {how.lower()}")
    return Verdict(found, matches.rules)


def _violated(matches: Matches, what: str) -> Verdict:
    rules = " and ".join(map(str, matches.rules))
    noun = "rule" if len(matches.rules) == 1 else "rules"
    return Verdict(None, (), f"{matches.table.hit_policy}: {noun} {rules} {what}")


def _sum(outputs: Sequence[Value]) -> Value:
    return reduce(values.add, outputs) if all(isinstance(output, Decimal) for output in outputs) else None


def _count(outputs: Sequence[Value]) -> Value:
    return Decimal(len(outputs))


def _extreme(sign: int) -> Callable[[Sequence[Value]], Value]:
    def extreme(outputs: Sequence[Value]) -> Value:
        best = outputs[0]
        for output in outputs:
            order = values.compare(output, best)
            if order is None:
                return None
            best = output if order * sign > 0 else best
        return best

    return extreme


AGGREGATES: Mapping[Aggregation, Callable[[Sequence[Value]], Value]] = {
    Aggregation.SUM: _sum,
    Aggregation.COUNT: _count,
    Aggregation.MIN: _extreme(-1),
    Aggregation.MAX: _extreme(1),
}
"""What COLLECT makes of one output or more; null where the outputs cannot be added or compared."""

POLICIES: Mapping[HitPolicy, Callable[[Matches], Verdict]] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.PRIORITY: _priority,
    HitPolicy.FIRST: _first,
    HitPolicy.RULE_ORDER: _rule_order,
    HitPolicy.OUTPUT_ORDER: _output_order,
    HitPolicy.COLLECT: _collect,
}
"""How each hit policy settles a table."""
