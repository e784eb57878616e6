"""What stands between operators: literals, names, parentheses, lists, ranges, contexts, functions, loops."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from crossroads.dmn.feel.lexer import BLANK, PART
from crossroads.dmn.feel.names import normal
from crossroads.dmn.feel.syntax import (
    AtLiteral,
    ContextLiteral,
    Expression,
    For,
    FunctionLiteral,
    If,
    Iteration,
    ListLiteral,
    Literal,
    Name,
    Parameter,
    Place,
    Quantified,
    Quantifier,
    RangeLiteral,
)
from crossroads.dmn.feel.type_syntax import type_expression

if TYPE_CHECKING:
    from crossroads.dmn.feel.parser import Parser

Arguments = tuple[tuple[Expression, ...], tuple[tuple[str, Expression], ...]]

_KEY = re.compile(rf"(?![0-9])([{PART}{BLANK}./\-\u2019'+*]+):")


def primary(parser: "Parser") -> Expression:
    """Read the operand that stands here."""
    place = parser.place
    if (known := parser.known()) is not None:
        return Name(known, at=place)
    sign = parser.text[parser.position : parser.position + 1]
    if read := _BY_SIGN.get(sign):
        return read(parser, place)
    if (number := parser.number()) is not None:
        return Literal(number, at=place)
    if (text := parser.string()) is not None:
        return Literal(text, at=place)
    return _worded(parser, place)


def _worded(parser: "Parser", place: Place) -> Expression:
    """Read a name, or what a word of the language begins."""
    before, word = parser.position, parser.word() or ""
    read = _BY_WORD.get(word)
    if read and parser.take(word) and (word != "function" or parser.sees("(")):
        return read(parser, place)
    parser.move(before)
    name = parser.words()
    if name is None:
        raise parser.unexpected("a value or a name")
    return Name(name, at=place)


def tests_in_parentheses(parser: "Parser") -> tuple[Expression, ...]:
    """Read tests up to the closing parenthesis; a range that begins with `(` is one of them, alone."""
    place = parser.place
    tests = [parser.test()]
    if parser.take(".."):
        return (_range_after(parser, tests[0], place, low_included=False),)
    while parser.take(","):
        tests.append(parser.test())
    parser.expect(")")
    return tuple(tests)


def arguments(parser: "Parser") -> Arguments:
    """Read the arguments of a call up to the closing parenthesis: all by position, or all by name."""
    if parser.take(")"):
        return (), ()
    if _KEY.match(parser.text, parser.position):
        return (), _named(parser)
    values = [parser.expression()]
    while parser.take(","):
        values.append(parser.expression())
    parser.expect(")")
    return tuple(values), ()


def _named(parser: "Parser") -> tuple[tuple[str, Expression], ...]:
    values = [_entry(parser)]
    while parser.take(","):
        values.append(_entry(parser))
    parser.expect(")")
    return tuple(values)


def _entry(parser: "Parser") -> tuple[str, Expression]:
    """Read `key: expression`; the key is a string, or a name that may hold signs."""
    key = parser.string()
    if key is None:
        found = parser.match(_KEY)
        if found is None:
            raise parser.unexpected("a name and a colon")
        key = normal(found[:-1])
    else:
        parser.expect(":")
    value = parser.expression()
    parser.names = parser.names.adding(key)
    return key, value


def _parenthesis(parser: "Parser", _: Place) -> Expression:
    parser.take("(")
    tests = tests_in_parentheses(parser)
    if len(tests) > 1:
        raise parser.fault("a list stands between [ and ], not between parentheses")
    return tests[0]


def _bracket(parser: "Parser", place: Place) -> Expression:
    """Read a list, or a range that holds its low end."""
    parser.take("[")
    if parser.take("]"):
        return ListLiteral((), at=place)
    items = [parser.test()]
    if parser.take(".."):
        return _range_after(parser, items[0], place, low_included=True)
    while parser.take(","):
        items.append(parser.test())
    parser.expect("]")
    return ListLiteral(tuple(items), at=place)


def _reversed_bracket(parser: "Parser", place: Place) -> Expression:
    parser.take("]")
    low = parser.expression()
    parser.expect("..")
    return _range_after(parser, low, place, low_included=False)


def _range_after(parser: "Parser", low: Expression, place: Place, *, low_included: bool) -> Expression:
    high = parser.expression()
    for sign, high_included in (("]", True), (")", False), ("[", False)):
        if parser.take(sign):
            return RangeLiteral(low, high, low_included, high_included, at=place)
    raise parser.unexpected("the end of the range: ], ) or [")


def _context(parser: "Parser", place: Place) -> Expression:
    parser.take("{")
    entries: list[tuple[str, Expression]] = []
    while not parser.sees("}"):
        if entries:
            parser.expect(",")
        entries.append(_entry(parser))
    parser.expect("}")
    return ContextLiteral(tuple(entries), at=place)


def _at(parser: "Parser", place: Place) -> Expression:
    parser.take("@")
    text = parser.string()
    if text is None:
        raise parser.unexpected('a string, as in @"2020-01-01"')
    return AtLiteral(text, at=place)


def _if(parser: "Parser", place: Place) -> Expression:
    condition = parser.expression()
    parser.expect_word("then")
    then = parser.expression()
    parser.expect_word("else")
    return If(condition, then, parser.expression(), at=place)


def _for(parser: "Parser", place: Place) -> Expression:
    iterations = _iterations(parser)
    parser.expect_word("return")
    return For(iterations, parser.expression(), at=place)


def _quantified(word: str) -> Callable[["Parser", Place], Expression]:
    def read(parser: "Parser", place: Place) -> Expression:
        iterations = _iterations(parser)
        parser.expect_word("satisfies")
        return Quantified(cast("Quantifier", word), iterations, parser.expression(), at=place)

    return read


def _iterations(parser: "Parser") -> tuple[Iteration, ...]:
    found = [_iteration(parser)]
    while parser.take(","):
        found.append(_iteration(parser))
    return tuple(found)


def _iteration(parser: "Parser") -> Iteration:
    place = parser.place
    name = parser.declared()
    parser.expect_word("in")
    domain = parser.expression()
    end = parser.expression() if parser.take("..") else None
    return Iteration(name, domain, end, at=place)


def _function(parser: "Parser", place: Place) -> Expression:
    parser.expect("(")
    parameters: list[Parameter] = []
    while not parser.sees(")"):
        if parameters:
            parser.expect(",")
        parameters.append(_parameter(parser))
    parser.expect(")")
    external = parser.take_word("external")
    return FunctionLiteral(tuple(parameters), parser.expression(), external, at=place)


def _parameter(parser: "Parser") -> Parameter:
    place = parser.place
    name = parser.declared()
    return Parameter(name, type_expression(parser) if parser.take(":") else None, at=place)


def _value(value: bool | None) -> Callable[["Parser", Place], Expression]:  # noqa: FBT001 - it is the literal
    return lambda _, place: Literal(value, at=place)


_BY_SIGN: dict[str, Callable[["Parser", Place], Expression]] = {
    "(": _parenthesis,
    "[": _bracket,
    "]": _reversed_bracket,
    "{": _context,
    "@": _at,
}
_BY_WORD: dict[str, Callable[["Parser", Place], Expression]] = {
    "true": _value(True),
    "false": _value(False),
    "null": _value(None),
    "if": _if,
    "for": _for,
    "some": _quantified("some"),
    "every": _quantified("every"),
    "function": _function,
}
