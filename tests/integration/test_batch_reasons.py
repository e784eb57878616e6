"""The commands say why records of a batch have no data: counted by reason, in words."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands import Ended, typed
from crossroads.kernel.codes import Code, StatusValue
from crossroads.participant.client import ClientConfig
from crossroads.wire.batches import RecordLine, ResultLine
from crossroads.wire.messages import Filtered, SourceOutcome, Status
from fakebatches import SOURCE, FakeBatches, person
from fakehub import FakeAsker, FakeHub

pytest_plugins = ["participant_fixtures", "client_fixtures", "page_fixtures"]

CARE = "handicap-file@1"
ASKED = ("--legal-context", "PCSA:SOCIAL_INQUIRY", "--data-group", CARE, "--period", "2026-01-01/2026-03-31")
Came = dict[str, Any]
"""What stands in the line of a record, other than that it has data."""
Send = Callable[..., tuple[Ended, Path]]


def came(value: StatusValue, code: Code | str, detail: Code | None = None, said: str = "", **more: Any) -> Came:
    """Give what came of a record; nobody was asked about it, where nothing else is said."""
    status = Status(value=value, code=str(code), description=said, detail=str(detail) if detail else None)
    return {"status": status, "sources": (), **more}


def at(source: str, value: StatusValue, code: Code) -> SourceOutcome:
    """Give how it went at a source."""
    return SourceOutcome(institution=source, status=value, code=str(code), milliseconds=1)


def left_out(*codes: Code) -> tuple[Filtered, ...]:
    """Give data groups that were left out."""
    return tuple(Filtered(data_group=CARE, code=str(code), reason=code.description) for code in codes)


def failed_at(*sources: str) -> tuple[SourceOutcome, ...]:
    """Give how it went where some sources could not be reached."""
    return tuple(at(source, StatusValue.TECHNICAL_ERROR, Code.SOURCE_UNREACHABLE) for source in sources)


FOUND: Came = {}
STRANGER = came(StatusValue.NO_RESULT, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED)
UNCOVERED = came(
    StatusValue.NO_RESULT, Code.NOT_INSCRIBED, filtered=left_out(Code.DETAIL_PERIOD_NOT_COVERED, Code.NOT_AUTHORISED)
)
NOTHING = came(StatusValue.NO_DATA_FOUND, Code.NO_DATA, sources=(at(SOURCE, StatusValue.NO_DATA_FOUND, Code.NO_DATA),))
SILENT = came(StatusValue.INCOMPLETE_DATA, Code.SOURCE_FAILED, sources=failed_at("centre-1"))
LATER = came(StatusValue.NO_RESULT, "CR-OF-A-LATER-VERSION", said="For a reason that is new.")


@pytest.fixture
def settings(config: ClientConfig) -> Path:
    """Give the settings file of a client."""
    path = config.folder / "client.yaml"
    plain = {name: value for name, value in msgspec.structs.asdict(config).items() if name != "folder"}
    path.write_bytes(msgspec.json.encode(plain))
    return path


@pytest.fixture
def batches(hub: FakeHub, asker: FakeAsker) -> FakeBatches:
    """Give a hub whose source signs that it has nothing: what came of each record is said by the test."""
    hub.groups = [{"id": CARE, "schema": {"type": "object"}}]
    return FakeBatches(hub, asker, ())


@pytest.fixture
def send(batches: FakeBatches, settings: Path, tmp_path: Path) -> Send:
    """Submit a file of which this comes, record by record, and wait until it is over."""

    def sent(*each: Came, options: tuple[str, ...] = ()) -> tuple[Ended, Path]:
        def altered(_: int, lines: list[ResultLine]) -> list[ResultLine]:
            return [
                msgspec.structs.replace(one, **each[one.number]) if isinstance(one, RecordLine) else one
                for one in lines
            ]

        values = (str(one["status"].value) if one else "DATA_FOUND" for one in each)
        batches.alter, batches.counts = altered, dict(Counter(values))
        file = tmp_path / "people.csv"
        file.write_text("ssin\n" + "".join(f"{person(number)}\n" for number in range(len(each))))
        ended = typed("batch", "submit", str(settings), str(file), *ASKED, "--reference", "spring", "--wait", *options)
        assert not any(person(number) in ended.stdout + ended.stderr for number in range(len(each)))
        return ended, settings

    return sent


def reasons(ended: Ended) -> list[str]:
    """Give the lines that say a reason."""
    return [line for line in ended.stdout.splitlines() if line.endswith(")") and line[0].isdigit()]


def test_who_waits_is_told_why_records_have_no_data(send: Send, batches: FakeBatches) -> None:
    ended, settings = send(FOUND, STRANGER, STRANGER, NOTHING, SILENT)
    told = [
        f"2 NO_RESULT: {Code.DETAIL_NOT_INSCRIBED.description} (CR-NOT-INSCRIBED)",
        f"1 INCOMPLETE_DATA: centre-1: {Code.SOURCE_UNREACHABLE.description} (CR-SOURCE-UNREACHABLE)",
        f"1 NO_DATA_FOUND: {Code.NO_DATA.description} (MSG00100)",
    ]
    assert (ended.code, reasons(ended)) == (0, told), ended
    again = typed("batch", "status", str(settings), "spring")
    assert reasons(again) == told
    assert not batches.acknowledged


def test_who_fetches_a_result_is_told_why_records_have_no_data(send: Send, tmp_path: Path) -> None:
    _, settings = send(FOUND, STRANGER, UNCOVERED, LATER)
    output = tmp_path / "result.jsonl"
    told = [
        f"1 NO_RESULT: {Code.DETAIL_NOT_INSCRIBED.description} (CR-NOT-INSCRIBED)",
        "1 NO_RESULT: For a reason that is new. (CR-OF-A-LATER-VERSION)",
        f"1 NO_RESULT: {Code.DETAIL_PERIOD_NOT_COVERED.description} (CR-PERIOD-NOT-COVERED)",
        f"1 NO_RESULT: {Code.NOT_AUTHORISED.description} (MSG00015)",
    ]
    fetched = typed("batch", "result", str(settings), "spring", "--output", str(output), "--keep")
    assert (fetched.code, reasons(fetched)) == (0, told), fetched
    written = msgspec.json.decode(
        typed("batch", "result", str(settings), "spring", "--output", f"{output}-2", "--json").stdout
    )
    assert [(one["status"], one["code"], one["records"]) for one in written["reasons"]] == [
        ("NO_RESULT", "CR-NOT-INSCRIBED", 1),
        ("NO_RESULT", "CR-OF-A-LATER-VERSION", 1),
        ("NO_RESULT", "CR-PERIOD-NOT-COVERED", 1),
        ("NO_RESULT", "MSG00015", 1),
    ]


def test_of_many_reasons_those_of_most_records_are_said(send: Send) -> None:
    sources = [f"centre-{number}" for number in range(8)]
    many = came(StatusValue.INCOMPLETE_DATA, Code.SOURCE_FAILED, sources=failed_at(*sources))
    ended, _ = send(STRANGER, STRANGER, many)
    assert len(reasons(ended)) == 5
    assert reasons(ended)[0].startswith("2 NO_RESULT: ")
    assert "Other reasons: 4. Each record of the result says its own." in ended.stdout


def test_where_all_has_data_no_reason_is_looked_for(send: Send, hub: FakeHub) -> None:
    ended, _ = send(FOUND, FOUND)
    assert (ended.code, reasons(ended)) == (0, [])
    assert not any("/result/" in path for path in hub.asked)


def test_a_result_of_several_pages_is_not_read_to_say_why(
    send: Send, hub: FakeHub, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossroads.participant.batch_command.PAGE", small)
    ended, _ = send(*[STRANGER] * (small + 1))
    assert (ended.code, reasons(ended)) == (0, [])
    assert "Why records have no data is said when the result is fetched." in ended.stdout
    assert not any("/result/" in path for path in hub.asked)


def test_a_result_that_cannot_be_believed_gives_no_reason_and_the_batch_is_over_all_the_same(
    send: Send, batches: FakeBatches
) -> None:
    batches.source = batches.source.generate(f"{SOURCE}#sign-1")
    ended, _ = send(FOUND, NOTHING)
    assert (ended.code, reasons(ended)) == (0, [])
    assert "Why records have no data is said when the result is fetched." in ended.stdout
