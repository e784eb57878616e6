"""What several rooms need stands once: no function is a copy of another, whatever it says in its messages."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import crossroads

ROOT = Path(crossroads.__file__).parent
FOLDERS = (ROOT, Path(__file__).parents[1])
FEWEST = 5
"""Statements of a function that is worth having once."""


def functions(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Give the functions of a module: their names and what they do, without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if sum(isinstance(inner, ast.stmt) for one in node.body for inner in ast.walk(one)) >= FEWEST:
                yield node.name, body


def shapes(path: Path) -> Iterator[tuple[str, str]]:
    """Give the functions of a file: their names and what they do, whatever their strings say."""
    tree = ast.parse(path.read_text("utf-8"))
    found = list(functions(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    for name, body in found:
        yield name, ast.dump(ast.Module(body, []))


def test_no_function_is_a_copy_of_another() -> None:
    places = defaultdict(list)
    for path in (path for folder in FOLDERS for path in folder.rglob("*.py")):
        for name, shape in shapes(path):
            places[shape].append(f"{path.name}: {name}")
    assert [copies for copies in places.values() if len(copies) > 1] == []
