"""What an expression sees while it is evaluated: names with values, types, a place for notes, the work that is left."""

from collections.abc import Callable, Mapping
from typing import Final

from crossroads.dmn.feel.sizes import TooLarge, whole
from crossroads.dmn.feel.syntax import NOWHERE, Node
from crossroads.dmn.feel.types import Type
from crossroads.dmn.feel.values import Value

STEPS: Final = 1_000_000
"""How much work one decision may take, in steps of about a microsecond; what it makes counts as what it does."""
LARGEST: Final = 1_000_000
"""How long a list or string may become."""

_NOTHING: Final[Mapping[str, Value]] = {}


class Exhausted(Exception):
    """An expression takes more work than it may."""


class Work:
    """The work that is left, shared by all scopes of one evaluation."""

    __slots__ = ("left", "running")

    def __init__(self, steps: int = STEPS) -> None:
        """Start with a number of steps."""
        self.left = steps
        self.running = 0

    def spend(self, steps: int = 1) -> None:
        """Count work that is about to be done. Exhausted where none is left."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted("this takes too much work to evaluate")

    def look_through(self, value: Value) -> None:
        """Count what a value holds, before all of it is gone through. Exhausted where it is too much, or too deep."""
        if isinstance(value, list | dict | str):
            try:
                self.spend(whole(value, self.left))
            except TooLarge as fault:
                raise Exhausted(str(fault)) from None

    @property
    def seconds(self) -> float:
        """The time that is left for what can only be measured by the clock: a second at the outset."""
        return max(self.left, 1) / STEPS

    def took(self, seconds: float) -> None:
        """Count what was measured by the clock. Whoever spends next is told where nothing is left."""
        self.left -= int(seconds * STEPS)


class Scope:
    """Names and values, on top of those of the parent; notes, types and work are the parent's unless given."""

    __slots__ = ("notes", "parent", "types", "values", "work")

    def __init__(
        self,
        values: Mapping[str, Value] = _NOTHING,
        parent: "Scope | None" = None,
        notes: list[str] | None = None,
        *,
        types: Mapping[str, Type] | None = None,
        work: Work | None = None,
    ) -> None:
        """Make a scope. A mapping that grows later is seen as it grows."""
        self.values = values
        self.parent = parent
        self.notes: list[str] = notes if notes is not None else parent.notes if parent else []
        self.types: Mapping[str, Type] = types if types is not None else parent.types if parent else {}
        self.work: Work = work or (parent.work if parent else Work())

    def find(self, name: str) -> tuple[bool, Value]:
        """Return whether a name is known here, and its value."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return True, scope.values[name]
            scope = scope.parent
        return False, None

    def note(self, message: str, node: Node | None = None) -> None:
        """Keep what went wrong, once, with its line and column: the value is null then."""
        at = node.at if node else NOWHERE
        said = message if at == NOWHERE else f"{message} (line {at.line}, column {at.column})"
        if said not in self.notes[-20:]:
            self.notes.append(said)

    def guarded(self, evaluate: Callable[[], Value], node: Node | None = None) -> Value:
        """Evaluate; at the outermost call, answer null with a note where it takes too much work or nests too deeply."""
        if self.work.running:
            return evaluate()
        self.work.running = 1
        try:
            return evaluate()
        except Exhausted as fault:
            self.note(str(fault), node)
        except RecursionError:
            self.note("this nests too deeply, or functions call each other without end", node)
        except MemoryError:
            self.note("this takes too much memory to evaluate", node)
        finally:
            self.work.running = 0
        return None
