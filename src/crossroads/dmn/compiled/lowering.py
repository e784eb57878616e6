"""FEEL expressions as Ibis expressions: each part of the language in one function, found by the type of its node."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ibis

from crossroads.dmn.compiled.arithmetic import computed, opposite
from crossroads.dmn.compiled.comparing import boolean, compared, negated, sure
from crossroads.dmn.compiled.functions import called, part
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.terms import (
    Compiled,
    Constant,
    Kind,
    Many,
    Record,
    Scalar,
    Term,
    common,
    sized,
    term,
)
from crossroads.dmn.feel import syntax as s
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.kinds import Range
from crossroads.dmn.feel.scope import Scope as Values
from crossroads.dmn.feel.scope import Work

SUBJECT = "?"
_MOVING = frozenset({"today", "now"})
"""Functions whose answer depends on when they are asked."""


MOST_CALLS = 4
"""Within each other: engines have no names for parts, so some functions write an argument several times."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of an expression stand for."""

    names: Mapping[str, Compiled]
    work: Work = field(default_factory=Work)
    """What is left for constants, over all cells."""
    calls: int = 0
    """In how many calls of functions the expression stands."""

    def within_call(self) -> "Scope":
        """Give what the arguments of a call see. Raises Refused where they stand in too many calls."""
        if self.calls == MOST_CALLS:
            raise Refused(f"more than {MOST_CALLS} functions stand within each other")
        return replace(self, calls=self.calls + 1)

    def looking_at(self, subject: Scalar) -> "Scope":
        """Let `?` stand for what a cell tests."""
        return replace(self, names={**self.names, SUBJECT: subject})


def lowered(node: s.Expression, scope: Scope) -> Compiled:
    """Compile an expression. Raises Refused, which says why and where in the text."""
    try:
        if is_constant(node, scope):
            return _folded(node, scope)
        lower = _LOWERING.get(type(node))
        if lower is None:
            raise Refused(f"{_WORDS.get(type(node), 'this')} is not compiled")  # noqa: TRY301 - the place is added below
        return lower(node, scope)
    except RecursionError:
        raise Refused("this nests too deeply to be compiled", node) from None
    except Refused as refused:
        if refused.place != s.NOWHERE:
            raise
        raise Refused(refused.why, node) from None


def scalar(node: s.Expression, scope: Scope) -> Scalar:
    """Compile an expression to one value for each row."""
    found = lowered(node, scope)
    if isinstance(found, Record | Many):
        raise Refused("several values stand where one is wanted", node)
    return found


def truth(node: s.Expression, scope: Scope) -> Scalar:
    """Compile an expression that is true, false or null."""
    found = scalar(node, scope)
    if found.kind not in (Kind.BOOLEAN, None):
        raise Refused(f"a {found.kind} stands where true or false is wanted", node)
    return found


def any_of(answers: list[Scalar]) -> Scalar:
    """Give the disjunction in three-valued logic."""
    return _balanced(answers, decided=True)


def all_of(answers: list[Scalar]) -> Scalar:
    """Give the conjunction in three-valued logic."""
    return _balanced(answers, decided=False)


def _balanced(answers: list[Scalar], *, decided: bool) -> Scalar:
    """Join answers two by two: what is made of thousands nests a dozen deep."""
    while len(answers) > 1:
        pairs = [answers[n : n + 2] for n in range(0, len(answers), 2)]
        answers = [_joined(pair[0], pair[1], decided) if len(pair) > 1 else pair[0] for pair in pairs]
    return answers[0]


def _joined(left: Scalar, right: Scalar, decided: bool) -> Scalar:  # noqa: FBT001 - the value that decides, not an option
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Constant):
            if one.value is decided:
                return one
            if one.value is (not decided):
                return other
            if isinstance(other, Constant):
                return other if other.value is decided else one
    first, second = term(left, Kind.BOOLEAN), term(right, Kind.BOOLEAN)
    join = operator.or_ if decided else operator.and_
    cheap = None if first.true is None and second.true is None else join(first.holds, second.holds)
    return boolean(join(first.value, second.value), nullable=first.nullable or second.nullable, true=cheap)


def is_constant(node: s.Node, scope: Scope) -> bool:
    """Whether no row can change what an expression gives."""
    if isinstance(node, s.Name):
        return node.name not in scope.names and node.name not in _MOVING
    return all(is_constant(part, scope) for part in s.parts(node))


