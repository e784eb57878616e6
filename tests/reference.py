"""The reference pages that are made from the code; `make reference` writes them, and a test holds the two together."""

import ast
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import msgspec

import belgif as belgif_rules
from crossroads.admission.limits import Limits
from crossroads.api.app import ROUTES, dependencies
from crossroads.api.description import described, encoded
from crossroads.api.description_30 import downgraded
from crossroads.audit.events import Event
from crossroads.bootstrap.portal_settings import DemoLoginSettings, PortalSettings
from crossroads.bootstrap.settings import Settings
from crossroads.kernel.codes import Code
from crossroads.participant import description
from crossroads.web.settings import LoginSettings
from limits_page import LIMITS, Limit

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def codes() -> str:
    """Give the page of all codes."""
    rows = [f"| `{code}` | {code.description} |" for code in Code]
    belgian = [row for row in rows if not row.startswith("| `CR-")]
    own = [row for row in rows if row.startswith("| `CR-")]
    return _page(
        "Codes",
        "Codes `CR-…` are ours; the others are the Belgian Crossroads Bank's, used only with their known meaning.",
        "A code never changes its meaning; the text beside it may.",
        "",
        "| code | meaning |",
        "| --- | --- |",
        *belgian,
        *own,
    )


def events() -> str:
    """Give the page of all events of the log."""
    return _page(
        "Events of the log",
        "One closed list, `source:subject:action`. Every entry of the log is one of these.",
        "",
        "| event | what happened |",
        "| --- | --- |",
        *(f"| `{event.value}` | {event.sentence} |" for event in Event),
    )


def settings() -> str:
    """Give the page of all settings."""
    return _page(
        "Settings",
        "Settings of the hub stand in `crossroads.yaml` under `CROSSROADS_HOME` (default `./var`), or where",
        "`CROSSROADS_CONFIG` says. `CROSSROADS_<NAME>` in the environment wins over the file; a part of `limits` is",
        "`CROSSROADS_LIMITS__<NAME>`. An unknown setting refuses to start. Settings of a participant are in",
        "[join](../tutorial/join.md).",
        "",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
        *_fields(Settings, ""),
        *_fields(Limits, "limits."),
        *_fields(PortalSettings, "portal."),
        *_fields(LoginSettings, "portal.login."),
        *_fields(DemoLoginSettings, "demo_login."),
        "",
        "There is no setting that turns access control, signatures or the log off.",
    )


def limits() -> str:
    """Give the page of all limits that are not settings."""
    return _page(
        "Limits",
        "What is set in the code; what an installation sets itself is under `limits` in [settings](settings.md).",
        *(line for title, rows in LIMITS.items() for line in _limits(title, rows)),
    )


def belgif() -> str:
    """Give the page on the rules of the Belgif guide."""
    return _page(
        "The Belgif guide",
        "The rules of the [Belgif REST guide](https://github.com/belgif/rest-guide), by their ids, and how the",
        "interface of the hub stands to each. What is checked is checked by the test named; where it deviates, the",
        "contract of the project binds, and the reason stands beside it. What no test can judge is not applicable.",
        "",
        *belgif_rules.page(),
    )


@cache
def openapi() -> str:
    """Give the OpenAPI description of the hub."""
    return encoded(described(ROUTES, dependencies())).decode()


@cache
def openapi_30() -> str:
    """Give the same description for tools that read OpenAPI 3.0 only."""
    return encoded(downgraded(msgspec.json.decode(openapi()))).decode()


def participant_openapi() -> str:
    """Give the OpenAPI description of a participant."""
    return encoded(description.document("https://institution.example")).decode()


PAGES: dict[str, Callable[[], str]] = {
    "codes.md": codes,
    "events.md": events,
    "settings.md": settings,
    "limits.md": limits,
    "belgif.md": belgif,
    "openapi.json": openapi,
    "openapi-3.0.json": openapi_30,
    "participant-openapi.json": participant_openapi,
}


def _page(title: str, *lines: str) -> str:
    return "\n".join((f"# {title}", "", *lines, ""))


def _limits(title: str, rows: Sequence[Limit]) -> list[str]:
    shown = [f"| {value:,} | {unit} | {what} |" for value, unit, what in rows]
    return ["", f"## {title}", "", "| limit | unit | of what |", "| --: | --- | --- |", *shown]


def _fields(struct: type[msgspec.Struct], prefix: str) -> list[str]:
    """Give a row for each field; the sentence is the string under it in the source."""
    sentences = _sentences(struct)
    rows = []
    for field in msgspec.structs.fields(struct):
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
        if isinstance(default, msgspec.Struct) or (callable(default) and default is not dict):
            continue
        shown = "" if default in {None, dict, msgspec.NODEFAULT} else f"`{msgspec.to_builtins(default, enc_hook=str)}`"
        rows.append(f"| `{prefix}{field.name}` | {shown} | {sentences.get(field.name, '')} |")
    return rows


def _sentences(struct: type[msgspec.Struct]) -> dict[str, str]:
    body = ast.parse(inspect.getsource(struct)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = following.value if isinstance(following, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found


def write() -> None:
    """Write every page anew."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    write()
