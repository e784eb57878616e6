"""FEEL text to syntax tree: `parse` for expressions, `parse_tests` for the cells of decision tables, `parse_type`.

Operators are read by their strength; what stands between them is read in `primaries`.
"""

import re
from collections.abc import Callable
from typing import TypeVar, cast

from crossroads.dmn.feel.lexer import Scanner, SyntaxFault
from crossroads.dmn.feel.names import NO_NAMES, STOPS, Names, normal
from crossroads.dmn.feel.primaries import arguments, primary, tests_in_parentheses
from crossroads.dmn.feel.syntax import (
    Against,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Conjunction,
    Disjunction,
    Expression,
    Filter,
    In,
    InstanceOf,
    Negation,
    Operator,
    Path,
    Place,
    Relation,
    UnaryTests,
)
from crossroads.dmn.feel.type_syntax import type_expression
from crossroads.dmn.feel.written_types import TypeExpression

_OR, _AND, _COMPARE, _ADD, _MULTIPLY, _POWER, _TYPE = range(1, 8)
_SIGNS: dict[str, int] = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), _COMPARE),
    **dict.fromkeys(("+", "-"), _ADD),
    **dict.fromkeys(("*", "/"), _MULTIPLY),
    "**": _POWER,
}
_SIGN = re.compile(r"\*\*|<=|>=|!=|[-+*/<>=]")
_RELATION = re.compile(r"<=|>=|!=|[<>=]")
_WORDS = {"or": _OR, "and": _AND, "between": _COMPARE, "in": _COMPARE, "instance": _TYPE}
_ENDS_A_RANGE = re.compile(r"\[\s*(?:$|[,)\]}<>=!*/+]|\.(?![0-9])|(?:and|or|then|else|return|satisfies)\b)")
_INSTANCE_OF = re.compile(r"instance\s+of\b")
_T = TypeVar("_T")


def parse(text: str, names: Names = NO_NAMES) -> Expression:
    """Read one expression. SyntaxFault says where the text is not FEEL."""
    return _whole(text, names, Parser.expression)


def parse_tests(text: str, names: Names = NO_NAMES) -> UnaryTests:
    """Read the tests of one cell: `-`, tests between commas, or `not(...)` around them. SyntaxFault says where not."""
    return _whole(text, names, Parser.tests)


def parse_type(text: str, names: Names = NO_NAMES) -> TypeExpression:
    """Read the name or description of a type. SyntaxFault says where not."""
    return _whole(text, names, type_expression)


