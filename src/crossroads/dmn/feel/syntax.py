"""The syntax tree of FEEL: what the parser gives and what evaluation and compiling read.

Where a node stands in the text (`at`) takes no part in equality: two texts that mean the same give the same tree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Literal as OneOf

if TYPE_CHECKING:
    from crossroads.dmn.feel.written_types import TypeExpression


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the text of one expression; lines and columns count from 1."""

    line: int
    column: int


NOWHERE = Place(0, 0)
"""The place of a node that was not read from a text."""

Operator = OneOf["+", "-", "*", "/", "**"]
Relation = OneOf["=", "!=", "<", "<=", ">", ">="]
Quantifier = OneOf["some", "every"]


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in a text."""

    at: Place = field(default=NOWHERE, compare=False, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, string, boolean or null. `date("2020-01-01")` is a `Call` of the name `date` with one `Literal`."""

    value: Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class AtLiteral(Node):
    """`@"2020-01-01"`: a date, time, date and time or duration; `text` stands between the quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or a function, with its blanks as single spaces; `?` is the value that a unary test looks at."""

    name: str


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    """`{name: a, "other name": b}`; a later entry sees the earlier ones."""

    entries: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class RangeLiteral(Node):
    """`[a..b]`, `(a..b]`, `]a..b[` ...: both ends are given, each within the range or not."""

    low: "Expression"
    high: "Expression"
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Against(Node):
    """`< 5`, `!= "a"`: in a test, the value compared with an endpoint; anywhere else, a range."""

    relation: Relation
    endpoint: "Expression"


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """`- a`. A minus sign right before digits is part of the number: `-5` is a `Literal`."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left operator right`."""

    operator: Operator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`left relation right`."""

    relation: Relation
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Conjunction(Node):
    """`left and right`."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Disjunction(Node):
    """`left or right`."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`subject between low and high`, both ends included."""

    subject: "Expression"
    low: "Expression"
    high: "Expression"


@dataclass(frozen=True, slots=True)
class In(Node):
    """`subject in test` or `subject in (test, test)`."""

    subject: "Expression"
    tests: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """`subject instance of type`."""

    subject: "Expression"
    type: "TypeExpression"


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`subject.name`: an entry of a context, a part of a date, an end of a range; over a list, of each item."""

    subject: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`subject[condition]`: the item at a position, or the items for which the condition holds."""

    subject: "Expression"
    condition: "Expression"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(a, b)` or `function(x: a, y: b)`; never both kinds of arguments. `not(a)` is a `Call` of `not`."""

    function: "Expression"
    positional: tuple["Expression", ...] = ()
    named: tuple[tuple[str, "Expression"], ...] = ()


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if condition then this else that`."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Iteration(Node):
    """`name in domain`, or with both ends `name in domain..end`."""

    name: str
    domain: "Expression"
    end: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class For(Node):
    """`for a in x, b in y return result`."""

    iterations: tuple[Iteration, ...]
    result: "Expression"


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`some a in x, b in y satisfies condition`, or `every ...`."""

    quantifier: Quantifier
    iterations: tuple[Iteration, ...]
    condition: "Expression"


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A formal parameter; without a type it takes anything."""

    name: str
    type: "TypeExpression | None" = None


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """`function(a, b: number) body`; an `external` body describes a function of another language."""

    parameters: tuple[Parameter, ...]
    body: "Expression"
    external: bool = False


Expression = (
    Literal
    | AtLiteral
    | Name
    | ListLiteral
    | ContextLiteral
    | RangeLiteral
    | Against
    | Negation
    | Arithmetic
    | Comparison
    | Conjunction
    | Disjunction
    | Between
    | In
    | InstanceOf
    | Path
    | Filter
    | Call
    | If
    | For
    | Quantified
    | FunctionLiteral
)


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """The tests of one cell. `-` has no tests and holds for anything; `negated` is `not(...)` around all of them.

    A test is an `Against`, or an expression: it holds if it is true (where it speaks of `?`), equals the value looked
    at, or is a list or range that holds it.
    """

    tests: tuple[Expression, ...]
    negated: bool = False


def speaks_of(node: Node, name: str) -> bool:
    """Whether the name occurs in the expression; `speaks_of(test, "?")` tells a condition from a value."""
    open_nodes = [node]
    while open_nodes:
        found = open_nodes.pop()
        if isinstance(found, Name) and found.name == name:
            return True
        open_nodes.extend(parts(found))
    return False


def parts(node: Node) -> Iterable[Node]:
    """Give the nodes directly under a node, in the order of the text."""
    for slot in node.__dataclass_fields__:
        yield from _nodes(getattr(node, slot))


def _nodes(value: object) -> Iterable[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