def _folded(node: s.Expression, scope: Scope) -> Constant:
    """Evaluate what no row can change, once. What cannot be evaluated is an error of the text, said now."""
    values = Values({}, work=scope.work)
    found = evaluate(node, values)
    _kept(found, values)
    if values.notes:
        raise Refused("; ".join(map(str, values.notes)), node)
    return Constant(found)


def _kept(found: object, values: Values) -> None:
    """Refuse what holds too much, and texts that no engine takes."""
    values.guarded(lambda: values.work.look_through(found))
    if isinstance(found, str) and "\0" in found:
        raise Refused("a text has a character that engines cannot hold (U+0000)")


def _name(node: s.Name, scope: Scope) -> Compiled:
    if node.name in _MOVING:
        raise Refused(f"{node.name} differs from run to run: give the day as an input")
    return scope.names[node.name]


def _negation(node: s.Negation, scope: Scope) -> Compiled:
    return opposite(scalar(node.operand, scope))


def _arithmetic(node: s.Arithmetic, scope: Scope) -> Compiled:
    return computed(node.operator, scalar(node.left, scope), scalar(node.right, scope))


def _comparison(node: s.Comparison, scope: Scope) -> Compiled:
    return compared(node.relation, scalar(node.left, scope), scalar(node.right, scope))


def _conjunction(node: s.Conjunction, scope: Scope) -> Compiled:
    return all_of([truth(node.left, scope), truth(node.right, scope)])


def _disjunction(node: s.Disjunction, scope: Scope) -> Compiled:
    return any_of([truth(node.left, scope), truth(node.right, scope)])


def _between(node: s.Between, scope: Scope) -> Compiled:
    subject = scalar(node.subject, scope)
    low, high = scalar(node.low, scope), scalar(node.high, scope)
    return all_of([compared(">=", subject, low), compared("<=", subject, high)])


def _in(node: s.In, scope: Scope) -> Compiled:
    subject = scalar(node.subject, scope)
    return any_of([tested(test, subject, scope) for test in node.tests])


def _if(node: s.If, scope: Scope) -> Compiled:
    condition = truth(node.condition, scope)
    if isinstance(condition, Constant):
        return lowered(node.then if condition.value is True else node.otherwise, scope)
    branches = [scalar(node.then, scope), scalar(node.otherwise, scope)]
    kind, extent = common(branches, "branches")
    value = ibis.ifelse(condition.value, *(sized(branch, kind, extent) for branch in branches))
    return Term(kind=kind, value=value, extent=extent, nullable=any(map(_may_be_null, branches)))


def _path(node: s.Path, scope: Scope) -> Compiled:
    subject = lowered(node.subject, scope)
    if isinstance(subject, Record):
        if node.name not in subject.entries:
            raise Refused(f"there is no {node.name} in it")
        return subject.entries[node.name]
    if not isinstance(subject, Term):
        raise Refused(f"{node.name} is read of something that has no parts")
    return part(subject, node.name)


def _call(node: s.Call, scope: Scope) -> Compiled:
    if not isinstance(node.function, s.Name) or node.function.name in scope.names:
        raise Refused("only built-in functions are compiled")
    if node.named:
        raise Refused("a call with named arguments is not compiled: give them in their order")
    name = node.function.name
    if name in _MOVING:
        return _name(node.function, scope)
    scope = scope.within_call()
    if name == "list contains":
        return _listed(node, scope)
    arguments = node.positional
    if name in ("min", "max") and len(arguments) == 1 and isinstance(arguments[0], s.ListLiteral):
        arguments = arguments[0].items
    return called(name, [scalar(argument, scope) for argument in arguments])


def _listed(node: s.Call, scope: Scope) -> Compiled:
    """`list contains([...], x)`: whether the value equals an item."""
    if len(node.positional) != 2 or not isinstance(node.positional[0], s.ListLiteral):  # noqa: PLR2004 - list and element
        raise Refused("list contains is compiled for a list that is written out")
    subject = scalar(node.positional[1], scope)
    return any_of([compared("=", subject, scalar(item, scope)) for item in node.positional[0].items])


def _may_be_null(found: Scalar) -> bool:
    return found.value is None if isinstance(found, Constant) else found.nullable


def tested(test: s.Expression, subject: Scalar, scope: Scope) -> Scalar:
    """Compile one test of a cell, or of `in`: true, false or null, for each row."""
    try:
        return _tested(test, subject, scope)
    except Refused as refused:
        if refused.place != s.NOWHERE:
            raise
        raise Refused(refused.why, test) from None


