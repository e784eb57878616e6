"""Small parts of a desk: its words, its settings, what it keeps for a while."""

import ast
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest
import yaml

from crossroads.kernel import ssin
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Unavailable
from crossroads.participant import batches_file
from crossroads.participant.desk.app import application, desk_look
from crossroads.participant.desk.config import read_desk_config
from crossroads.participant.desk.model import AnyAct, Power
from crossroads.participant.desk.pages import sent_people
from crossroads.participant.desk.pages.file_words import SENTENCES
from crossroads.participant.desk.pages.words import sentence
from crossroads.participant.desk.published import Catalogue, Text
from crossroads.participant.desk.rules import Why
from crossroads.participant.desk.shelf import KEPT, MOST, Shelf
from crossroads.participant.desk.traffic import Acting, Traffic, What
from crossroads.participant.yamlfile import WrongSetting
from crossroads.web.contents import contents
from crossroads.web.forms import Form
from crossroads.web.settings import UnsafeAddress
from crossroads.wire import packing, rows
from crossroads.wire.batches import BatchState
from crossroads.wire.error_reports import ErrorOutcome, Presumed
from crossroads.wire.keys import UnsafeKeyFile
from crossroads.wire.mutations import MutationKind, NoticeKind
from crossroads.wire.rows import RECORD_COLUMNS

NAMED: Iterable[str] = (
    *(why.name for why in Why),
    *StatusValue,
    *Power,
    *MutationKind,
    *NoticeKind,
    *Presumed,
    *(f"outcome {outcome}" for outcome in ErrorOutcome),
    *BatchState,
    *What,
    *(str(act.__struct_config__.tag) for act in get_args(AnyAct)),
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.moment = datetime(2026, 11, 22, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def test_whatever_the_pages_show_has_a_sentence() -> None:
    words = desk_look().words("nl")
    assert [name for name in NAMED if sentence(words, name) == name] == []


def test_whatever_readers_of_files_say_is_said_in_every_language() -> None:
    raisers = {"BadFile", "Sentence", "InvalidSsin", "InvalidValue"}
    said = {column.form for column in RECORD_COLUMNS.values()}
    for module in (packing, rows, batches_file, ssin):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in raisers:
                said |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    assert len(said) > 20
    assert said - SENTENCES == set()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"url": "http://desk.example"}, WrongSetting),
        ({"listen": {"host": "0.0.0.0", "port": 8090}}, WrongSetting),  # noqa: S104 - it is refused
        ({"unknown": 1}, WrongSetting),
        ({"login": {"issuer": "http://login.example", "clientId": "desk", "clientSecretFile": "s"}}, UnsafeAddress),
        ({"login": {"issuer": "https://login.example", "clientId": "d", "clientSecretFile": "open"}}, UnsafeKeyFile),
        ({"login": {"issuer": "https://login.example", "clientId": "d", "clientSecretFile": "no"}}, UnsafeKeyFile),
    ],
)
def test_what_is_unsafe_or_unknown_refuses_to_start(tmp_path: Path, changed: Any, error: type[Exception]) -> None:
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    good = {"client": "participant.yaml", "listen": {"port": 8090}, "url": "https://desk.example", "state": "desk"}
    good |= {"login": {"issuer": "https://login.example", "clientId": "desk", "clientSecretFile": "s"}}
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump(good | changed))
    with pytest.raises(error):
        read_desk_config(tmp_path / "desk.yaml").check()


