"""The process in which pages are worked on: it may hang, die or be killed, and single questions are answered."""

import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from time import sleep

import httpx
import msgspec
import pytest

from crossroads.kernel.errors import Unavailable
from crossroads.network.ports import free_ports
from crossroads.participant import bulk
from crossroads.participant.bulk_desk import Job
from crossroads.participant.bulk_kept import KeptAnswers
from crossroads.participant.bulk_worker import Worker
from crossroads.participant.config import read_config
from crossroads.participant.datagroups import Group
from crossroads.participant.log import export
from crossroads.participant.records import Signed
from crossroads.wire.bulk import BulkAnswer
from fakehub import FakeAsker, FakeHub, Question, now, signed_headers
from forking import warm_pages
from paging import PATH, PageQuestion, answered, entries, post
from participant_processes import served
from participants import FILE, NAME, SSIN, WAGE, WAGE_MANY, WAGE_SQL, refused, running, write_config
from plain import NO_TLS

pytest_plugins = ["participant_fixtures"]

ENDLESS = """
with recursive n(n) as (select 1 union all select n + 1 from n)
select :ssins as ssin, n as month from n where n < 0
"""
PEOPLE = 10_000
FILES = {"documents": "files", "mediaType": "application/xml"}
FIRST = 80650100000


def test_while_a_query_hangs_single_questions_are_answered(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    groups = {WAGE: {"sql": WAGE_SQL, "sqlMany": ENDLESS, "list": "amounts"}}
    with running(write_config(tmp_path, hub, groups=groups), hub) as one:
        page = PageQuestion(asker, [SSIN], WAGE)
        for _ in range(2):
            page.request["deadline"] = now() + timedelta(seconds=1)
            assert refused(post(one, page.body())) == (503, "CR-SOURCE-LATE")
            assert one.answer(Question(asker, NAME, SSIN, WAGE)).blocks
    assert active_children() == []


def test_whoever_asks_about_one_person_has_half_of_the_cores_to_themselves(
    tmp_path: Path, hub: FakeHub, asker: FakeAsker
) -> None:
    groups = {WAGE: {"sql": WAGE_SQL, "sqlMany": ENDLESS, "list": "amounts"}}
    with running(write_config(tmp_path, hub, groups=groups), hub) as one:
        page = PageQuestion(asker, [SSIN], WAGE)
        page.request["deadline"] = now() + timedelta(seconds=1)
        assert refused(post(one, page.body())) == (503, "CR-SOURCE-LATE")
        (child,) = active_children()
        cores = len(os.sched_getaffinity(child.pid or 0))
        assert one.answer(Question(asker, NAME, SSIN, WAGE)).blocks
        while len(os.sched_getaffinity(child.pid or 0)) != max(1, cores // 2):
            sleep(0.05)


def test_pages_beyond_what_it_works_on_are_told_to_come_back(
    tmp_path: Path, hub: FakeHub, asker: FakeAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAXIMUM_PAGES", 2)
    groups = {WAGE: {"sql": WAGE_SQL, "sqlMany": ENDLESS, "list": "amounts"}}
    with running(write_config(tmp_path, hub, groups=groups), hub) as one:
        told = []
        for _ in range(3):
            page = PageQuestion(asker, [SSIN], WAGE)
            page.request["deadline"] = now() + timedelta(seconds=0.5)
            told.append(refused(post(one, page.body())))
        assert told == [(503, "CR-SOURCE-LATE")] * 2 + [(503, "CR-OVERLOADED")]
        assert one.answer(Question(asker, NAME, SSIN, WAGE)).blocks


async def test_a_page_that_takes_too_long_is_given_up_and_the_next_one_answered(
    tmp_path: Path, hub: FakeHub, asker: FakeAsker
) -> None:
    groups = {WAGE: {"sql": WAGE_SQL, "sqlMany": ENDLESS, "list": "amounts"}, FILE: FILES}
    worker = Worker(read_config(write_config(tmp_path, hub, groups=groups)), timedelta(seconds=1))
    with warm_pages():
        with pytest.raises(Unavailable, match="took longer than 1 s"):
            await worker.answer(job(PageQuestion(asker, [SSIN], WAGE), tmp_path / "a"))
        worker.patience = timedelta(minutes=1)
        made = await worker.answer(job(PageQuestion(asker, [SSIN], FILE), tmp_path / "b"))
        await worker.close()
    assert (made.start, made.until) == (0, 1)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "a").exists()


def job(page: PageQuestion, file: Path) -> Job:
    groups = (Group(id=WAGE), Group(id=FILE, media_type="application/xml"))
    return Job(page.body(), page.signed, page.asker.seal.jwk, groups, Signed("crossroads#permit-1", b""), now(), file)


def test_a_process_that_is_killed_is_started_again(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY}), hub) as one:
        answered(one, PageQuestion(asker, [SSIN], WAGE).body())
        (child,) = active_children()
        child.kill()
        child.join()
        page = PageQuestion(asker, [SSIN], WAGE)
        assert refused(post(one, page.body()))[0] == 503
        assert page.opened(answered(one, page.body()), one.key)


