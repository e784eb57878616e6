"""Every row of the table of the contract, by hand over HTTP."""

import asyncio
import socket
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chaos import rows
from crossroads.bootstrap.wiring import services
from crossroads.kernel.period import Period
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SigningKey
from crossroads.wire.signatures import sign_request
from database import Database
from networks import line, network
from raw import DAY, QUARTER, Asker, Reply, person, send

KNOWN, STRANGER, DEAD, REPLACED, NEW, ALONE, EMPTY, LATE, NOBODY = (person(number) for number in range(1, 19, 2))
RELATIONS = (
    'SELECT start_date AS "startDate", end_date AS "endDate", employer AS "employerNumber", kind AS "workerType" '
    "FROM relations WHERE ssin = :ssin AND start_date <= :end_date AND coalesce(end_date, '9999') >= :start_date"
)
IDENTIFICATION = (
    'SELECT last_name AS "lastName", first_names AS "firstNames", birth_date AS "birthDate", sex FROM people '
    "WHERE ssin = :ssin"
)
WORK, WHO = "employment-relations@1", "identification@1"
MEMBERS: dict[str, dict[str, Any]] = {
    "pcsw-gent": {},
    "pps-social-integration": {"holders": ("pcsw-namur",)},
    "nsso": {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    "national-register": {
        "groups": {WHO: {"sql": IDENTIFICATION, "one": True}},
        "register": "SELECT birth_date, last_name FROM people WHERE ssin = :ssin",
    },
    "pension-service": {},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    everyone = [KNOWN, STRANGER, DEAD, REPLACED, ALONE, EMPTY, LATE]
    inscriptions = [
        *(line(ssin, "pcsw-gent", "17:2", "2020-01-01") for ssin in (KNOWN, DEAD, REPLACED, ALONE, EMPTY)),
        line(LATE, "pcsw-gent", "17:2", "2026-02-01"),
        line(STRANGER, "pcsw-namur", "17:2", "2020-01-01"),
        *(line(ssin, "nsso", "12:30", "2020-01-01") for ssin in (KNOWN, STRANGER, DEAD, REPLACED, EMPTY, LATE)),
        *(line(ssin, "national-register", "0:1", "1980-03-15") for ssin in (KNOWN, STRANGER, REPLACED)),
    ]
    with network(
        tmp_path_factory.mktemp("contract"),
        module_database,
        MEMBERS,
        persons=everyone,
        inscriptions=inscriptions,
        settings={"metrics_port": free_ports(1)[0]},
        start=False,
    ) as made:
        fill(made)
        asyncio.run(change(made))
        made.start_hub(workers=2)
        made.start_members()
        yield made


def fill(made: Network) -> None:
    work = [(ssin, "2024-01-01", None, 100006, "OTH") for ssin in (KNOWN, STRANGER, NEW, LATE)]
    people = [(ssin, "Peeters", "Jan", "1980-03-15", "male") for ssin in (KNOWN, STRANGER, NEW, NOBODY)]
    made.member("nsso").store({"relations": (("ssin", "start_date", "end_date", "employer", "kind"), work)})
    columns = ("ssin", "last_name", "first_names", "birth_date", "sex")
    made.member("national-register").store({"people": (columns, people)})


async def change(made: Network) -> None:
    async with services(made.installation) as hub:
        await hub.identity.decease(DEAD, date(2025, 6, 1), reason="test", actor="test")
        await hub.identity.replace_ssin(REPLACED, NEW, date(2026, 2, 1), reason="test", actor="test")


@pytest.fixture
def centre(built: Network) -> Asker:
    return Asker(built, "pcsw-gent")


def test_answered(centre: Asker) -> None:
    request = centre.request(centre.wish(KNOWN, WORK, WHO, customer_ticket="mine-1"))
    reply = send(request)
    answer = reply.answer
    centre.verify(request, reply)
    assert reply.outcome == ("DATA_FOUND", "MSG00000", None)
    assert {(block.data_group, block.source) for block in answer.blocks} == {
        (WORK, "nsso"),
        (WHO, "national-register"),
    }
    assert all(block.sealed and block.content is msgspec.UNSET for block in answer.blocks)
    assert {(source.institution, source.status.value) for source in answer.sources} == {
        ("nsso", "DATA_FOUND"),
        ("national-register", "DATA_FOUND"),
    }
    assert (answer.customer_ticket, answer.environment.value, answer.filtered) == ("mine-1", "test", ())
    assert (answer.ssin.value, answer.ssin.replaces) == (KNOWN, None)
    assert answer.receipt is not None
    assert answer.checkpoint is not None
    assert answer.checkpoint.startswith("crossroads.test\n")


async def test_the_log_keeps_eight_times_of_each_source(centre: Asker, module_database: Database) -> None:
    answer = centre.ask(KNOWN, WORK, WHO).answer
    entries = await rows(
        module_database.url("crossroads_owner"),
        "SELECT content::text FROM log_entry WHERE ticket = $1 AND event = 'exchange:answer:sent'",
        answer.ticket,
    )
    fields = msgspec.json.decode(entries[0]["content"])
    names = ("askedAt", "receivedAt", "readFrom", "readUntil", "repliedAt", "answeredAt")
    assert len(fields["sources"]) == 2
    for source in fields["sources"]:
        times = [answer.received_at.isoformat(), *(source[name] for name in names), fields["repliedAt"]]
        assert times == sorted(times)


def test_legal_context_not_known_or_not_assigned(centre: Asker, built: Network) -> None:
    assert centre.ask(KNOWN, WORK, legal_context="NO:SUCH").outcome == ("NO_RESULT", "MSG00013", None)
    assert Asker(built, "nsso").ask(KNOWN, WORK).outcome == ("NO_RESULT", "MSG00013", None)


def test_no_data_group_authorised(centre: Asker) -> None:
    assert centre.ask(KNOWN, "pension-account@1").outcome == ("NO_RESULT", "MSG00015", None)
    assert centre.ask(KNOWN, "never-heard-of@1").outcome == ("NO_RESULT", "MSG00015", None)


def test_not_inscribed_and_unknown_persons_cannot_be_told_apart(centre: Asker) -> None:
    stranger, nobody = centre.ask(STRANGER, WORK, WHO), centre.ask(NOBODY, WORK, WHO)
    assert stranger.outcome == ("NO_RESULT", "MSG00012", "CR-NOT-INSCRIBED")
    assert without_what_differs(stranger, STRANGER) == without_what_differs(nobody, NOBODY)


def without_what_differs(reply: Reply, ssin: str) -> Any:
    content = msgspec.json.decode(reply.body.replace(ssin.encode(), b"-"))
    for name in ("ticket", "receivedAt", "repliedAt", "receipt", "checkpoint"):
        content.pop(name)
    return content


def test_the_inscription_does_not_cover_the_period(centre: Asker) -> None:
    assert centre.ask(LATE, WORK).outcome == ("NO_RESULT", "MSG00012", "CR-PERIOD-NOT-COVERED")
    covered = Period(date(2026, 2, 1), date(2026, 3, 31))
    assert centre.ask(LATE, WORK, period=covered).outcome == ("DATA_FOUND", "MSG00000", None)


def test_a_replaced_number_is_answered_with_the_new_one(centre: Asker) -> None:
    for asked, replaces in ((REPLACED, REPLACED), (NEW, None)):
        answer = centre.ask(asked, WORK, WHO).answer
        assert (answer.ssin.value, answer.ssin.replaces) == (NEW, replaces)
        assert {block.data_group for block in answer.blocks} == {WORK, WHO}


def test_deceased_before_the_period(centre: Asker) -> None:
    assert centre.ask(DEAD, WORK).outcome == ("NO_DATA_FOUND", "MSG00009", None)


def test_nobody_holds_the_person_for_these_groups(centre: Asker) -> None:
    reply = centre.ask(ALONE, WORK)
    assert (reply.outcome, reply.answer.sources) == (("NO_DATA_FOUND", "MSG00021", None), ())


def test_holders_asked_and_none_has_data(centre: Asker) -> None:
    reply = centre.ask(EMPTY, WORK)
    assert reply.outcome == ("NO_DATA_FOUND", "MSG00100", None)
    assert [source.code for source in reply.answer.sources] == ["MSG00100"]


def test_answered_with_something_filtered(centre: Asker) -> None:
    reply = centre.ask(KNOWN, WORK, "pension-account@1")
    assert reply.outcome == ("DATA_FOUND", "MSG00000", None)
    assert [(one.data_group, one.code) for one in reply.answer.filtered] == [("pension-account@1", "MSG00015")]


def test_a_period_beyond_the_look_back_is_not_authorised(centre: Asker) -> None:
    long_ago = Period(date(2020, 1, 1), date(2026, 1, 31))
    assert centre.ask(KNOWN, "unemployment-benefit@1", period=long_ago).outcome == (
        "NO_RESULT",
        "MSG00015",
        "CR-LOOK-BACK-EXCEEDED",
    )


def test_a_secondary_institution_asks_through_its_manager(built: Network) -> None:
    manager = Asker(built, "pps-social-integration")
    assert manager.ask(STRANGER, WORK, on_behalf_of="pcsw-namur").outcome == ("DATA_FOUND", "MSG00000", None)
    assert manager.ask(STRANGER, WORK, on_behalf_of="pcsw-gent").outcome == (
        "NO_RESULT",
        "MSG00013",
        "CR-NOT-MANAGED",
    )


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change_it(content: dict[str, Any]) -> None:
        for name in path[:-1]:
            content = content[name]
        del content[path[-1]]

    return change_it


def put(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def change_it(content: dict[str, Any]) -> None:
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return change_it


@pytest.mark.parametrize(
    ("change_it", "place"),
    [
        (drop("asker"), "$"),
        (drop("asker", "agent"), "$.asker"),
        (put("x" * 65, "asker", "agent"), "$.asker.agent"),
        (put("a\u0000b", "asker", "agent"), "$.asker.agent"),
        (put(STRANGER, "asker", "agent"), "$.asker.agent"),
        (put(STRANGER, "customerTicket"), "$.customerTicket"),
        (put(f"{STRANGER[:6]}-{STRANGER[6:9]}.{STRANGER[9:]}", "asker", "agent"), "$.asker.agent"),
        (put("clerk \u202e7", "asker", "agent"), "$.asker.agent"),
        (put({"startDate": "2026-02-01", "endDate": "9999-12-31"}, "period"), "$.period"),
        (put("UPPER", "asker", "institution"), "$.asker.institution"),
        (put(1, "surprise"), "$"),
        (put("80631512390", "ssin"), "$.ssin"),
        (put("8063151239", "ssin"), "$.ssin"),
        (put("8063151239x", "ssin"), "$.ssin"),
        (put([], "dataGroups"), "$.dataGroups"),
        (put([f"g{n}@1" for n in range(33)], "dataGroups"), "$.dataGroups"),
        (put([WORK, WORK], "dataGroups"), "$.dataGroups"),
        (put(["Living Wage"], "dataGroups"), "$.dataGroups[0]"),
        (put({}, "openings"), "$.openings"),
        (put({"startDate": "2026-03-01", "endDate": "2026-02-01"}, "period"), "$.period"),
        (put({"startDate": "2026-02-30"}, "period"), "$.period.startDate"),
        (put({"endDate": "2026-02-20"}, "period"), "$.period"),
        (drop("period"), "$.period"),
        (put("x" * 37, "customerTicket"), "$.customerTicket"),
        (put("no", "statement"), "$.statement"),
        (put(" X", "legalContext"), "$.legalContext"),
    ],
)
def test_malformed(centre: Asker, change_it: Callable[[dict[str, Any]], None], place: str) -> None:
    reply = send(centre.altered(centre.request(centre.wish(KNOWN, WORK)), change_it))
    assert (reply.status, reply.problem.type) == (400, "urn:problem-type:belgif:badRequest")
    assert [issue.name for issue in reply.problem.issues] == [place]
    assert b"80631512390" not in reply.body


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{} trailing", b'{"a":1,"a":1}', b"[" * 5000]
)
def test_what_is_not_a_question_is_told_so(centre: Asker, body: bytes) -> None:
    reply = send(centre.signed_post("/v1/exchanges", body))
    assert (reply.status, reply.problem.type) == (400, "urn:problem-type:belgif:badRequest")


@pytest.mark.parametrize(
    ("change_it", "named"),
    [
        (put("other", "asker", "agent"), "agent"),
        (put("OTHER:CONTEXT", "legalContext"), "legalContext"),
        (put("2026-02-02", "referenceDate"), "referenceDate"),
        (put({"startDate": "2020-01-01"}, "period"), "period"),
        (put(STRANGER, "ssin"), "ssin"),
        (put({WORK: "A" * 22}, "openings"), "dataGroups"),
        (put("pcsw-namur", "asker", "onBehalfOf"), "onBehalfOf"),
        (put("k" * 43, "asker", "encryptionKey"), "encryptionKey"),
    ],
)
def test_a_statement_that_says_something_else(
    centre: Asker, change_it: Callable[[dict[str, Any]], None], named: str
) -> None:
    reply = send(centre.altered(centre.request(centre.wish(KNOWN, WORK)), change_it))
    assert (reply.status, reply.problem.code) == (401, "CR-STATEMENT-MISMATCH")
    assert named in reply.problem.detail


def test_who_kept_the_question_of_another_cannot_ask_it(centre: Asker, built: Network) -> None:
    kept = centre.request(centre.wish(KNOWN, WORK)).body
    reply = send(Asker(built, "nsso").signed_post("/v1/exchanges", kept))
    assert (reply.status, reply.problem.code) == (401, "CR-STATEMENT-MISMATCH")
    assert b"nsso" not in reply.body


def test_a_statement_of_another_is_refused(centre: Asker, built: Network) -> None:
    others = msgspec.json.decode(Asker(built, "nsso").request(centre.wish(KNOWN, WORK)).body or b"")
    request = centre.altered(centre.request(centre.wish(KNOWN, WORK)), put(others["statement"], "statement"))
    assert send(request).problem.code == "CR-STATEMENT-MISMATCH"
    forged = SigningKey(centre.key.key_id, SigningKey.generate("x#y")._private)
    mine = msgspec.json.decode(centre.request(centre.wish(KNOWN, WORK)).body or b"")
    header, payload, _ = mine["statement"].split(".")
    mine["statement"] = f"{header}.{payload}.{b64url(forged.sign(f'{header}.{payload}'.encode()))}"
    assert send(centre.signed_post("/v1/exchanges", mine)).problem.code == "CR-STATEMENT-INVALID"


def test_an_expired_statement_is_refused(centre: Asker) -> None:
    old = centre.request(centre.wish(KNOWN, WORK), datetime.now(UTC) - timedelta(seconds=121))
    reply = send(centre.signed_post("/v1/exchanges", old.body))
    assert (reply.status, reply.problem.code) == (401, "CR-STATEMENT-EXPIRED")


def test_a_body_over_the_limit(centre: Asker) -> None:
    reply = send(centre.signed_post("/v1/exchanges", b" " * (64 * 1024 + 1)))
    assert (reply.status, reply.problem.code) == (413, "CR-PAYLOAD-TOO-LARGE")


def test_signature_key_nonce_and_clock(centre: Asker) -> None:
    request = centre.request(centre.wish(KNOWN, WORK))
    headers = dict(request.headers)

    def code(**changed: Any) -> tuple[int, str | None]:
        reply = send(request._replace(**changed))
        return reply.status, reply.problem.code

    assert code(headers={"content-type": "application/json"}) == (401, "CR-SIGNATURE-MISSING")
    assert code(body=(request.body or b"").replace(b'"test"', b'"evil"')) == (401, "CR-DIGEST-MISMATCH")
    digest = sign_request(
        centre.key, request._replace(headers={"content-type": "application/json"}, body=b"{}"), datetime.now(UTC)
    )
    assert code(headers=headers | {"content-digest": digest["content-digest"]}) == (401, "CR-SIGNATURE-INVALID")
    assert code(headers=headers | {"signature": headers["signature"].replace(":", ":AAAA", 1)})[0] == 401
    unknown = headers["signature-input"].replace("pcsw-gent#sign-1", "pcsw-gent#sign-9")
    assert code(headers=headers | {"signature-input": unknown}) == (401, "CR-KEY-UNKNOWN")
    other = headers["signature-input"].replace("pcsw-gent#sign-1", "nsso#sign-1")
    assert code(headers=headers | {"signature-input": other}) == (401, "CR-SIGNATURE-INVALID")
    sealing = headers["signature-input"].replace("pcsw-gent#sign-1", "pcsw-gent#seal-1")
    assert code(headers=headers | {"signature-input": sealing})[0] == 401
    permit = headers["signature-input"].replace("pcsw-gent#sign-1", "cbss#permit-1")
    assert code(headers=headers | {"signature-input": permit})[0] == 401


@pytest.mark.parametrize("seconds", [61, -7])
def test_a_clock_that_is_off(centre: Asker, seconds: int) -> None:
    body = centre.request(centre.wish(KNOWN, WORK)).body
    reply = send(centre.signed_post("/v1/exchanges", body, timedelta(seconds=seconds)))
    assert (reply.status, reply.problem.code) == (401, "CR-CLOCK-SKEW")


def test_a_request_is_answered_once(centre: Asker) -> None:
    request = centre.request(centre.wish(KNOWN, WORK))
    assert send(request).status == 200
    again = send(request)
    assert (again.status, again.problem.code) == (401, "CR-NONCE-REPLAYED")
    assert again.headers["www-authenticate"].startswith("Signature")


def test_a_statement_is_answered_once_by_a_source(centre: Asker) -> None:
    request = centre.request(centre.wish(KNOWN, WORK))
    assert send(request).outcome[0] == "DATA_FOUND"
    reply = send(centre.signed_post("/v1/exchanges", request.body))
    assert reply.outcome == ("INCOMPLETE_DATA", "CR-SOURCE-FAILED", None)
    assert [source.code for source in reply.answer.sources] == ["CR-SOURCE-REFUSED"]


def test_moment_and_period_groups_need_their_time(centre: Asker) -> None:
    request = centre.altered(centre.request(centre.wish(KNOWN, WHO)), drop("referenceDate"))
    assert [issue.name for issue in send(request).problem.issues] == ["$.referenceDate"]


def test_a_body_that_does_not_come_is_not_waited_for(built: Network) -> None:
    settings = built.installation.settings
    head = b"POST /v1/exchanges HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    with socket.create_connection((settings.host, settings.port), timeout=30) as connection:
        connection.sendall(head)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_problems_after_the_signature_are_signed_too(centre: Asker) -> None:
    request = centre.signed_post("/v1/exchanges", b"{}")
    reply = send(request)
    centre.verify(request, reply)
    assert reply.status == 400


def test_unknown_routes_and_methods(centre: Asker) -> None:
    assert send(centre.signed_post("/v1/nothing", b"{}")).status == 404
    for method in ("PUT", "OPTIONS"):
        assert send(centre.request(centre.wish(KNOWN, WORK))._replace(method=method)).status == 405


def test_no_number_of_a_person_is_in_the_output_of_the_hub(centre: Asker, built: Network) -> None:
    centre.ask(KNOWN, WORK)
    output = (built.home / "logs" / "hub.log").read_text("utf-8")
    for ssin in (KNOWN, STRANGER, DEAD, REPLACED, NEW, ALONE, EMPTY, LATE, NOBODY):
        assert ssin not in output
    assert "unforeseen" not in output
    assert (DAY, QUARTER.start_date) == (date(2026, 3, 1), date(2026, 1, 1))


def test_metrics_add_up_over_all_processes_and_name_nobody(centre: Asker, built: Network) -> None:
    def answered() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{built.installation.settings.metrics_port}/metrics") as page:
            text = page.read().decode()
        assert KNOWN not in text
        wanted = 'crossroads_requests_total{route="/v1/exchanges",status="200"}'
        return float(next((line.split()[-1] for line in text.splitlines() if line.startswith(wanted)), 0))

    before = answered()
    for _ in range(6):
        assert centre.ask(KNOWN, WORK).status == 200
    assert answered() == before + 6