def _tested(test: s.Expression, subject: Scalar, scope: Scope) -> Scalar:
    if isinstance(test, s.Against):
        return compared(test.relation, subject, scalar(test.endpoint, scope))
    if s.speaks_of(test, SUBJECT):
        return _of_condition(scalar(test, scope), subject)
    if isinstance(test, s.RangeLiteral) and not is_constant(test, scope):
        return _within(test, subject, scope)
    if isinstance(test, s.ListLiteral) and not is_constant(test, scope):
        return any_of([sure(compared("=", subject, scalar(item, scope))) for item in test.items])
    return _against_value(scalar(test, scope), subject, literal=isinstance(test, s.Literal))


def _of_condition(answer: Scalar, subject: Scalar) -> Scalar:
    """Compare with `?` what speaks of it and is not true or false; null stays null."""
    if answer.kind in (Kind.BOOLEAN, None):
        return answer
    held = compared("=", subject, answer)
    if isinstance(answer, Constant) or not answer.nullable:
        return held
    return boolean(ibis.ifelse(answer.value.isnull(), ibis.null("boolean"), term(held).value))


def _within(test: s.RangeLiteral, subject: Scalar, scope: Scope) -> Scalar:
    """Answer null where an end of null is included, or where the ends stand the wrong way round."""
    low, high = scalar(test.low, scope), scalar(test.high, scope)
    downward, upward = _boundless(low, included=test.low_included), _boundless(high, included=test.high_included)
    ends = [
        compared("<=", low, high),
        all_of([downward, negated(_is_null(high))]),
        all_of([upward, negated(_is_null(low))]),
    ]
    right = term(sure(any_of(ends)), Kind.BOOLEAN).value
    above = any_of([downward, compared(">=" if test.low_included else ">", subject, low)])
    below = any_of([upward, compared("<=" if test.high_included else "<", subject, high)])
    inside = term(all_of([above, below]), Kind.BOOLEAN)
    return boolean(ibis.ifelse(right, inside.value, ibis.null("boolean")), true=right & inside.holds)


def _boundless(end: Scalar, *, included: bool) -> Scalar:
    """Tell where an end bounds nothing: it is null and not included."""
    return Constant(False) if included or not _may_be_null(end) else _is_null(end)


def _is_null(found: Scalar) -> Scalar:
    return compared("=", found, Constant(None))


def _against_value(found: Scalar, subject: Scalar, *, literal: bool) -> Scalar:
    """Equal to a value, or one of a list, or within a range; a truth about something else is a condition."""
    value = found.value if isinstance(found, Constant) else None
    if isinstance(value, list):
        return any_of([_held(item, subject) for item in value] or [Constant(False)])
    if isinstance(value, Range):
        return all_of(_ends(value, subject))
    if found.kind is Kind.BOOLEAN and subject.kind not in (Kind.BOOLEAN, None) and not literal:
        known = boolean(term(subject).value.notnull(), nullable=False)
        return all_of([known, sure(found)])
    return compared("=", subject, found)


def _held(item: object, subject: Scalar) -> Scalar:
    if isinstance(item, list):
        return Constant(False)
    return sure(all_of(_ends(item, subject)) if isinstance(item, Range) else compared("=", subject, Constant(item)))


def _ends(container: Range, subject: Scalar) -> list[Scalar]:
    ends: list[Scalar] = []
    if container.start is not None:
        ends.append(compared(">=" if container.start_included else ">", subject, Constant(container.start)))
    if container.end is not None:
        ends.append(compared("<=" if container.end_included else "<", subject, Constant(container.end)))
    return ends or [Constant(None)]


def matched(tests: s.UnaryTests, subject: Scalar, scope: Scope) -> Scalar:
    """Compile the tests of a cell; an empty cell (`-`) holds for anything."""
    if not tests.tests:
        return Constant(True)
    answer = any_of([tested(test, subject, scope.looking_at(subject)) for test in tests.tests])
    return negated(answer) if tests.negated else answer


_LOWERING: Mapping[type[s.Node], Callable[[Any, Scope], Compiled]] = {
    s.Name: _name,
    s.Negation: _negation,
    s.Arithmetic: _arithmetic,
    s.Comparison: _comparison,
    s.Conjunction: _conjunction,
    s.Disjunction: _disjunction,
    s.Between: _between,
    s.In: _in,
    s.If: _if,
    s.Path: _path,
    s.Call: _call,
}
_WORDS: Mapping[type[s.Node], str] = {
    s.For: "for",
    s.Quantified: "some and every",
    s.Filter: "a filter",
    s.ListLiteral: "a list",
    s.RangeLiteral: "a range whose ends are columns",
    s.ContextLiteral: "a context",
    s.FunctionLiteral: "a function",
    s.InstanceOf: "instance of",
}
