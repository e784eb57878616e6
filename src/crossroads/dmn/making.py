"""What makes expressions ready: parsed once, then evaluated as often as asked.

What cannot be parsed is complained of when it is made ready; it is null with a note when it is evaluated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.parser import parse, parse_tests
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Value
from crossroads.dmn.model import (
    Boxed,
    Condition,
    DecisionTable,
    Expression,
    FunctionDefinition,
    Literal,
    Place,
)
from crossroads.dmn.reading import FEEL
from crossroads.dmn.shapes import ANYTHING, Complain, Shapes

Found = TypeVar("Found")
Parsed = TypeVar("Parsed", syntax.Expression, syntax.UnaryTests)


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that gave (part of) a table's output: where the table stands, the rule from 1, and its id."""

    table: str
    rule: int
    id: str | None


Trace: TypeAlias = list[Fired]
Compute: TypeAlias = Callable[[Scope, Trace], Value]
"""An expression made ready: from what it sees to its value; the rules that fire are added to the trace."""


def nothing(_scope: Scope, _trace: Trace) -> Value:
    """Give null."""
    return None


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the expressions of one model ready, knowing the names that are in scope where they stand.

    `owner` is the name of the decision or knowledge model they stand in.
    """

    names: Names
    shapes: Shapes
    complain: Complain
    kinds: "Mapping[type, Callable[[Maker, Any], Compute]]"
    language: str | None = None
    owner: str = ""

    def make(self, thing: Expression | None) -> Compute:
        """Make any expression ready; where it has a type, its value is fitted to it."""
        if thing is None:
            return nothing
        made = self.kinds[type(thing)](self, thing)
        return self.fitted(made, thing.type_ref, thing.place) if not isinstance(thing, UNTYPED) else made

    def fitted(self, compute: Compute, type_ref: str | None, place: Place) -> Compute:
        """Fit what is computed to a type."""
        shape = self.shapes.of(type_ref, place)
        if shape is ANYTHING:
            return compute
        return noted(lambda scope, trace: shape.fit(compute(scope, trace), scope), place)

    def seeing(self, *names: str) -> "Maker":
        """Know more names."""
        known = self.names
        for name in names:
            known = known.adding(name)
        return replace(self, names=known)

    def tree(self, thing: Literal) -> syntax.Expression | None:
        """Parse a literal; None, with a complaint, where it is not FEEL or empty."""
        return self._parsed(parse, thing.text, thing) if thing.text.strip() else None

    def tests(self, cell: Condition) -> syntax.UnaryTests | None:
        """Parse a cell; None, with a complaint, where it is not FEEL. An empty cell is `-`."""
        return self._parsed(parse_tests, cell.text.strip() or "-", cell)

    def _parsed(self, read: Callable[[str, Names], Parsed], text: str, thing: Literal | Condition) -> Parsed | None:
        if not self._speaks(thing):
            return None
        try:
            return read(text, self.names)
        except SyntaxFault as fault:
            self.complain(BadModel(str(fault), thing.place))
            return None

    def _speaks(self, text: Literal | Condition) -> bool:
        language = text.language or self.language
        if language is None or language in FEEL or language.lower() == "feel":
            return True
        self.complain(BadModel(f"the expression language {language} is not known; FEEL is", text.place))
        return False


def noted(compute: Compute, place: Place) -> Compute:
    """Say in the notes of what is computed where it stands; the innermost place is said."""
    return lambda scope, trace: placed(lambda: compute(scope, trace), place, scope)


def placed(find: Callable[[], Found], place: Place, scope: Scope) -> Found:
    """Find something, and say in the notes made on the way where it stands; the innermost place is said."""
    before = len(scope.notes)
    found = find()
    for n in range(before, len(scope.notes)):
        if not isinstance(scope.notes[n], Note):
            scope.notes[n] = Note(f"{place}: {scope.notes[n]}" if place.words else scope.notes[n])
    return found


class Note(str):
    """A note that says where."""

    __slots__ = ()


def unreadable(thing: Literal | Condition) -> Compute:
    """Give null: with a note where there is a text."""
    if not thing.text.strip():
        return nothing

    def noting(scope: Scope, _trace: Trace) -> Value:
        scope.note("the text is not FEEL that can be read")
        return None

    return noted(noting, thing.place)


UNTYPED: tuple[type[Boxed], ...] = (DecisionTable, FunctionDefinition)
"""Expressions whose `type_ref` is no demand on their value: of a function it is the function's type, and what a table
gives depends on its hit policy; what is decided from them has a type of its own."""