def test_where_the_answer_cannot_be_kept_nothing_leaves(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY}), hub) as one:
        page = PageQuestion(asker, [SSIN], WAGE)
        folder = tmp_path / "state" / "pages"
        folder.rmdir()
        folder.write_text("in the way")
        assert refused(post(one, page.body()))[0] == 503
        assert entries(list(export(tmp_path / "state")), page.ticket) == []
        folder.unlink()
        folder.mkdir()
        answered(one, page.body())
        assert len(entries(list(export(tmp_path / "state")), page.ticket)) == 1


def test_answers_are_removed_when_their_batch_is_over(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    kept = KeptAnswers(tmp_path / "pages", start)
    (tmp_path / "pages" / "a-note").write_bytes(b"of somebody")
    over, open_ = kept.file("a" * 64, start), kept.file("b" * 64, start + timedelta(days=1))
    for file in (over, open_, kept.new(open_)):
        file.write_bytes(b"{}")
    kept.remove_expired(start + timedelta(hours=1))
    assert (over.exists(), open_.exists()) == (False, True)
    KeptAnswers(tmp_path / "pages", start + timedelta(hours=1))
    assert sorted(file.name for file in (tmp_path / "pages").iterdir()) == [open_.name, "a-note"]
    # Also where no other page comes by which they would be looked at.
    KeptAnswers(tmp_path / "pages", start + timedelta(days=2))
    assert [file.name for file in (tmp_path / "pages").iterdir()] == ["a-note"]


# Served, as an institution runs it.


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, port: int) -> Path:
    return write_config(tmp_path, hub, port, url=f"http://127.0.0.1:{port}", groups={WAGE: WAGE_MANY})


def send(hub: FakeHub, port: int, body: bytes) -> httpx.Response:
    url = f"http://127.0.0.1:{port}{PATH}"
    return httpx.post(url, content=body, headers=signed_headers(hub.permit, url, body), verify=NO_TLS, timeout=60)


def test_killed_between_two_requests_alike_it_gives_the_same_answer(
    tmp_path: Path, config: Path, port: int, hub: FakeHub, asker: FakeAsker
) -> None:
    page = PageQuestion(asker, [SSIN], WAGE)
    with served(config, port) as process:
        first = send(hub, port, page.body())
        process.send_signal(signal.SIGKILL)
        process.wait()
    (tmp_path / "data.sqlite").unlink()
    with served(config, port) as process:
        second = send(hub, port, page.body())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (first.status_code, first.content) == (200, second.content)
    assert len(entries(list(export(tmp_path / "state")), page.ticket)) == 1


def test_the_same_request_twice_at_once_is_worked_on_once(
    tmp_path: Path, config: Path, port: int, hub: FakeHub, asker: FakeAsker
) -> None:
    page = PageQuestion(asker, [SSIN] * 2000, WAGE)
    bodies = [page.body() for _ in range(4)]
    with served(config, port), ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(partial(send, hub, port), bodies))
    assert {got.status_code for got in answers} == {200}
    assert len({got.content for got in answers}) == 1
    assert len(entries(list(export(tmp_path / "state")), page.ticket)) == 1


@pytest.mark.torture
def test_ten_thousand_people_page_after_page_take_no_more_memory(
    tmp_path: Path, config: Path, port: int, hub: FakeHub, asker: FakeAsker
) -> None:
    people = [f"{FIRST + number}" for number in range(PEOPLE)]
    with closing(sqlite3.connect(tmp_path / "data.sqlite")) as connection, connection:
        connection.execute("create index amount_ssin on amount (ssin)")
        rows = [(ssin, NAME, "2026-01-01", 1) for ssin in people]
        connection.executemany("insert into amount values (?, ?, ?, ?)", rows)
    peaks = []
    with served(config, port) as process:
        for _ in range(4):
            got = send(hub, port, PageQuestion(asker, people, WAGE).body())
            answer = msgspec.json.decode(got.content, type=BulkAnswer)
            assert (answer.answered, len(answer.blocks), answer.failed) == (PEOPLE, PEOPLE, {})
            peaks.append(sum(map(peak, family(process.pid))))
    assert peaks[3] < peaks[1] * 1.15
    assert peaks[3] < 600_000


def family(parent: int) -> list[int]:
    threads = Path(f"/proc/{parent}/task").iterdir()
    return [parent, *(int(child) for thread in threads for child in (thread / "children").read_text().split())]


def peak(process: int) -> int:
    """Give the most memory that a process had, in kilobytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
