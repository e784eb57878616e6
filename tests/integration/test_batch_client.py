"""The client of batches: files that break off on their way, and results in which the hub or somebody else lied."""

import gzip
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clients import QUARTER
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.batches_landing import Landed, Landing
from crossroads.participant.batches_output import write_results
from crossroads.participant.client import BatchWish, Client, ClientConfig, SyncClient
from crossroads.wire.batches import (
    MAXIMUM_LINE,
    MAXIMUM_PART,
    PAGE,
    BatchState,
    ChunkLine,
    RecordLine,
    ResultLine,
    SummaryLine,
)
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Status
from crossroads.wire.packing import BadFile
from crossroads.wire.registrations import KeyUse
from fakebatches import PATH, SOURCE, FakeBatches, person
from fakehub import FakeAsker, FakeHub

pytest_plugins = ["participant_fixtures", "client_fixtures", "page_fixtures"]

WAGE, CARE = "living-wage@1", "handicap-file@1"
SCHEMA = {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}}
WISH = BatchWish("PCSA:SOCIAL_INQUIRY", [WAGE, CARE], "clerk-7", QUARTER)
Lines = list[ResultLine]
replace = msgspec.structs.replace


@pytest.fixture
def batches(hub: FakeHub, asker: FakeAsker) -> FakeBatches:
    hub.groups = [{"id": WAGE, "schema": SCHEMA}, {"id": CARE, "schema": SCHEMA, "unsealedBecause": "A test."}]
    made = FakeBatches(hub, asker, (WAGE, CARE))
    made.unsealed = {CARE}
    return made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossroads.participant.batches._WAIT_SECONDS", 0.001)


def csv(folder: Path, many: int, name: str = "people.csv") -> Path:
    file = folder / name
    rows = "".join(f"{person(number)},{number}\n" for number in range(many))
    content = f"ssin,customerTicket\n{rows}".encode()
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def wide(folder: Path, many: int, name: str = "people.jsonl") -> Path:
    """Write a file that is large though it has few records: each line is as long as it may be."""
    file = folder / name
    lines = (b'{"ssin":"%s"}' % person(number).encode() for number in range(many))
    file.write_bytes(b"".join(line.ljust(MAXIMUM_LINE) + b"\n" for line in lines))
    return file


async def test_a_file_of_several_pages_comes_back_record_by_record(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, small: int
) -> None:
    many = 2 * small + 3
    file = csv(tmp_path, many, "people.csv.gz")
    with SyncClient(config) as client:
        ticket = client.batches.submit(file, WISH).ticket
        assert client.batches.ticket(client.batches.status(ticket).reference) == ticket
        contents = [
            (one.line.number, one.blocks[1].json["number"], one.rejected) for one in client.batches.results(ticket)
        ]
    async with Client(config) as other:
        read = [one.line.number async for one in other.batches.results(ticket)]
        await other.batches.acknowledge(ticket)
    assert contents == [(number, number, ()) for number in range(many)]
    assert read == list(range(many))
    assert batches.acknowledged
    assert not list((config.folder / config.state).rglob("voucher.json"))


