"""How a built-in function is declared, and how arguments become what it takes.

A signature is written as `string: string, start position: number, length?: number`: a `?` after the name means that
the argument may be left out, after the kind that it may be null; `...` takes any number of arguments as one list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from crossroads.dmn.feel.kinds import Function, Range, Value, kind
from crossroads.dmn.feel.scope import Work
from crossroads.dmn.feel.sizes import surface
from crossroads.dmn.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, at_midnight

Note = Callable[[str], None]
_GLANCE: Final = 4
"""How many items of a list a function passes in one step, where it does not look into them."""


class Unfit(Exception):
    """The arguments give no answer; the message says why, and never quotes them: they may be about a person."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named place for an argument."""

    name: str
    kind: str
    optional: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes of the work that is left, beside what its arguments and its answer hold.

    `steps` are those of the call itself. `through` counts all that arguments and answer hold: the function looks into
    the items of the items. `clocked` gives it the work as its last argument, to count what only it can tell.
    """

    steps: int = 4
    through: bool = False
    clocked: bool = False

    def spend(self, arguments: Sequence[Value], work: Work) -> None:
        """Count what is about to be done. May be Exhausted."""
        for argument in arguments:
            work.look_through(argument) if self.through else work.spend(surface(argument) // _GLANCE)
        work.spend(self.steps)

    def spend_made(self, answer: Value, work: Work) -> None:
        """Count what was made. May be Exhausted."""
        work.look_through(answer) if self.through else work.spend(surface(answer))


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function; `variadic` gathers all arguments into a list."""

    parameters: tuple[Parameter, ...]
    variadic: bool
    function: Callable[..., Value]
    cost: "Cost"

    def by_position(self, arguments: Sequence[Value]) -> list[Value] | None:
        """Return what the function takes, None where the arguments do not fit."""
        if self.variadic:
            return None if not arguments else _fitted([(self.parameters[0], argument) for argument in arguments])
        required = sum(not parameter.optional for parameter in self.parameters)
        if not required <= len(arguments) <= len(self.parameters):
            return None
        given = _fitted(list(zip(self.parameters, arguments, strict=False)))
        return None if given is None else given + [None] * (len(self.parameters) - len(arguments))

    def by_name(self, arguments: Mapping[str, Value]) -> list[Value] | None:
        """Return what the function takes, None where a name is unknown, missing or does not fit."""
        names = {parameter.name for parameter in self.parameters}
        required = {parameter.name for parameter in self.parameters if not parameter.optional}
        if self.variadic or not required <= arguments.keys() <= names:
            return None
        given = [parameter for parameter in self.parameters if parameter.name in arguments]
        fitted = _fitted([(parameter, arguments[parameter.name]) for parameter in given])
        if fitted is None:
            return None
        taken = dict(zip((parameter.name for parameter in given), fitted, strict=True))
        return [taken.get(parameter.name) for parameter in self.parameters]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in function with all the ways to call it."""

    name: str
    signatures: tuple[Signature, ...]

    def call(self, arguments: Sequence[Value], note: Note, work: Work) -> Value:
        """Call by position; null and a note where no signature fits."""
        for signature in self.signatures:
            if (taken := signature.by_position(arguments)) is not None:
                return self._answer(signature, taken, note, work)
        note(f"{self.name} cannot be called with ({', '.join(kind(argument) for argument in arguments)})")
        return None

    def call_named(self, arguments: Mapping[str, Value], note: Note, work: Work) -> Value:
        """Call by parameter names; null and a note where no signature fits."""
        for signature in self.signatures:
            if (taken := signature.by_name(arguments)) is not None:
                return self._answer(signature, taken, note, work)
        given = ", ".join(f"{name}: {kind(argument)}" for name, argument in arguments.items())
        note(f"{self.name} cannot be called with ({given})")
        return None

    def as_function(self, note: Note, work: Work) -> Function:
        """Return the function as a value, with the parameters of its first signature."""
        names = tuple(parameter.name for parameter in self.signatures[0].parameters)
        return Function(names, lambda given: self.call(given, note, work), name=self.name)

    def _answer(self, signature: Signature, taken: list[Value], note: Note, work: Work) -> Value:
        cost = signature.cost
        cost.spend(taken, work)
        given = [taken] if signature.variadic else taken
        try:
            answer = signature.function(*given, work) if cost.clocked else signature.function(*given)
        except (Unfit, ValueError) as fault:
            note(f"{self.name}: {fault}")
        except ArithmeticError:
            note(f"{self.name}: the result is not a number that can be written.")
        else:
            cost.spend_made(answer, work)
            return answer
        return None


_Declared = dict[str, list[Signature]]
_Body = Callable[..., Value]
CHEAP: Final = Cost()
THROUGH: Final = Cost(through=True)


class Declare(Protocol):
    """A decorator that adds a function to a table."""

    def __call__(self, name: str, signature: str, cost: Cost = CHEAP) -> Callable[[_Body], _Body]:
        """Add it under a name."""


def declaring(table: _Declared) -> Declare:
    """Return a decorator `builtin(name, signature)` that adds functions to a table."""

    def builtin(name: str, signature: str, cost: Cost = CHEAP) -> Callable[[_Body], _Body]:
        def add(function: _Body) -> _Body:
            table.setdefault(name, []).append(_signature(signature, function, cost))
            return function

        return add

    return builtin


def _signature(text: str, function: _Body, cost: Cost) -> Signature:
    parts = [part for part in text.split(", ") if part]
    variadic = text.endswith("...")
    return Signature(tuple(_parameter(part.removesuffix("...")) for part in parts), variadic, function, cost)


def _parameter(text: str) -> Parameter:
    name, _, accepted = text.partition(": ")
    return Parameter(name.removesuffix("?"), accepted.removesuffix("?"), name.endswith("?"), accepted.endswith("?"))


_MISFIT: Final = object()
_CLASSES: Final[dict[str, tuple[type, ...]]] = {
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "date": (Date,),
    "time": (Time,),
    "date and time": (DateTime,),
    "date or date and time": (Date, DateTime),
    "days and time duration": (DaysTime,),
    "number or duration": (Decimal, DaysTime, YearsMonths),
    "point": (Decimal, str, Date, Time, DateTime, DaysTime, YearsMonths),
    "list": (list,),
    "context": (dict,),
    "range": (Range,),
    "function": (Function,),
}


def _fitted(pairs: Sequence[tuple[Parameter, Value]]) -> list[Value] | None:
    fitted = [fit(parameter, argument) for parameter, argument in pairs]
    return None if any(argument is _MISFIT for argument in fitted) else fitted


def fit(parameter: Parameter, argument: Value) -> Any:
    """Return the argument as the parameter takes it: lists made and unmade, dates at midnight, as the text says."""
    if parameter.kind == "any":
        return argument
    if argument is None:
        return None if parameter.nullable else _MISFIT
    if isinstance(argument, _CLASSES[parameter.kind]):
        return argument
    return _converted(parameter, argument)


def _converted(parameter: Parameter, argument: Value) -> Any:
    if parameter.kind == "list":
        return [argument]
    if parameter.kind == "date and time" and isinstance(argument, Date):
        return at_midnight(argument)
    if isinstance(argument, list) and len(argument) == 1:
        return fit(parameter, argument[0])
    return _MISFIT
