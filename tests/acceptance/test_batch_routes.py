"""Batches over HTTP, with a hub whose job process reads the files: signed, resumed, and seen by nobody else."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from batch_killing import job_processes
from batching import Author, lines
from commands import crossroads, typed
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.errors import Refused
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.wire.batches import MAXIMUM_PART, BatchList, BatchState, BatchStatus, Record, Voucher
from crossroads.wire.jobs import JobState
from crossroads.wire.signatures import Request
from database import Database
from networks import network
from raw import Asker, Reply, person, send

FUND, OTHER = "child-benefit-fund-a", "child-benefit-fund-b"
OCTETS = "application/octet-stream"
RECORDS = [Record(ssin=person(number)) for number in range(1, 4)]
FILE = lines(RECORDS)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    members: dict[str, dict[str, Any]] = {FUND: {}, OTHER: {}}
    folder = tmp_path_factory.mktemp("batches")
    with network(folder, module_database, members, settings={"job_workers": 1}, start=False) as made:
        made.start_hub()
        yield made


class Sender:
    """An institution that sends files by hand."""

    def __init__(self, network: Network, institution: str) -> None:
        member, self.asker = network.member(institution), Asker(network, institution)
        self.author = Author(
            member.signing_key(),
            member.sealing_key(),
            installation=network.installation.settings.installation,
            legal_context="FAMILY:CHILD_BENEFIT",
            group="unemployment-periods@1",
        )

    def voucher(self, file: bytes, records: list[Record], **changes: Any) -> Voucher:
        listed = msgspec.json.decode(self.get("").body, type=BatchList).batches
        number = listed[0].file_sequence_number + 1 if listed else 1
        return self.author.voucher(file, records, number, **changes)

    def announce(self, voucher: Voucher) -> Reply:
        return self.sent(self.asker.signed_post("/v1/batches", voucher))

    def put(self, status: BatchStatus, start: int, part: bytes) -> Reply:
        return self.sent(self.asker.signed("PUT", f"/v1/batches/{status.ticket}/file/{start}", part, OCTETS))

    def get(self, path: str) -> Reply:
        return self.sent(self.asker.signed_get(f"/v1/batches{path}"))

    def job(self, path: str) -> Reply:
        return self.sent(self.asker.signed_get(f"/v1/jobs{path}"))

    def post(self, path: str) -> Reply:
        return self.sent(self.asker.signed_post(f"/v1/batches{path}", {}))

    def sent(self, request: Request) -> Reply:
        """Send a request, and check that what comes back is signed for it."""
        reply = send(request)
        self.asker.verify(request, reply)
        return reply

    def until(self, status: BatchStatus, wanted: Callable[[BatchStatus], bool]) -> BatchStatus:
        while not wanted(found := status_of(self.get(f"/{status.ticket}"))):
            time.sleep(0.05)
        return found


def client(built: Network, institution: str) -> SyncClient:
    return SyncClient(built.member(institution).client(built.installation.settings.public_url))


def status_of(reply: Reply) -> BatchStatus:
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body, type=BatchStatus)


def read(status: BatchStatus) -> bool:
    return status.state not in {BatchState.ANNOUNCED, BatchState.CHECKING}


@pytest.fixture
def fund(built: Network) -> Sender:
    return Sender(built, FUND)


@pytest.fixture
def other(built: Network) -> Sender:
    return Sender(built, OTHER)


def test_a_file_is_announced_sent_and_read(fund: Sender) -> None:
    voucher = fund.voucher(FILE, RECORDS)
    status = status_of(fund.announce(voucher))
    assert (status.state, status.received) == (BatchState.ANNOUNCED, 0)
    assert status_of(fund.put(status, 0, FILE[:10])).received == 10
    again = fund.put(status, 20, FILE[20:])
    assert (again.status, again.problem.code, again.problem.received) == (409, "CR-UPLOAD-OFFSET", 10)
    assert status_of(fund.put(status, 10, FILE[10:])).received == len(FILE)
    found = fund.until(status, read)
    assert (found.state in {BatchState.RUNNING, BatchState.COMPLETED}, found.problem) == (True, None)
    assert status_of(fund.announce(voucher)).ticket == status.ticket


def code_of_announced(request: Request) -> int:
    """Send the head of a request alone, and give the status: the hub need not read what is too large."""
    url = urlsplit(request.target_uri)
    connection = HTTPConnection(url.netloc, timeout=20)
    try:
        connection.putrequest(request.method, url.path)
        for name, value in {**request.headers, "content-length": str(len(request.body or b""))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_part_is_as_large_as_the_limit_and_no_larger(fund: Sender) -> None:
    file = FILE + b" " * MAXIMUM_PART
    status = status_of(fund.announce(fund.voucher(file, RECORDS)))
    assert code_of_announced(fund.asker.signed("PUT", f"/v1/batches/{status.ticket}/file/0", file, OCTETS)) == 413
    assert status_of(fund.put(status, 0, file[:MAXIMUM_PART])).received == MAXIMUM_PART
    assert status_of(fund.put(status, MAXIMUM_PART, file[MAXIMUM_PART:])).state is BatchState.CHECKING
    refused = fund.until(status, read)
    assert refused.problem is not None
    assert (refused.state, refused.problem.line) == (BatchState.REFUSED, 4)
    assert person(1) not in refused.problem.detail


def test_a_file_of_another_is_not_there(fund: Sender, other: Sender) -> None:
    status = status_of(fund.announce(fund.voucher(FILE + b" ", RECORDS)))
    seen = [
        other.get(f"/{status.ticket}"),
        other.put(status, 0, FILE),
        other.get(f"/{status.ticket}/result/0"),
        other.post(f"/{status.ticket}/result/acknowledge"),
        other.post(f"/{status.ticket}/cancel"),
    ]
    nobodys = other.get("/00000000-0000-7000-8000-000000000000")
    assert {(reply.status, reply.problem.detail) for reply in seen} == {(404, nobodys.problem.detail)}
    assert str(status.ticket) not in other.get("").body.decode()
    stolen = other.announce(fund.voucher(FILE + b"  ", RECORDS))
    assert (stolen.status, stolen.problem.code) == (401, "CR-STATEMENT-MISMATCH")
    assert status_of(fund.post(f"/{status.ticket}/cancel")).state is BatchState.CANCELLED


def test_the_job_of_a_batch_is_told_to_who_sent_it_alone(built: Network, fund: Sender, other: Sender) -> None:
    records = RECORDS[:1]
    status = status_of(fund.announce(fund.voucher(lines(records), records)))
    with client(built, FUND) as sender:
        with pytest.raises(Refused, match="no such job"):
            sender.jobs.status(status.ticket)
        fund.put(status, 0, lines(records))
        fund.until(status, lambda found: found.state is BatchState.COMPLETED)
        # Its job is settled after the batch is.
        while (job := sender.jobs.status(status.ticket)).state is not JobState.DONE:
            time.sleep(0.05)
        assert (job.kind, job.done, job.total) == ("batch-answer", 1, 1)
        assert sender.jobs.listed().jobs[0] == job
    seen, nobodys = (other.job(f"/{ticket}") for ticket in (status.ticket, "00000000-0000-7000-8000-000000000000"))
    assert {(reply.status, reply.problem.detail) for reply in (seen, nobodys)} == {(404, nobodys.problem.detail)}
    with client(built, OTHER) as stranger:
        assert status.ticket not in {one.ticket for one in stranger.jobs.listed().jobs}
    assert [fund.job(wrong).status for wrong in ("?before=x", "?institution=other")] == [400, 400]


def test_a_result_is_for_who_asked_alone(fund: Sender, other: Sender) -> None:
    records = RECORDS[1:]
    status = status_of(fund.announce(fund.voucher(lines(records), records)))
    fund.put(status, 0, lines(records))
    done = fund.until(status, lambda found: found.state is BatchState.COMPLETED)
    path = f"/{status.ticket}/result"
    assert [one.status for one in (other.get(f"{path}/0"), other.post(f"{path}/acknowledge"))] == [404, 404]
    assert [fund.get(f"{path}/{part}").status for part in range(done.parts)] == [200, 200]
    assert status_of(fund.post(f"{path}/acknowledge")).fetched
    gone = fund.get(f"{path}/0")
    assert (gone.status, gone.problem.code) == (410, "CR-RESULT-GONE")


def test_what_comes_too_early_late_or_otherwise_says_so(fund: Sender) -> None:
    status = status_of(fund.announce(fund.voucher(FILE + b"\t", RECORDS)))
    early = fund.get(f"/{status.ticket}/result/0")
    assert (early.status, early.problem.code) == (409, "CR-RESULT-NOT-READY")
    gap = fund.author.voucher(FILE, RECORDS, status.file_sequence_number + 2)
    refused = fund.announce(gap)
    assert (refused.status, refused.problem.code) == (409, "CR-FILE-NUMBER-GAP")
    assert f"number {status.file_sequence_number + 1}" in refused.problem.detail
    fund.post(f"/{status.ticket}/cancel")
    over = fund.put(status, 0, FILE)
    assert (over.status, over.problem.code) == (409, "CR-BATCH-OVER")
    assert send(fund.asker.signed_get(f"/v1/batches/{status.ticket}/file/0")).status == 405


def test_an_altered_part_is_not_taken(fund: Sender) -> None:
    status = status_of(fund.announce(fund.voucher(FILE + b"\r", RECORDS)))
    request = fund.asker.signed("PUT", f"/v1/batches/{status.ticket}/file/0", FILE, OCTETS)
    reply = send(request._replace(body=FILE[:-1] + b"x"))
    assert (reply.status, reply.problem.code) == (401, "CR-DIGEST-MISMATCH")
    assert status_of(fund.get(f"/{status.ticket}")).received == 0


def test_numbers_that_nothing_can_have_are_none(fund: Sender) -> None:
    status = status_of(fund.announce(fund.voucher(FILE + b"\f", RECORDS)))
    assert [fund.get(f"?before={wrong}").status for wrong in ("0", str(10**30), "x")] == [400] * 3
    assert [fund.put(status, start, FILE).status for start in (-1, 10**30)] == [409] * 2
    assert fund.get(f"/{status.ticket}/result/{10**30}").status == 409
    assert msgspec.json.decode(fund.get("?before=1").body, type=BatchList).batches == ()


def test_the_command_line_shows_jobs(built: Network) -> None:
    listed = crossroads("jobs", "list", "--all", "--json", environment=dict(built.environment))
    assert listed.code == 0, listed.stderr
    jobs = {job["kind"]: job for job in json.loads(listed.stdout)["jobs"]}
    assert {"batch-retention", "jobs-forgotten"} <= set(jobs)
    number = jobs["batch-retention"]["job"]
    for command, code, said in (
        (("list",), 0, "batch-retention"),
        (("list", "--all"), 0, "jobs-forgotten"),
        (("show", number), 0, "batch-retention"),
        (("hold", number), 0, "waits until it is resumed"),
        (("resume", number), 0, "goes on"),
        (("cancel", number), 1, "recurs by itself"),
        (("show", "00000000-0000-7000-8000-000000000000"), 1, "There is no job"),
    ):
        ended = typed("jobs", *command, environment=dict(built.environment))
        assert (ended.code, said in ended.stdout + ended.sentence) == (code, True)


def test_a_job_is_shown_by_the_clocks_of_people(built: Network) -> None:
    environment = dict(built.environment)
    job = json.loads(typed("jobs", "list", "--all", "--json", environment=environment).stdout)["jobs"][0]
    shown = typed("jobs", "show", job["job"], environment=environment).stdout
    created = datetime.fromisoformat(job["createdAt"]).astimezone(BRUSSELS)
    assert f"{created:%Y-%m-%d %H:%M} (Brussels)" in shown
    assert "+00:00" not in shown


def test_jobs_can_be_read_in_a_narrow_terminal(built: Network, fund: Sender) -> None:
    fund.put(status_of(fund.announce(fund.voucher(FILE + b"\n\n", RECORDS))), 0, FILE + b"\n\n")
    environment = dict(built.environment)
    jobs = json.loads(typed("jobs", "list", "--all", "--json", environment=environment).stdout)["jobs"]
    shown = typed("jobs", "list", "--all", environment={**environment, "COLUMNS": "80"}).stdout.splitlines()
    assert max(map(len, shown)) <= 80, shown
    assert FUND in {job["institution"] for job in jobs}
    for job in jobs:
        (at,) = (number for number, line in enumerate(shown) if line.startswith(f"{job['job']}  "))
        of = f" of {job['institution']}" if job["institution"] else ""
        assert shown[at + 1].startswith(f"  {job['kind']}{of}"), shown


def test_a_job_process_that_dies_is_started_again_and_gives_way(built: Network, fund: Sender) -> None:
    (first,) = job_processes(built)
    while os.getpriority(os.PRIO_PROCESS, first) < 10:
        time.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    records = RECORDS[:2]
    status = status_of(fund.announce(fund.voucher(lines(records), records)))
    fund.put(status, 0, lines(records))
    found = fund.until(status, read)
    assert found.state in {BatchState.RUNNING, BatchState.COMPLETED}
    (second,) = job_processes(built)
    assert second != first


def test_with_the_hub_its_job_process_ends(built: Network) -> None:
    assert len(job_processes(built)) == 1
    hub = built.processes["hub"]
    os.kill(hub.pid, signal.SIGKILL)
    while job_processes(built):
        time.sleep(0.05)
    built.processes.stop("hub")
