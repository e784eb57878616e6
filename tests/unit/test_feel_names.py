"""Names with blanks, signs and words of the language are found by what is known where the text stands."""

from decimal import Decimal

import pytest

from crossroads.dmn.feel.names import NO_NAMES, Names
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.syntax import (
    Arithmetic,
    Call,
    Comparison,
    ContextLiteral,
    Expression,
    Filter,
    For,
    If,
    InstanceOf,
    Iteration,
    Literal,
    Name,
    Path,
)
from crossroads.dmn.feel.written_types import NamedType

ONE, TWO = Literal(Decimal(1)), Literal(Decimal(2))
KNOWN = Names.of(
    variables=[
        "a-b",
        "a-b-c",
        "profit and loss",
        "Applicant's age",
        "in a list",
        "rate / 2",
        "list",
        "x y",
        "null rate",
        "for sale",
        "2nd income",
        "1",
    ],
    members=["first-name", "date and time of birth"],
    types=["tAge-group"],
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a-b", Name("a-b")),
        ("a-b-c", Name("a-b-c")),
        ("a-b-d", Arithmetic("-", Name("a-b"), Name("d"))),
        ("a-bc", Arithmetic("-", Name("a"), Name("bc"))),
        ("a - b", Arithmetic("-", Name("a"), Name("b"))),
        ("profit and   loss", Name("profit and loss")),
        ("rate / 2 / 2", Arithmetic("/", Name("rate / 2"), TWO)),
        ("Applicant's age > x\ny", Comparison(">", Name("Applicant's age"), Name("x y"))),
        ("for i in in a list return i", For((Iteration("i", Name("in a list")),), Name("i"))),
        ("something quite unknown", Name("something quite unknown")),
        ("if for sale then null rate else null", If(Name("for sale"), Name("null rate"), Literal(None))),
        ("2nd income + 1", Arithmetic("+", Name("2nd income"), ONE)),
        ("p.first-name", Path(Name("p"), "first-name")),
        ("p[first-name = q]", Filter(Name("p"), Comparison("=", Name("first-name"), Name("q")))),
        ("first-name", Arithmetic("-", Name("first"), Name("name"))),
        ("p.date and time of birth", Path(Name("p"), "date and time of birth")),
        ("a instance of tAge-group", InstanceOf(Name("a"), NamedType("tAge-group"))),
        ("date and time(d)", Call(Name("date and time"), (Name("d"),))),
        ("list contains(list, e)", Call(Name("list contains"), (Name("list"), Name("e")))),
    ],
)
def test_the_longest_known_name_wins(text: str, tree: Expression) -> None:
    assert parse(text, KNOWN) == tree


def test_a_text_knows_the_names_that_it_makes_itself() -> None:
    tree = parse("{a+b: 1, c: a+b}.a+b", NO_NAMES)
    assert isinstance(tree, Path)
    assert tree.name == "a+b"
    assert tree.subject == ContextLiteral((("a+b", ONE), ("c", Name("a+b"))))


def test_plain_names_need_not_be_known() -> None:
    assert Names.of(["a", "two words", "x1"]) == NO_NAMES
