"""Why something is not compiled: a part of an expression, and then the cell it stands in."""

from collections.abc import Callable
from typing import TypeVar

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.syntax import NOWHERE, Node, Place
from crossroads.dmn.model import Place as Cell

_Found = TypeVar("_Found")


class NotCompiled(BadModel):
    """A decision that cannot be compiled; says which cell and why. It can be evaluated all the same."""


class Refused(Exception):
    """A part of an expression that cannot be compiled; `place` is where it stands in its text."""

    def __init__(self, why: str, place: Place | Node = NOWHERE) -> None:
        """Keep why and where."""
        super().__init__(why)
        self.why = why
        self.place = place.at if isinstance(place, Node) else place

    def at(self, cell: Cell) -> NotCompiled:
        """Say the cell, and the line and column in it."""
        where = f" (line {self.place.line}, column {self.place.column})" if self.place != NOWHERE else ""
        return NotCompiled(self.why if self.why.endswith(")") else f"{self.why}{where}", cell)


def at(cell: Cell, compile_one: Callable[[], _Found]) -> _Found:
    """Say where a refusal stands."""
    try:
        return compile_one()
    except Refused as refused:
        raise refused.at(cell) from None