async def test_behind_a_proxy_one_user_does_not_use_up_the_pages_of_the_others(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"client": "c.yaml", "url": "https://desk.example", "state": "desk"}
    settings |= {"login": {"issuer": "https://login.example", "clientId": "desk", "clientSecretFile": "s"}}
    settings |= {"listen": {"port": 8090, "behindProxy": True}}
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump(settings))
    app: Any = application(read_desk_config(tmp_path / "desk.yaml"), Clock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.example") as browser:
        greedy = {"x-forwarded-for": "203.0.113.7"}
        answers = [(await browser.get("/robots.txt", headers=greedy)).status_code for _ in range(601)]
        other = await browser.get("/robots.txt", headers={"x-forwarded-for": "203.0.113.8"})
    assert (answers[599], answers[600] == 200, other.status_code) == (200, False, 200)


def test_what_is_kept_is_for_one_user_and_a_while() -> None:
    clock = Clock()
    shelf = Shelf(clock)
    name = shelf.put("anna", "an answer")
    assert shelf.get("anna", name, str) == "an answer"
    assert shelf.get("bert", name, str) is None
    assert shelf.get("anna", name, int) is None
    assert shelf.get("anna", "another", str) is None
    clock.moment += KEPT - timedelta(seconds=1)
    assert shelf.get("anna", name, str) == "an answer"
    clock.moment += timedelta(seconds=1)
    assert shelf.get("anna", name, str) is None


def test_of_much_that_is_kept_the_oldest_goes_first() -> None:
    shelf = Shelf(Clock())
    others = shelf.put("bert", "his")
    names = [shelf.put("anna", str(number)) for number in range(MOST + 2)]
    assert [shelf.get("anna", name, str) for name in names] == [None, None, *map(str, range(2, MOST + 2))]
    assert shelf.get("bert", others, str) == "his"


@pytest.mark.parametrize("before", [-(10**30), -1, 0, 10**30])
async def test_no_place_in_the_log_that_is_asked_for_breaks_a_page(tmp_path: Path, before: int) -> None:
    traffic = Traffic(tmp_path, "pcsw-gent", Clock())
    await traffic.refuse(What.USERS, Acting("anna", "", None), "NOT_FOR_YOU")
    assert len(traffic.newest(lambda _: True, 10, before)) == (1 if before > 0 else 0)
    await traffic.close()


async def test_which_items_were_dealt_with_the_log_alone_says(tmp_path: Path) -> None:
    traffic = Traffic(tmp_path, "pcsw-gent", Clock())
    anna, bert = (Acting(agent, "X", None) for agent in ("anna", "bert"))
    for acting, act, item in ((anna, "park", 3), (bert, "done", 3), (anna, "done", 1), (bert, "look", 2)):
        async with traffic.doing(What.MAILBOX, acting, act=act, item=item):
            pass
    with pytest.raises(Unavailable):
        async with traffic.doing(What.MAILBOX, anna, act="done", item=4):
            raise Unavailable("The hub is away.")
    assert {number: entry.agent for number, entry in traffic.settled_items(10).items()} == {1: "anna", 3: "bert"}
    assert set(traffic.settled_items(1)) == {1}
    await traffic.close()


def test_of_a_long_file_that_is_no_list_of_numbers_one_line_is_told_of() -> None:
    told: list[object] = []

    class Said:
        def text(self, _: str, **values: object) -> str:
            told.append(values)
            return "wrong"

    class Page:
        form: Any = Form(files={"file": b"x\n" * 500_000})
        words: Any = Said()

        def day(self, field: str) -> None:
            raise AssertionError(field)

    people = sent_people.read(Page(), ssin.Environment.TEST, Clock().moment.date())
    assert (people.lines, Page.form.faults, told) == (b"ssin\n", {"file": "wrong"}, [{"place": 1}])


def test_a_catalogue_that_was_never_fetched_grants_nothing() -> None:
    empty = Catalogue()
    assert empty.assigned("pcsw-gent") == frozenset()
    assert empty.askable("pcsw-gent", "PCSA:SOCIAL_INQUIRY", "online") == []
    assert empty.names_of("data_groups", "living-wage@1") == Text()


def test_an_institution_in_an_answer_has_its_name_in_the_language_of_the_page() -> None:
    fund = {"id": "some-fund", "sector": 11, "names": {"nl": "Een fonds", "fr": "Une caisse"}}
    group = {
        "id": "family@1",
        "names": {},
        "description": {},
        "authenticSource": 11,
        "temporality": "moment",
        "schema": {"properties": {"fund": {"x-form": "institution"}, "note": {"type": "string"}}},
    }
    catalogue = msgspec.convert({"institutions": [fund], "dataGroups": [group]}, Catalogue)
    shown = contents(desk_look().words("fr"), {"fund": "some-fund", "note": "some-fund"}, catalogue.schema("family@1"))
    assert [str(value.striptags()) for _, value in shown.facts] == ["Une caisse", "some-fund"]
    assert catalogue.schema("unknown@1") is None