class Parser(Scanner):
    """One text being read; `names` grows with the names that the text itself makes."""

    def __init__(self, text: str, names: Names) -> None:
        """Stand before the text, knowing the names."""
        super().__init__(text)
        self.names = names
        self.filters = 0

    def expression(self) -> Expression:
        """Read one expression."""
        return self.operation(_OR)

    def operand(self) -> Expression:
        """Read an expression without comparisons, `and` and `or`: an end of `between`, an endpoint of a test."""
        return self.operation(_ADD)

    def operation(self, weakest: int, left: Expression | None = None) -> Expression:
        """Read operands and operators, as long as these bind at least as strongly as asked."""
        left = left or self._unary()
        while found := self._operator(weakest):
            sign, strength, place = found
            left = _OPERATIONS[sign](self, left, sign, strength, place)
        return left

    def _operator(self, weakest: int) -> tuple[str, int, Place] | None:
        """Read the operator that stands here, if it binds strongly enough."""
        found = _SIGN.match(self.text, self.position)
        sign = found[0] if found else self.word() or ""
        strength = _SIGNS.get(sign) or _WORDS.get(sign, 0)
        if strength < weakest:
            return None
        place = self.place
        self.take(sign)
        return sign, strength, place

    def _unary(self) -> Expression:
        place = self.place
        if self.sees("-") and not re.match(r"-\.?[0-9]", self.text[self.position : self.position + 3]):
            self.take("-")
            return Negation(self.operation(_TYPE), at=place)
        if found := self.match(_RELATION):
            return Against(cast("Relation", found), self.operand(), at=place)
        return self.postfix(primary(self))

    def postfix(self, subject: Expression) -> Expression:
        """Read what follows an operand: entries, filters and arguments."""
        while not self.at_end():
            place = self.place
            if self.sees(".") and not self.sees(".."):
                self.take(".")
                subject = Path(subject, self.member(), at=place)
            elif self.sees("[") and not _ENDS_A_RANGE.match(self.text, self.position):
                subject = Filter(subject, self._condition(), at=place)
            elif self.take("("):
                positional, named = arguments(self)
                subject = Call(subject, positional, named, at=place)
            else:
                break
        return subject

    def _condition(self) -> Expression:
        self.expect("[")
        self.filters += 1
        condition = self.expression()
        self.filters -= 1
        self.expect("]")
        return condition

    def test(self) -> Expression:
        """Read one test of a cell."""
        return self._unary() if _RELATION.match(self.text, self.position) else self.expression()

    def tests(self) -> UnaryTests:
        """Read all the tests of a cell."""
        place = self.place
        if self.text[self.position :].strip() == "-":
            self.move(len(self.text))
            return UnaryTests((), at=place)
        return self._negated(place) or UnaryTests(self._listed(), at=place)

    def _negated(self, place: Place) -> UnaryTests | None:
        """Read `not(...)` if it is all that stands here; `not(a) and b` is an expression."""
        start, names = self.position, self.names
        if self.word() == "not" and self.take("not") and self.take("("):
            tests = self._listed()
            if self.take(")") and self.at_end():
                return UnaryTests(tests, negated=True, at=place)
        self.position, self.names = start, names
        return None

    def _listed(self) -> tuple[Expression, ...]:
        tests = [self.test()]
        while self.take(","):
            tests.append(self.test())
        return tuple(tests)

    def known(self) -> str | None:
        """Read the longest name that is known here and that the words alone would not give."""
        pattern = self.names.anything() if self.filters else self.names.variable()
        found = self.match(pattern) if pattern else None
        return normal(found) if found else None

    def words(self) -> str | None:
        """Read the words that follow each other as one name."""
        found: list[str] = []
        while (word := self.word(first=not found)) and not (found and self._stops(word)):
            found.append(word)
            self.take(word)
        return " ".join(found) or None

    def member(self) -> str:
        """Read the name of an entry, after a dot."""
        name = self._name(self.names.member())
        if name is None:
            raise self.unexpected("a name")
        return name

    def declared(self) -> str:
        """Read a name that is made here; it is known from now on."""
        name = self._name(self.names.variable())
        if name is None:
            raise self.unexpected("a name")
        self.names = self.names.adding(name)
        return name

    def _name(self, known: re.Pattern[str] | None) -> str | None:
        found = self.match(known) if known else None
        return normal(found) if found else self.words()

    def _stops(self, word: str) -> bool:
        if word == "instance":
            return _INSTANCE_OF.match(self.text, self.position) is not None
        return word in STOPS


def _whole(text: str, names: Names, read: Callable[[Parser], _T]) -> _T:
    parser = Parser(text, names)
    try:
        found = read(parser)
    except RecursionError:
        raise SyntaxFault("this is nested too deeply", 1, 1) from None
    if not parser.at_end():
        raise parser.unexpected("an operator or the end")
    return found


def _arithmetic(parser: Parser, left: Expression, sign: str, strength: int, place: Place) -> Expression:
    return Arithmetic(cast("Operator", sign), left, parser.operation(strength + 1), at=place)


def _comparison(parser: Parser, left: Expression, sign: str, strength: int, place: Place) -> Expression:
    return Comparison(cast("Relation", sign), left, parser.operation(strength + 1), at=place)


def _conjunction(parser: Parser, left: Expression, _: str, strength: int, place: Place) -> Expression:
    return Conjunction(left, parser.operation(strength + 1), at=place)


def _disjunction(parser: Parser, left: Expression, _: str, strength: int, place: Place) -> Expression:
    return Disjunction(left, parser.operation(strength + 1), at=place)


def _between(parser: Parser, subject: Expression, _: str, __: int, place: Place) -> Expression:
    low = parser.operand()
    parser.expect_word("and")
    return Between(subject, low, parser.operand(), at=place)


def _in(parser: Parser, subject: Expression, _: str, __: int, place: Place) -> Expression:
    if not parser.take("("):
        against = parser.test() if _RELATION.match(parser.text, parser.position) else parser.operand()
        return In(subject, (against,), at=place)
    tests = tests_in_parentheses(parser)
    if len(tests) == 1 and not isinstance(tests[0], Against):
        tests = (parser.operation(_ADD, parser.postfix(tests[0])),)
    return In(subject, tests, at=place)


def _instance(parser: Parser, subject: Expression, _: str, __: int, place: Place) -> Expression:
    parser.expect_word("of")
    return InstanceOf(subject, type_expression(parser), at=place)


_OPERATIONS: dict[str, Callable[[Parser, Expression, str, int, Place], Expression]] = {
    **dict.fromkeys(("+", "-", "*", "/", "**"), _arithmetic),
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), _comparison),
    "and": _conjunction,
    "or": _disjunction,
    "between": _between,
    "in": _in,
    "instance": _instance,
}
