"""What the command line says to who types it wrong, or where something is missing or in the way."""

import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from importlib.metadata import entry_points, packages_distributions, requires, version
from pathlib import Path

import pytest
from typer.main import get_command

import crossroads as crossroads_package
from commands import Ended, crossroads, typed
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.cli.listing import sentence
from crossroads.cli.main import extra_of
from crossroads.demo.home import home_of
from crossroads.network.founders import Founders
from crossroads.network.ports import free_ports
from crossroads.wire.keys import SigningKey

KEYS = ("message-1", "permit-1", "log")


def at(home: Path, *arguments: str, **settings: str) -> Ended:
    environment = {"CROSSROADS_HOME": str(home), **{f"CROSSROADS_{name.upper()}": s for name, s in settings.items()}}
    return typed(*arguments, environment=environment)


def test_it_tells_its_version() -> None:
    told = crossroads("--version")
    assert (told.code, told.stdout) == (0, f"crossroads {version('crossroads')}\n")


@pytest.mark.parametrize(("wrong", "meant"), [("aks", "ask"), ("participants", "participant"), ("doktor", "doctor")])
def test_an_unknown_command_gives_the_nearest_one(wrong: str, meant: str) -> None:
    ended = typed(wrong)
    assert ended.code == 2
    assert f"No such command '{wrong}'. Did you mean '{meant}'?" in ended.sentence


def test_a_command_like_no_other_gives_none() -> None:
    ended = typed("xylophone")
    assert (ended.code, "Did you mean" in ended.sentence) == (2, False)
    assert "No such command 'xylophone'" in ended.sentence


def test_the_list_of_commands_says_of_each_what_it_says_itself_and_loads_none() -> None:
    for found in entry_points(group="crossroads.commands"):
        assert sentence(found) == get_command(found.load()).help, found
    listing = "import sys; from crossroads.cli.main import run; run()"
    modules = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", listing, "--help"], capture_output=True, check=True, text=True
    ).stderr
    assert "crossroads.cli.main" in modules
    assert not any(found.module in modules for found in entry_points(group="crossroads.commands"))


_BROKEN = {
    "typed_wrong": "def",
    "nameless": "other = 1",
    "unfit": "app = 3",
    "failing": "raise RuntimeError('no such luck')",
}


def test_a_command_of_another_package_that_is_broken_hides_no_other(tmp_path: Path) -> None:
    package = tmp_path / "plugin"
    package.mkdir()
    # To list what is below it, it is not imported.
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "told.py").write_text("import typer\napp = typer.Typer(help='Told without loading.')\n")
    for name, content in _BROKEN.items():
        (tmp_path / f"{name}.py").write_text(content)
    distribution = tmp_path / "plugin-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    commands = {"told": "plugin.told", **{name: name for name in _BROKEN}}
    lines = "".join(f"{name} = {module}:app\n" for name, module in commands.items())
    (distribution / "entry_points.txt").write_text(f"[crossroads.commands]\n{lines}")
    here = {"PYTHONPATH": str(tmp_path)}

    listed = crossroads("--help", environment=here)
    said = " ".join(listed.stdout.replace("│", " ").split())
    assert (listed.code, listed.stderr) == (0, ""), listed
    assert " told Told without loading. " in said
    assert all(f" {found.name} " in said for found in entry_points(group="crossroads.commands"))
    assert {name for name in _BROKEN if f" {name} Cannot be loaded: " in said} == set(_BROKEN), said
    called = crossroads("failing", "anything", environment=here)
    assert (called.code, called.sentence) == (1, "Refused: `failing` cannot be loaded: RuntimeError: no such luck.")


_WITHOUT = "import sys; sys.modules['{}'] = None; from crossroads.cli.main import run; run()"


@pytest.mark.parametrize(("module", "extra"), [("openpyxl", "statuses"), ("asyncpg", "hub")])
def test_a_command_that_lacks_a_library_names_what_brings_it_and_hides_no_other(module: str, extra: str) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-c", _WITHOUT.format(module), *arguments]
        variables = {**os.environ, "COLUMNS": "200"}
        ended = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60, env=variables)
        return ended.returncode, " ".join((ended.stdout + ended.stderr).split())

    code, said = run("--help")
    assert (code, "Traceback" in said) == (0, False), said
    assert all(f" {found.name} " in said for found in entry_points(group="crossroads.commands"))
    lacking = {found.name for found in entry_points(group="crossroads.commands") if f" {found.name} Cannot be" in said}
    assert "bis" not in lacking
    assert lacking, said
    for name in sorted(lacking)[:1]:
        code, said = run(name, "anything", "--at", "all")
        assert code == 1
        assert f"`{name}` needs {module}: install crossroads[{extra}]." in said


def test_the_extra_that_is_named_for_a_module_brings_it() -> None:
    brought = {
        extra: {re.split(r"[\[<>=~ ;]", one)[0].lower() for one in requires("crossroads") or () if f"'{extra}'" in one}
        for extra in ("hub", "participant", "portal", "statuses")
    }
    wanted, sources = (
        set().union(*brought.values()) - {"crossroads"},
        Path(crossroads_package.__file__).parent.rglob("*.py"),
    )
    imported = {
        found for file in sources for found in re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.MULTILINE)
    }
    packages = {module: {one.lower() for one in found} & wanted for module, found in packages_distributions().items()}
    needed = {module: found for module, found in packages.items() if module in imported and found}
    assert needed
    for module, found in needed.items():
        assert found <= brought[extra_of(module)] | brought["participant"], (module, extra_of(module))


