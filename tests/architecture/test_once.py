"""What several rooms need stands once: no function is a copy of another, whatever it says in its messages."""

import ast
from collections import defaultdict
from pathlib import Path

import crossroads

ROOT = Path(crossroads.__file__).parent
FOLDERS = (ROOT, Path(__file__).parents[1])
FEWEST = 5
"""Statements of a function that is worth having once."""


def shape(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Give what a function does, without its docstring and the text of its strings."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    body = ast.parse(ast.unparse(ast.Module(statements, [])))
    for node in ast.walk(body):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(body)


def test_no_function_is_a_copy_of_another() -> None:
    places = defaultdict(list)
    for path in (path for folder in FOLDERS for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                statements = sum(isinstance(inner, ast.stmt) for one in node.body for inner in ast.walk(one))
                if statements >= FEWEST:
                    places[shape(node)].append(f"{path.name}: {node.name}")
    assert [copies for copies in places.values() if len(copies) > 1] == []
