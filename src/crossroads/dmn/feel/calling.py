"""Function literals and calls, by position and by name."""

from collections.abc import Mapping, Sequence
from typing import Final

from crossroads.dmn.feel import types
from crossroads.dmn.feel.builtins import registry
from crossroads.dmn.feel.builtins.declaring import Builtin
from crossroads.dmn.feel.inference import result_type
from crossroads.dmn.feel.operations import Evaluate
from crossroads.dmn.feel.scope import LARGEST, Scope
from crossroads.dmn.feel.syntax import Call, FunctionLiteral, Name
from crossroads.dmn.feel.values import Function, Value, kind

_MADE: Final = 10
"""The steps that it takes to make a function, and to keep it."""


def closure(written: FunctionLiteral, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the function, which keeps what is in scope where it is written."""
    try:
        declared = tuple(types.resolve(one.type, scope.types) if one.type else types.ANY for one in written.parameters)
    except types.UnknownType as fault:
        scope.note(str(fault), written)
        return None
    names = tuple(parameter.name for parameter in written.parameters)
    scope.work.spend(_MADE)

    def body(arguments: Sequence[Value]) -> Value:
        if written.external:
            scope.note("functions of another language are not run", written)
            return None
        for argument, type_ in zip(arguments, declared, strict=True):
            if type_ != types.ANY:
                scope.work.look_through(argument)
        given = [types.conversion(*pair) for pair in zip(arguments, declared, strict=True)]
        unfit = [kind(argument) for argument, (fits, _) in zip(arguments, given, strict=True) if not fits]
        if unfit:
            scope.note(f"{unfit[0]} is not what the function takes", written)
            return None
        within = Scope(dict(zip(names, (value for _, value in given), strict=True)), scope)
        return scope.guarded(lambda: evaluate(written.body, within), written)

    known = dict(zip(names, declared, strict=True))
    return Function(names, body, declared, result_type(written.body, known, scope.work))


def builtin(name: str) -> Builtin | None:
    """Return the built-in function of that name."""
    return registry.find(name)


def called(written: Call, scope: Scope, evaluate: Evaluate) -> Value:
    """Return what the function answers; null where there is none, or where the arguments do not fit it."""
    function = _function(written, scope, evaluate)
    if not isinstance(function, Function | Builtin):
        if function is not None:
            scope.note(f"{kind(function)} cannot be called", written)
        return None
    if written.named:
        named = {name: evaluate(argument, scope) for name, argument in written.named}
        return _bounded(apply_named(function, named, scope, written), scope, written)
    positional = [evaluate(argument, scope) for argument in written.positional]
    return _bounded(apply(function, positional, scope, written), scope, written)


def _function(written: Call, scope: Scope, evaluate: Evaluate) -> Value:
    """Find what is called: a fact named `date` does not hide the function `date`."""
    if not isinstance(written.function, Name):
        return evaluate(written.function, scope)
    _, value = scope.find(written.function.name)
    if isinstance(value, Function):
        return value
    return builtin(written.function.name) or evaluate(written.function, scope)


def apply(function: Function | Builtin, arguments: Sequence[Value], scope: Scope, written: Call | None = None) -> Value:
    """Call with arguments by position."""
    if isinstance(function, Builtin):
        return function.call(arguments, lambda message: scope.note(message, written), scope.work)
    if len(arguments) != len(function.parameters):
        if found := _passed(function):
            return apply(found, arguments, scope, written)
        wanted = ", ".join(function.parameters) or "nothing"
        scope.note(f"{_title(function, written)} takes {wanted}, and was given {len(arguments)} arguments", written)
        return None
    return function.body(arguments)


def apply_named(
    function: Function | Builtin, named: Mapping[str, Value], scope: Scope, written: Call | None = None
) -> Value:
    """Call with arguments by name, each that of a parameter; a parameter that is left out is null."""
    if isinstance(function, Builtin):
        return function.call_named(named, lambda message: scope.note(message, written), scope.work)
    if not named.keys() <= set(function.parameters):
        wanted = ", ".join(function.parameters) or "nothing"
        scope.note(f"{_title(function, written)} takes {wanted}, and was given {', '.join(named)}", written)
        return None
    return function.body([named.get(parameter) for parameter in function.parameters])


def _passed(function: Function) -> Builtin | None:
    """Return the built-in function that was passed on as a value: it may take fewer or more arguments."""
    found = builtin(function.name)
    names = tuple(parameter.name for parameter in found.signatures[0].parameters) if found else None
    return found if names == function.parameters else None


def _title(function: Function, written: Call | None) -> str:
    if function.name:
        return function.name
    return written.function.name if written and isinstance(written.function, Name) else "the function"


def _bounded(value: Value, scope: Scope, written: Call) -> Value:
    if isinstance(value, list | str) and len(value) > LARGEST:
        scope.note("the list or string becomes too long", written)
        return None
    return value
