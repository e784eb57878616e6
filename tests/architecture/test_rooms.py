"""Rules of the house that import contracts cannot hold."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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
OUTSIDE = ("pyreqwest", "httpx", "urllib.request", "requests", "socket")
MAY_CALL_OUT = (
    *("sources/", "participant/", "network/", "demo/", "bench/", "cli/"),
    # It listens, and calls nobody.
    "serving/",
    # Logging in at a provider is the one exception; it is asked nothing about anybody else.
    *("web/openid.py", "web/demo_provider/"),
)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imported(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def room_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_only_stores_and_the_wiring_touch_the_database_driver() -> None:
    touching = [room_path(path) for path in FILES if packages(path) & DRIVERS]
    assert touching
    assert [path for path in touching if not MAY_TOUCH_THE_DRIVER.fullmatch(path)] == []


def test_a_model_does_no_input_or_output() -> None:
    models = [path for path in FILES if path.name == "model.py"]
    assert models
    assert [room_path(path) for path in models if packages(path) & INPUT_OUTPUT] == []


def test_only_sources_call_out_of_the_hub() -> None:
    calling = [room_path(path) for path in FILES if any(name.startswith(OUTSIDE) for name in imported(path))]
    assert calling
    assert [path for path in calling if not path.startswith(MAY_CALL_OUT)] == []


def test_a_package_file_is_a_docstring() -> None:
    files = [path for path in FILES if path.name == "__init__.py"]
    assert files
    wrong = [path for path in files if [type(node) for node in parsed(path).body] != [ast.Expr]]
    assert [room_path(path) for path in wrong] == []


def test_only_access_makes_permits() -> None:
    makers = {
        room_path(path)
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Permit", "PermitSet", "PushPermit", "Sight", "Posting", "BoxSight"}
    }
    assert makers == {"access/service.py", "access/sets.py", "access/push.py", "access/sight.py", "access/boxes.py"}
    users = {room_path(path) for path in FILES if "_MADE_BY_ACCESS" in path.read_text("utf-8")}
    assert users == makers | {"access/model.py"}


def test_sql_stands_in_queries_files() -> None:
    # What these speak to is not the schema of the house.
    apart = ("bootstrap/", "demo/", "bench/", "participant/", "statuses/")
    wrong = [
        f"{room_path(path)}:{node.lineno}"
        for path in FILES
        if not room_path(path).startswith(apart)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert wrong == []


def test_a_sentence_stands_above_each_query() -> None:
    files = [*ROOT.rglob("queries.sql"), *ROOT.rglob("queries/*.sql")]
    assert files
    wrong = [f"{room_path(path)}:{number}" for path in files for number in nameless(path.read_text("utf-8"))]
    assert wrong == []


def nameless(text: str) -> Iterator[int]:
    """Give the lines that name a query and have no sentence under them."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("-- name:") and not re.match(r"-- [A-Z].*", lines[number]):
            yield number


def test_no_switch_turns_a_protection_off() -> None:
    words = ("disable", "skip", "insecure", "no_", "off", "verify", "enabled", "bypass")
    assert not [name for name in Settings.__struct_fields__ for word in words if word in name]
