"""What commands say of themselves, read from their source: to list them, none is loaded."""

import ast
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path


def sentence(command: EntryPoint) -> str | None:
    """Give the `help` of its `Typer(…)`, or the docstring of its first function; None where neither is found."""
    try:
        spec = _spec(command.module)
        source = Path(spec.origin) if spec and spec.origin else None
        if source is None or source.suffix != ".py":
            return None
        statements = ast.parse(source.read_bytes()).body
    except (ImportError, OSError, SyntaxError, ValueError):
        # What is wrong with it is said where it is loaded.
        return None
    return next((said for one in statements if (said := _said(one, command.attr))), None)


def _spec(module: str) -> ModuleSpec | None:
    """Find a module, step by step from its top package: `find_spec` would import all those above it."""
    top, *below = module.split(".")
    spec, name = find_spec(top), top
    for part in below:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, spec.submodule_search_locations)
    return spec


def _said(statement: ast.stmt, app: str) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=options)) if name == app:
            texts = (one.value for one in options if one.arg == "help" and isinstance(one.value, ast.Constant))
            return next((str(text.value) for text in texts), None)
        case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Attribute(value=ast.Name(id=name)))]) if name == app:
            return ast.get_docstring(statement)
    return None
