"""FEEL texts become the syntax tree they mean, or a fault that says where they are wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.parser import parse, parse_tests, parse_type
from crossroads.dmn.feel.syntax import (
    Against,
    Arithmetic,
    AtLiteral,
    Between,
    Call,
    Comparison,
    Conjunction,
    ContextLiteral,
    Disjunction,
    Expression,
    Filter,
    For,
    FunctionLiteral,
    If,
    In,
    InstanceOf,
    Iteration,
    ListLiteral,
    Literal,
    Name,
    Negation,
    Parameter,
    Path,
    Quantified,
    RangeLiteral,
    UnaryTests,
)
from crossroads.dmn.feel.written_types import ContextType, FunctionType, ListType, NamedType

A, B, C = Name("a"), Name("b"), Name("c")
ONE, TWO = Literal(Decimal(1)), Literal(Decimal(2))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", Arithmetic("+", A, Arithmetic("*", B, C))),
        ("a - b - c", Arithmetic("-", Arithmetic("-", A, B), C)),
        ("a ** b ** c", Arithmetic("**", Arithmetic("**", A, B), C)),
        ("-a ** 2", Arithmetic("**", Negation(A), TWO)),
        ("a * -1", Arithmetic("*", A, Literal(Decimal(-1)))),
        ("a or b and c", Disjunction(A, Conjunction(B, C))),
        ("a + 1 > b and c = 2", Conjunction(Comparison(">", Arithmetic("+", A, ONE), B), Comparison("=", C, TWO))),
        ("a between 1 and 2 and b", Conjunction(Between(A, ONE, TWO), B)),
        ("a in [1..2[ or b", Disjunction(In(A, (RangeLiteral(ONE, TWO, True, False),)), B)),
        ("a in (1, < 2)", In(A, (ONE, Against("<", TWO)))),
        ("a in (1..2]", In(A, (RangeLiteral(ONE, TWO, False, True),))),
        ("a in (b) + 1", In(A, (Arithmetic("+", B, ONE),))),
        ("a instance of number and b", Conjunction(InstanceOf(A, NamedType("number")), B)),
        ("a.b[1].c", Path(Filter(Path(A, "b"), ONE), "c")),
        ("a(b)(c)", Call(Call(A, (B,)), (C,))),
        ("a(x: b, y z: c)", Call(A, (), (("x", B), ("y z", C)))),
        ("if a then b else c", If(A, B, C)),
        ("for i in 1..2, j in a return b", For((Iteration("i", ONE, TWO), Iteration("j", A)), B)),
        ("some i in a satisfies b", Quantified("some", (Iteration("i", A),), B)),
        (
            "function(a: list<number>, b) a",
            FunctionLiteral((Parameter("a", ListType(NamedType("number"))), Parameter("b")), A),
        ),
        ('{a: 1, "b c": a}', ContextLiteral((("a", ONE), ("b c", A)))),
        ("[1, [2]]", ListLiteral((ONE, ListLiteral((TWO,))))),
        ("]1..2)", RangeLiteral(ONE, TWO, False, False)),
        ("[1..a[1]]", RangeLiteral(ONE, Filter(A, ONE), True, True)),
        ("(<= 2)", Against("<=", TWO)),
        ('@"P1D"', AtLiteral("P1D")),
        ("not(a)", Call(Name("not"), (A,))),
        ("((a))", A),
    ],
)
def test_operators_bind_as_the_specification_orders_them(text: str, tree: Expression) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.50", Decimal("12.5")),
        (".5", Decimal("0.5")),
        ("-0", Decimal(0)),
        ("1.2e3", Decimal(1200)),
        ('"a\\"b\\\\n"', 'a"b\\n'),
        ('"\\u00e9\\n\\t"', "é\n\t"),
        ('"\\uD83D\\uDC0E = \\U01F40E"', "🐎 = 🐎"),
        ('"\\d+"', "\\d+"),
        ("true", True),
        ("null", None),
    ],
)
def test_literals_are_read_to_their_value(text: str, value: object) -> None:
    assert parse(text) == Literal(value)  # type: ignore[arg-type] # one of the four kinds


def test_a_number_keeps_at_most_34_digits_rounding_half_to_even() -> None:
    assert parse("1" * 33 + "25") == Literal(Decimal("1" * 33 + "2E1"))


@pytest.mark.parametrize("text", ["a+b", " a\n+\tb ", "a /* not c */ + // nor d\n b", "a\u00a0+\u2003b"])
def test_blanks_and_comments_mean_nothing(text: str) -> None:
    assert parse(text) == Arithmetic("+", A, B)


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        (" - ", UnaryTests(())),
        ("-1", UnaryTests((Literal(Decimal(-1)),))),
        ('"x", "y"', UnaryTests((Literal("x"), Literal("y")))),
        ("not(1, > 2)", UnaryTests((ONE, Against(">", TWO)), negated=True)),
        ("not(a) and b", UnaryTests((Conjunction(Call(Name("not"), (A,)), B),))),
        ("]1..2[, null", UnaryTests((RangeLiteral(ONE, TWO, False, False), Literal(None)))),
        ("? > 1", UnaryTests((Comparison(">", Name("?"), ONE),))),
        ("!= a", UnaryTests((Against("!=", A),))),
    ],
)
def test_the_tests_of_a_cell_are_read(text: str, tests: UnaryTests) -> None:
    assert parse_tests(text) == tests


def test_types_are_read_with_their_parts() -> None:
    written = "function<list<date and time>, context<a b: string>> -> years and months duration"
    parameters = (ListType(NamedType("date and time")), ContextType((("a b", NamedType("string")),)))
    assert parse_type(written) == FunctionType(parameters, NamedType("years and months duration"))
    assert parse_type("imported.tPerson") == NamedType("imported.tPerson")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a value or a name, found the end (line 1, column 1)"),
        ("1 +\n  * 2", 'expected a value or a name, found "* 2" (line 2, column 3)'),
        ('"abc', "this string has no end (line 1, column 1)"),
        ("a /* b", "this comment has no end (line 1, column 3)"),
        ("[1..2", "expected the end of the range: ], ) or [, found the end (line 1, column 6)"),
        ("(1, 2)", "a list stands between [ and ], not between parentheses (line 1, column 7)"),
        ("if a then b", 'expected "else", found the end (line 1, column 12)'),
        ("f(a: 1, 2)", 'expected a name and a colon, found "2)" (line 1, column 9)'),
        ("1 2", 'expected an operator or the end, found "2" (line 1, column 3)'),
        ("@5", 'expected a string, as in @"2020-01-01", found "5" (line 1, column 2)'),
        ("1e9999999", "1e9999999 is too large for a number (line 1, column 1)"),
        ("(" * 5000, "this is nested too deeply (line 1, column 1)"),
    ],
)
def test_a_fault_says_what_was_wanted_and_where(text: str, message: str) -> None:
    with pytest.raises(SyntaxFault) as fault:
        parse(text)
    assert str(fault.value) == message


NAMES = st.sampled_from(["a", "b", "first name", "x1", "Été"])


def _operands(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    pairs = st.tuples(inner, inner)
    entries = st.dictionaries(NAMES, inner, max_size=3).map(lambda entries: tuple(entries.items()))
    return st.one_of(
        st.builds(lambda sign, two: Arithmetic(sign, *two), st.sampled_from(["+", "-", "*", "/", "**"]), pairs),
        st.builds(lambda sign, two: Comparison(sign, *two), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), pairs),
        st.builds(Conjunction, inner, inner),
        st.builds(Disjunction, inner, inner),
        st.builds(Negation, inner),
        st.builds(Between, inner, inner, inner),
        st.builds(If, inner, inner, inner),
        st.builds(Path, inner, NAMES),
        st.builds(Filter, inner, inner),
        st.builds(Call, inner, st.lists(inner, max_size=2).map(tuple)),
        st.builds(lambda called, given: Call(called, (), given), inner, entries),
        st.builds(RangeLiteral, inner, inner, st.booleans(), st.booleans()),
        st.builds(ListLiteral, st.lists(inner, max_size=3).map(tuple)),
        st.builds(ContextLiteral, entries),
        st.builds(lambda name, two: For((Iteration(name, two[0]),), two[1]), NAMES, pairs),
        st.builds(InstanceOf, inner, st.just(ListType(NamedType("string")))),
    )


NUMBERS = st.decimals(0, 10**6, places=2).map(lambda number: number or Decimal(0))
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
LEAVES = st.one_of(st.builds(Literal, st.one_of(NUMBERS, STRINGS, st.booleans(), st.none())), st.builds(Name, NAMES))
TREES: st.SearchStrategy[Expression] = st.recursive(LEAVES, _operands, max_leaves=12)


def write(node: Expression) -> str:
    """Write an expression with parentheses around every part."""
    return f"({_WRITE[type(node)](node)})"


def _literal(node: Literal) -> str:
    if isinstance(node.value, str):
        return '"' + node.value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(node.value, Decimal):
        return str(node.value)
    return "null" if node.value is None else str(node.value).lower()


def _listed(nodes: tuple[Expression, ...]) -> str:
    return ", ".join(write(node) for node in nodes)


def _entries(entries: tuple[tuple[str, Expression], ...]) -> str:
    return ", ".join(f"{name}: {write(node)}" for name, node in entries)


def _range(node: RangeLiteral) -> str:
    return (
        f"{'[' if node.low_included else ']'}{write(node.low)}..{write(node.high)}{']' if node.high_included else '['}"
    )


_WRITE: dict[type, Callable[[Any], str]] = {}
_WRITE.update(
    {
        Literal: _literal,
        Name: lambda node: node.name,
        Arithmetic: lambda node: f"{write(node.left)} {node.operator} {write(node.right)}",
        Comparison: lambda node: f"{write(node.left)} {node.relation} {write(node.right)}",
        Conjunction: lambda node: f"{write(node.left)} and {write(node.right)}",
        Disjunction: lambda node: f"{write(node.left)} or {write(node.right)}",
        Negation: lambda node: f"-{write(node.operand)}",
        Between: lambda node: f"{write(node.subject)} between {write(node.low)} and {write(node.high)}",
        If: lambda node: f"if {write(node.condition)} then {write(node.then)} else {write(node.otherwise)}",
        Path: lambda node: f"{write(node.subject)}.{node.name}",
        Filter: lambda node: f"{write(node.subject)}[{write(node.condition)}]",
        Call: lambda node: f"{write(node.function)}({_listed(node.positional)}{_entries(node.named)})",
        RangeLiteral: _range,
        ListLiteral: lambda node: f"[{_listed(node.items)}]",
        ContextLiteral: lambda node: "{" + _entries(node.entries) + "}",
        For: lambda node: (
            f"for {node.iterations[0].name} in {write(node.iterations[0].domain)} return {write(node.result)}"
        ),
        InstanceOf: lambda node: f"{write(node.subject)} instance of list<string>",
    }
)


@given(TREES)
def test_what_is_written_with_parentheses_reads_back_as_the_same_tree(tree: Expression) -> None:
    assert parse(write(tree)) == tree


@given(st.text(st.sampled_from("ab1.\"'()[]{}<>=!+-*/?@,: \n\\")), st.sampled_from(["", "not(", "[", "{a:", "a in ("]))
def test_any_text_is_read_or_refused_with_a_place(text: str, start: str) -> None:
    lines = (start + text).count("\n") + 1
    for read in (parse, parse_tests, parse_type):
        assert _place(read, start + text) in range(lines + 1)


def _place(read: Callable[[str], object], text: str) -> int:
    """Return the line of the fault, 0 where there is none."""
    try:
        read(text)
    except SyntaxFault as fault:
        return fault.line
    return 0