def test_a_demo_begun_anew_asks_before_it_removes_anything(tmp_path: Path) -> None:
    kept = tmp_path / "demo" / "kept"
    kept.parent.mkdir()
    kept.touch()
    ended = crossroads("demo", "--fresh", environment={"CROSSROADS_HOME": str(tmp_path)}, text="n\n")
    assert (ended.code, kept.exists()) == (1, True)
    home_of({"CROSSROADS_HOME": str(tmp_path)}).remove()
    assert not kept.exists()


@pytest.mark.parametrize("command", [("audit", "verify"), ("key", "list"), ("directory", "check")])
def test_where_there_is_no_hub_that_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = at(tmp_path, *command)
    assert ended.code == 1
    assert f"There is no hub in {tmp_path}. Set CROSSROADS_HOME to the folder of yours, or see one" in ended.sentence
    assert list(tmp_path.iterdir()) == []


def test_above_the_hub_of_a_demo_its_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo" / "hub").mkdir(parents=True)
    ended = at(tmp_path, "audit", "verify")
    assert ended.code == 1
    assert f"For that of the demo, set CROSSROADS_HOME={tmp_path}/demo/hub." in ended.sentence


@pytest.mark.parametrize("wrong", [("--count", "5000"), ("--count", "0"), ("--lease", "3601"), ("--from", "0")])
def test_a_pull_beyond_the_limits_is_wrong_usage(tmp_path: Path, wrong: tuple[str, str]) -> None:
    ended = typed("mailbox", "pull", str(tmp_path / "none.yaml"), *wrong)
    assert (ended.code, f"Invalid value for '{wrong[0]}'" in ended.sentence) == (2, True), ended


def test_an_act_is_never_written_over_another(tmp_path: Path) -> None:
    key, act = tmp_path / "sign-1.pem", tmp_path / "sign-1.act"
    SigningKey.generate("centre-a#sign-1").write(key)
    act.write_text("signed by others")
    options = ("--id", "centre-a#sign-1", "--use", "sign", "--key", str(key), "-o", str(act))
    ended = at(tmp_path, "key", "register", *options)
    assert ended.code == 1
    assert f"{act} is there already, perhaps signed by others: name another file." in ended.sentence
    assert act.read_text() == "signed by others"


def test_an_endpoint_that_no_installation_takes_is_not_signed(tmp_path: Path) -> None:
    key, act = tmp_path / "sign-1.pem", tmp_path / "endpoint.act"
    SigningKey.generate("centre-a#sign-1").write(key)
    options = ("--key-id", "centre-a#sign-1", "--key", str(key), "-o", str(act))
    ended = at(tmp_path, "key", "endpoint", "centre-a", "https://centre.example:65536", *options)
    assert (ended.code, "above 65535" in ended.sentence, act.exists()) == (1, True, False), ended
    assert at(tmp_path, "key", "endpoint", "centre-a", "https://centre.example:65535", *options).code == 0


def test_a_home_of_the_demo_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    ended = crossroads("demo", "--once", environment={"CROSSROADS_HOME": str(home)})
    assert ended.code == 1
    assert f"{home} cannot be written" in ended.sentence
    assert "set CROSSROADS_HOME to another folder" in ended.sentence


def make_keys(home: Path) -> None:
    Founders(Installation(Settings(), home)).make_hub_keys()


@pytest.mark.parametrize("missing", KEYS)
def test_a_hub_without_a_key_does_not_start_and_names_it(tmp_path: Path, missing: str) -> None:
    make_keys(tmp_path)
    (tmp_path / "keys" / f"{missing}.pem").unlink()
    ended = at(tmp_path, "serve")
    assert ended.code == 1
    assert f"There is no key file {tmp_path / 'keys' / missing}.pem. Make one with `crossroads key generate`." in (
        ended.sentence
    )


@pytest.mark.parametrize("broken", KEYS)
def test_a_hub_with_a_key_that_is_none_does_not_start_and_names_it(tmp_path: Path, broken: str) -> None:
    make_keys(tmp_path)
    (tmp_path / "keys" / f"{broken}.pem").write_text("no key")
    ended = at(tmp_path, "serve")
    assert (ended.code, f"{broken}.pem holds no private key in PEM" in ended.sentence) == (1, True), ended


def test_a_hub_whose_port_is_taken_does_not_start(tmp_path: Path) -> None:
    make_keys(tmp_path)
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        ended = at(tmp_path, "serve", port=str(port))
    assert ended.code == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use." in ended.sentence
    assert "CROSSROADS_PORT" in ended.sentence
    assert not (tmp_path / "postgres").exists()


def test_the_doctor_gives_each_advice_once(tmp_path: Path) -> None:
    rows = json.loads(at(tmp_path, "doctor", "--json").stdout)
    advice = "Make one with `crossroads key generate`."
    keys = [row for row in rows if row["what"].endswith("key")]
    assert Counter(row["remedy"] for row in keys) == {advice: 3}
    assert not any(advice in row["found"] for row in keys)