@pytest.mark.usefixtures("patient")
def test_an_upload_goes_on_from_where_the_hub_has_it(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    file = wide(tmp_path, 600)
    assert file.stat().st_size > 2 * MAXIMUM_PART
    batches.lose, batches.away = 1, True
    with SyncClient(config) as client, pytest.raises(Unavailable):
        client.batches.submit(file, WISH)
    tried = len(batches.starts)
    assert tried > 1
    batches.away = False
    with SyncClient(config) as client:
        client.batches.submit(file, WISH)
    # The answer to the first part was lost; it came for good.
    parts = range(0, file.stat().st_size, MAXIMUM_PART)
    assert batches.starts[tried:] == list(parts)
    assert batches.file == file.read_bytes()


def test_what_was_sent_is_what_was_checked_even_if_the_file_changes(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = csv(tmp_path, 5)
    content = file.read_bytes()
    monkeypatch.setattr(batches, "away", True)
    monkeypatch.setattr("crossroads.participant.batches._TRIES", 0)
    with SyncClient(config) as client:
        with pytest.raises(Unavailable):
            client.batches.submit(file, WISH._replace(reference="spring"))
        csv(tmp_path, 6)
        with pytest.raises(Conflict, match=r"another file, .*: choose another --reference\."):
            client.batches.submit(file, WISH._replace(reference="spring"))
        file.write_bytes(content)
        with pytest.raises(Conflict, match=r"as spring, and asked something else .* takes no file twice.*--reference"):
            client.batches.submit(file, WISH._replace(reference="spring", data_groups=[WAGE]))
        batches.away = False
        client.batches.submit(file, WISH._replace(reference="spring"))
    assert batches.file == content


@pytest.mark.usefixtures("batches")
def test_a_file_that_is_sent_again_with_another_question_is_told_so_under_the_reference_that_was_made_of_it(
    config: ClientConfig, tmp_path: Path
) -> None:
    file = csv(tmp_path, 2)
    with SyncClient(config) as client:
        sent = client.batches.submit(file, WISH)
        with pytest.raises(Conflict) as refused:
            client.batches.submit(file, WISH._replace(agent="landing-folder"))
        assert client.batches.submit(file, WISH).ticket == sent.ticket
        said = str(refused.value)
        assert f"as {sent.reference}, and asked something else of it. To go on with that, ask as you did then; " in said
        client.batches.acknowledge(sent.ticket)
        # Of what is over nothing is kept here: the hub says that the reference is taken, which nobody chose.
        with pytest.raises(Refused) as over:
            client.batches.submit(file, WISH)
        assert f"You sent this file before, as {sent.reference}: `batch list` shows what became" in str(over.value)
        for one in (said, str(over.value)):
            assert "The hub takes no file twice: to ask again about the same people, alter a line of the file" in one
            assert "--reference" in one


def test_what_is_kept_of_a_batch_is_for_its_owner_alone(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    file, before = csv(tmp_path, 2), os.umask(0o022)
    try:
        with SyncClient(config) as client:
            client.batches.submit(file, WISH)
    finally:
        os.umask(before)
    kept = list((config.folder / config.state / "batches").rglob("*"))
    assert {path.name for path in kept} >= {"file", "voucher.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert batches.voucher is not None


def test_a_batch_that_is_given_up_leaves_nothing_here(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches.away = True
    monkeypatch.setattr("crossroads.participant.batches._TRIES", 0)
    with SyncClient(config) as client:
        with pytest.raises(Unavailable):
            client.batches.submit(csv(tmp_path, 2), WISH._replace(reference="spring"))
        ticket = client.batches.ticket("spring")
        assert client.batches.cancel(ticket).state is BatchState.CANCELLED
        with pytest.raises(Refused, match="Nothing is kept here"):
            list(client.batches.results(ticket))
    assert not list((config.folder / config.state / "batches").iterdir())


def test_a_batch_that_others_gave_up_or_read_is_kept_no_longer(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    state = config.folder / config.state / "batches"
    left = state / ".new-left"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    with SyncClient(config) as client:
        ticket = client.batches.submit(csv(tmp_path, 2), WISH).ticket
        client.batches.status(ticket)
        assert len(list(state.iterdir())) == 1
        batches.acknowledged = True
        client.batches.status(ticket)
    assert not list(state.iterdir())


def test_a_number_that_somebody_else_used_meanwhile_is_not_used_again(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    batches.last, batches.gap = 4, 1
    with SyncClient(config) as client:
        assert client.batches.submit(csv(tmp_path, 2), WISH).file_sequence_number == 6


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        (WISH._replace(sequence_number=9), Refused),
        (WISH._replace(data_groups=["living-wages@1"]), Refused),
        (WISH._replace(agent=""), Malformed),
    ],
    ids=["number", "group", "agent"],
)
def test_a_batch_that_is_refused_can_be_submitted_again_otherwise(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, wish: BatchWish, kind: type[CrossroadsError]
) -> None:
    file = csv(tmp_path, 2)
    with SyncClient(config) as client:
        with pytest.raises(kind):
            client.batches.submit(file, wish._replace(reference="spring"))
        assert batches.voucher is None
        client.batches.submit(file, WISH._replace(reference="spring"))
    assert batches.file == file.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "ssin\n12345678901\n", "Line 2: "),
        ("a.csv", "", "It has no records"),
        ("a.csv", "ssin,name\n", "Line 1: The header"),
        ("a.jsonl", '{"ssin": "x"}\n', "Line 1: ssin: An SSIN is text"),
        ("a.jsonl.gz", "plain", "is not gzip"),
        ("a.csv", f"ssin,customerTicket\n{person(1)},{person(2)}\n", "Line 2: The customer ticket may not"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_line_before_anything_is_sent(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with SyncClient(config) as client, pytest.raises(BadFile) as caught:
        client.batches.submit(tmp_path / name, WISH)
    assert said in str(caught.value)
    assert not any(path.startswith(PATH) for path in batches.hub.asked)
    assert not list((config.folder / config.state / "batches").iterdir())


def test_records_without_any_day_are_refused_here(batches: FakeBatches, config: ClientConfig, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        f'{{"ssin":"{person(1)}","period":{{"startDate":"2026-01-01"}}}}\n{{"ssin":"{person(2)}"}}\n'
    )
    with SyncClient(config) as client, pytest.raises(BadFile, match="Line 2: It has neither period"):
        client.batches.submit(tmp_path / "a.jsonl", WISH._replace(period=None))
    assert batches.voucher is None


def test_a_file_of_another_name_is_refused(config: ClientConfig, tmp_path: Path) -> None:
    with SyncClient(config) as client, pytest.raises(Refused, match=r"ends in \.jsonl or \.csv"):
        client.batches.submit(tmp_path / "people.txt", WISH)


def first(lines: Lines, **changes: Any) -> Lines:
    """Change the line of the first record."""
    at = next(at for at, line in enumerate(lines) if isinstance(line, RecordLine))
    return [*lines[:at], replace(lines[at], **changes), *lines[at + 1 :]]


def block(lines: Lines, **changes: Any) -> Lines:
    """Change the sealed block of the first record."""
    line = next(line for line in lines if isinstance(line, RecordLine))
    return first(lines, blocks=(line.blocks[0], replace(line.blocks[1], **changes)))


def swapped(lines: Lines) -> Lines:
    """Give the first person the sealed block of the second."""
    records = [line for line in lines if isinstance(line, RecordLine)]
    return first(lines, blocks=(records[0].blocks[0], records[1].blocks[1]))


def flipped(lines: Lines) -> Lines:
    line = next(line for line in lines if isinstance(line, RecordLine))
    sealed = line.blocks[1].sealed or ""
    return block(lines, sealed=sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:])


def twice(lines: Lines) -> Lines:
    """Give the signature of the page once more, and all blocks under it as well."""
    chunk, *records = lines
    again = [
        replace(line, blocks=(*line.blocks, *(replace(one, chunk=1) for one in line.blocks)))
        for line in records
        if isinstance(line, RecordLine)
    ]
    return [chunk, chunk, *again]


OF_THE_RESULT: dict[str, Callable[[Lines], Lines]] = {
    "a record is missing": lambda lines: lines[:-1],
    "records in another order": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "another person": lambda lines: first(lines, ssin=replace(lines[1].ssin, value=person(99))),  # type: ignore[union-attr] # a record
    "another ticket of ours": lambda lines: first(lines, customer_ticket="other"),
    "another ticket": lambda lines: first(lines, ticket=lines[2].ticket),  # type: ignore[union-attr] # a record
    "a chunk of another page": lambda lines: [replace(lines[0], page=1), *lines[1:]],
    "a chunk after records": lambda lines: [*lines[1:], lines[0]],
}
OF_BLOCKS: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a byte": (flipped, "not those that its source signed"),
    "the block of somebody else": (swapped, "not those that its source signed"),
    "other days": (lambda lines: block(lines, period=Period(QUARTER.start_date)), "another period"),
    "a group not asked": (lambda lines: block(lines, data_group="pension-rights@1"), "not asked for"),
    "a source not asked": (lambda lines: block(lines, source="somebody"), "not among those that were asked"),
    "the hub as source": (lambda lines: block(lines, source="crossroads"), "The hub is no source"),
    "no such chunk": (lambda lines: block(lines, chunk=7), "did not sign"),
    "a negative chunk": (lambda lines: block(lines, chunk=-1), "did not sign"),
    "not sealed": (lambda lines: block(lines, sealed=None, content=msgspec.Raw(b'{"number":0}')), "not sealed"),
    "a block left out": (lambda lines: first(lines, blocks=lines[1].blocks[1:]), "not those that its source signed"),  # type: ignore[union-attr] # a record
    "no signature": (lambda lines: [replace(lines[0], chunk="x.y.z"), *lines[1:]], ""),
    "the chunk twice": (twice, "there already"),
}


def nothing(lines: Lines, signed: str | None) -> Lines:
    """Say that the source had nothing: with what it signed, or something else, or without."""
    chunk, *records = lines
    none = Status(value=StatusValue.NO_DATA_FOUND, code="MSG00100")
    said: Lines = [
        replace(one, blocks=(), status=none, sources=(replace(one.sources[0], status=none.value, code="MSG00100"),))
        for one in records
        if isinstance(one, RecordLine)
    ]
    return said if signed is None else [replace(chunk, chunk=signed), *said]


@pytest.mark.parametrize("signed", [None, "x.y.z", ""])
def test_a_hub_that_drops_what_a_source_gave_as_if_it_had_nothing_is_noticed(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, signed: str | None
) -> None:
    def drop(page: int, lines: Lines) -> Lines:
        own = lines[0].chunk if isinstance(lines[0], ChunkLine) else ""
        return nothing(lines, signed if signed != "" else own) if page == 0 else lines

    batches.alter = drop
    with pytest.raises(Tampered, match=f"{SOURCE} answered; it did not sign"):
        read(config, csv(tmp_path, 3))


def read(config: ClientConfig, file: Path) -> list[Any]:
    with SyncClient(config) as client:
        return list(client.batches.results(client.batches.submit(file, WISH).ticket))


@pytest.mark.parametrize("lie", OF_THE_RESULT)
def test_a_result_that_is_not_the_one_to_the_file_is_refused(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, lie: str
) -> None:
    batches.alter = lambda page, lines: OF_THE_RESULT[lie](lines) if page == 0 else lines
    with pytest.raises(Tampered) as caught:
        read(config, csv(tmp_path, 4))
    assert person(99) not in str(caught.value)


@pytest.mark.parametrize("lie", OF_BLOCKS)
def test_blocks_that_do_not_hold_are_rejected_and_say_why(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, lie: str
) -> None:
    alter, why = OF_BLOCKS[lie]
    batches.alter = lambda page, lines: alter(lines) if page == 0 else lines
    records = read(config, csv(tmp_path, 3))
    rejected = records[0].rejected
    assert rejected, records[0]
    assert any(why in one.reason for one in [*rejected, *records[1].rejected]), rejected


def test_what_does_not_hold_of_a_page_leaves_the_others_as_they_are(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    batches.alter = lambda page, lines: flipped(lines) if page == 0 else lines
    records = read(config, csv(tmp_path, PAGE + 1))
    assert all(len(record.rejected) == 2 for record in records[:PAGE])
    assert [block.data_group for block in records[PAGE].blocks] == [CARE, WAGE]


@pytest.mark.parametrize("changes", [{"records": 5}, {"counts": {"DATA_FOUND": 3}}, {"reference": "other"}])
def test_a_summary_that_counts_otherwise_is_refused(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, changes: dict[str, Any]
) -> None:
    batches.alter = lambda _, lines: [
        replace(line, **changes) if isinstance(line, SummaryLine) else line for line in lines
    ]
    with pytest.raises(Tampered, match="summary"):
        read(config, csv(tmp_path, 4))


def test_a_chunk_signed_with_a_key_that_is_not_its_sources_is_rejected(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    batches.source = SigningKey.generate(f"{SOURCE}#sign-1")
    records = read(config, csv(tmp_path, 2))
    assert [len(record.rejected) for record in records] == [2, 2]


def test_a_chunk_signed_with_a_key_for_permits_is_rejected(
    hub: FakeHub, batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    permit = SigningKey.generate(f"{SOURCE}#permit-1")
    hub.keys[SOURCE].append(hub.register(permit, KeyUse.PERMIT, batches.source))
    batches.source = permit
    assert all(record.rejected for record in read(config, csv(tmp_path, 2)))


@pytest.mark.usefixtures("patient")
def test_keys_that_cannot_be_fetched_reject_nothing(batches: FakeBatches, config: ClientConfig, tmp_path: Path) -> None:
    keys = f"/v1/institutions/{SOURCE}/keys"
    batches.hub.doors[keys] = lambda *_: (503, {}, b"{}")
    file = csv(tmp_path, 2)
    with pytest.raises(Unavailable):
        read(config, file)
    del batches.hub.doors[keys]
    assert not any(record.rejected for record in read(config, file))


def test_content_outside_its_schema_is_rejected(
    hub: FakeHub, batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    hub.groups = [{"id": WAGE, "schema": {"type": "object", "required": ["amount"]}}, hub.groups[1]]
    records = read(config, csv(tmp_path, 2))
    assert [(len(record.blocks), len(record.rejected)) for record in records] == [(1, 1), (1, 1)]
    assert batches.voucher is not None


@pytest.mark.parametrize("content", [b'{"number":"\xff"}', b'{"number":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_content_that_nobody_can_read_is_rejected_and_the_rest_is_given(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, content: bytes
) -> None:
    batches.contents = {person(1): content}
    records = read(config, csv(tmp_path, 3))
    assert [(len(record.blocks), len(record.rejected)) for record in records] == [(2, 0), (1, 1), (2, 0)]


def test_content_with_line_ends_does_not_make_lines_of_a_result(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    forged = b'{"number":99,"ssin":{"value":"%s"},"blocks":[]}' % person(9).encode()
    batches.contents = {person(1): b'{"number":1,"more":[\n' + forged + b"\n]}"}
    records = read(config, csv(tmp_path, 3))
    write_results(records, tmp_path / "people.result.jsonl")
    lines = [msgspec.json.decode(line) for line in (tmp_path / "people.result.jsonl").read_bytes().splitlines()]
    assert [line["ssin"]["value"] for line in lines] == [person(0), person(1), person(2)]
    assert lines[1]["blocks"][1]["content"]["more"] == [msgspec.json.decode(forged)]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("received", [-1, 0, 10**9])
def test_a_hub_that_does_not_take_what_it_says_it_takes_is_given_up(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, received: int
) -> None:
    batches.says_it_has = received
    with SyncClient(config) as client, pytest.raises(Tampered):
        client.batches.submit(csv(tmp_path, 3), WISH)


def test_a_status_file_of_a_stranger_gives_no_result_of_another_voucher(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    with SyncClient(config) as client:
        ticket = client.batches.submit(csv(tmp_path, 3), WISH).ticket
        voucher = {"sha256": "0" * 64, "legalContext": WISH.legal_context, "dataGroups": [WAGE], "agent": "eve"}
        (landing / "mine.json").write_bytes(msgspec.json.encode(voucher))
        digest = sha256((landing / "mine.json").read_bytes()).hexdigest()
        status = client.batches.status(ticket)
        (landing / "mine.status.json").write_bytes(msgspec.json.encode(Landed(voucher=digest, status=status)))
        assert Landing(landing, client.batches, lambda _: None).look() == 0
    assert not (landing / "mine.result.jsonl").exists()
    assert "another voucher" in (landing / "mine.status.json").read_text()
    assert not batches.acknowledged


def _pair(landing: Path, content: bytes, agent: str = "clerk-7", name: str = "spring.yaml") -> bytes:
    """Put a pair in the folder, and give its voucher."""
    landing.mkdir(exist_ok=True)
    (landing / "spring.csv").write_bytes(content)
    voucher = {
        "sha256": sha256(content).hexdigest(),
        "legalContext": WISH.legal_context,
        "dataGroups": [WAGE, CARE],
        "agent": agent,
        "period": {"startDate": "2026-01-01", "endDate": "2026-03-31"},
    }
    (landing / name).write_bytes(msgspec.json.encode(voucher))
    return (landing / name).read_bytes()


def test_of_two_vouchers_with_one_name_neither_counts(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    landing, said = tmp_path / "landing", list[str]()
    content = csv(tmp_path, 3).read_bytes()
    _pair(landing, content, "eve", "spring.json")
    _pair(landing, content)
    with SyncClient(config) as client:
        assert Landing(landing, client.batches, said.append).look() == 1
        assert said == ["spring.json and spring.yaml: two vouchers of one name. Take one of them away."]
        assert (batches.voucher, (landing / "spring.status.json").exists()) == (None, False)
        (landing / "spring.json").unlink()
        assert Landing(landing, client.batches, said.append).look() == 0
    assert batches.acknowledged
    assert (landing / "spring.result.jsonl").exists()


@pytest.mark.parametrize("put", ["link", "pipe", "folder"])
def test_what_is_no_file_of_its_own_is_neither_followed_nor_waited_for(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path, put: str
) -> None:
    landing = tmp_path / "landing"
    elsewhere = csv(tmp_path, 3)
    voucher = _pair(landing, elsewhere.read_bytes())
    for path in (landing / "spring.csv", landing / "other.yaml"):
        path.unlink(missing_ok=True)
        if put == "link":
            path.symlink_to(elsewhere if path.suffix == ".csv" else landing / "spring.yaml")
        elif put == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
    with SyncClient(config) as client:
        assert Landing(landing, client.batches, lambda _: None).look() == 1
    assert batches.voucher is None
    assert (landing / "spring.yaml").read_bytes() == voucher
    assert "no file of its own" in (landing / "other.status.json").read_text()


def test_what_is_put_at_the_place_of_a_file_meanwhile_is_not_sent(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    file, other = wide(tmp_path, 200), wide(tmp_path, 3, "other.jsonl")
    digest = sha256(file.read_bytes()).digest()

    def swap(what: str, *_: int) -> None:
        if what == "checked" and other.exists():
            other.replace(file)

    with SyncClient(config) as client:
        status = client.batches.submit(file, WISH, swap)
    assert (status.records, batches.voucher and batches.voucher.digest) == (200, b64url(digest))


def test_a_file_that_changes_while_it_is_read_is_not_sent(
    batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    file = wide(tmp_path, 200)

    def change(what: str, *_: int) -> None:
        if what == "checked":
            with file.open("r+b") as open_file:
                open_file.seek(-2, os.SEEK_END)
                open_file.write(b"\t")  # as good as a blank

    with SyncClient(config) as client:
        with pytest.raises(Unavailable, match="changed while it was read"):
            client.batches.submit(file, WISH, change)
        assert batches.voucher is None
        assert client.batches.submit(file, WISH).records == 200


@pytest.mark.parametrize(
    ("voucher", "why"),
    [("sha256: 2026-02-30\n", "a value in it is none"), ("[" * 5_000, ""), ("x" * 100_000, "larger than")],
    ids=["no day", "a nest", "too large"],
)
def test_a_voucher_that_cannot_be_read_stops_no_other(
    config: ClientConfig, tmp_path: Path, voucher: str, why: str
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "a.yaml").write_text(voucher)
    with SyncClient(config) as client:
        assert Landing(landing, client.batches, lambda _: None).look() == 0
    assert why in msgspec.json.decode((landing / "a.status.json").read_bytes())["error"]


def test_a_result_changed_on_its_way_is_refused(
    hub: FakeHub, batches: FakeBatches, config: ClientConfig, tmp_path: Path
) -> None:
    file = csv(tmp_path, 2)
    with SyncClient(config) as client:
        ticket = client.batches.submit(file, WISH).ticket
        path = f"{PATH}/{ticket}/result/0"
        door = hub.doors[path]

        def changed(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            status, answered, content = door(headers, body)
            return status, answered, content.replace(b"MSG00000", b"MSG00001", 1)

        hub.doors[path] = changed
        with pytest.raises(Tampered):
            list(client.batches.results(ticket))
    assert not batches.acknowledged
