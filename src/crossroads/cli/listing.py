"""What commands say of themselves, read from their source: to list them, none is loaded."""

import ast
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path


def sentence(command: EntryPoint) -> str | None:
    """Give the `help` of its `Typer(…)`, or the docstring of its first function; None where neither is found."""
    try:
        spec = find_spec(command.module)
    except ImportError:
        return None
    source = Path(spec.origin) if spec and spec.origin else None
    if source is None or source.suffix != ".py":
        return None
    for statement in ast.parse(source.read_bytes()).body:
        if said := _said(statement, command.attr):
            return said
    return None


def _said(statement: ast.stmt, app: str) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=options)) if name == app:
            texts = (one.value for one in options if one.arg == "help" and isinstance(one.value, ast.Constant))
            return next((str(text.value) for text in texts), None)
        case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Attribute(value=ast.Name(id=name)))]) if name == app:
            return ast.get_docstring(statement)
    return None
