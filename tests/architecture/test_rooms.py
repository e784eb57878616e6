"""Rules of the house that import contracts cannot hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import crossroads
from crossroads.bootstrap.settings import Settings

ROOT = Path(crossroads.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
DRIVERS = {"asyncpg", "aiosql", "pogo_core", "psycopg"}
MAY_TOUCH_THE_DRIVER = re.compile(
    r"(?x) \w+/((\w+_)?store|database|queries)\.py | directory/(facts|staging|imports?)\.py | identity/ports\.py"
    r" | audit/(writer|reading)\.py | catalogue/service\.py | bootstrap/\w+\.py | bench/\w+\.py"
)
INPUT_OUTPUT = {"asyncio", "asyncpg", "os", "pathlib", "pyreqwest", "socket", "sqlalchemy", "sqlite3", "subprocess"}
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*\b(FROM|INTO|SET|VALUES)\b", re.DOTALL)
OUTSIDE = {"pyreqwest", "httpx", "urllib.request", "requests", "socket"}
MAY_CALL_OUT = (
    *("sources/", "participant/", "network/", "demo/", "bench/", "cli/"),
    # Logging in at a provider is the one exception; it is asked nothing about anybody else.
    *("web/openid.py", "web/demo_provider/"),
)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=room_path)
def test_only_stores_and_the_wiring_touch_the_database_driver(path: Path) -> None:
    touched = {name.split(".")[0] for name in imported(path)} & DRIVERS
    assert not touched or MAY_TOUCH_THE_DRIVER.fullmatch(room_path(path))


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "model.py"], ids=room_path)
def test_a_model_does_no_input_or_output(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & INPUT_OUTPUT


@pytest.mark.parametrize("path", FILES, ids=room_path)
def test_only_sources_call_out_of_the_hub(path: Path) -> None:
    if not room_path(path).startswith(MAY_CALL_OUT):
        assert not {name for name in imported(path) for outside in OUTSIDE if name.startswith(outside)}


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "__init__.py"], ids=room_path)
def test_a_package_file_is_a_docstring(path: Path) -> None:
    body = ast.parse(path.read_text("utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_only_access_makes_permits() -> None:
    makers = {
        room_path(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Permit", "PermitSet", "PushPermit", "Sight"}
    }
    assert makers == {"access/service.py", "access/sets.py", "access/push.py", "access/sight.py"}
    users = {room_path(path) for path in FILES if "_MADE_BY_ACCESS" in path.read_text("utf-8")}
    assert users == {"access/model.py", "access/service.py", "access/sets.py", "access/push.py", "access/sight.py"}


@pytest.mark.parametrize("path", FILES, ids=room_path)
def test_sql_stands_in_queries_files(path: Path) -> None:
    if room_path(path).startswith(("bootstrap/", "demo/", "bench/", "participant/")):
        return  # what they speak to is not the schema of the house
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.match(
                r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*\b(FROM|INTO|SET|VALUES)\b", node.value, re.DOTALL
            )


@pytest.mark.parametrize("path", [*ROOT.rglob("queries.sql"), *ROOT.rglob("queries/*.sql")], ids=room_path)
def test_a_sentence_stands_above_each_query(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("-- name:"):
            assert re.match(r"-- [A-Z].*", lines[number + 1]), f"{path.name}:{number + 1}"


def test_no_switch_turns_a_protection_off() -> None:
    words = ("disable", "skip", "insecure", "no_", "off", "verify", "enabled", "bypass")
    assert not [name for name in Settings.__struct_fields__ for word in words if word in name]
