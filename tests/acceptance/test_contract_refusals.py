"""The rows of the table of the contract that are refused before anybody is asked, by hand over HTTP."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contract import KNOWN, STRANGER, WHO, WORK
from crossroads.api.app import ROUTES
from crossroads.kernel.guards import Guard
from crossroads.network.service import Network
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SigningKey
from crossroads.wire.signatures import sign_request
from raw import Asker, Reply, send

pytest_plugins = ["contract_fixtures"]


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
        (put("".join(chr(0xFF10 + int(digit)) for digit in STRANGER), "asker", "agent"), "$.asker.agent"),
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


TAKING_JSON = sorted(
    path
    for handler in ROUTES
    if handler.opt["guard"] is Guard.INSTITUTION and "data" in handler.parsed_fn_signature.parameters
    for path in handler.paths
)


@pytest.mark.parametrize("path", [path for path in TAKING_JSON if path != "/v1/exchanges"])
def test_a_body_that_can_be_read_in_two_ways(centre: Asker, path: str) -> None:
    request = centre.signed_post(path, f'{{"period":[{{"ssin":"{KNOWN}","ssin":"{STRANGER}"}}]}}'.encode())
    reply = send(request)
    centre.verify(request, reply)
    assert repeated(reply) == "$.period[0].ssin"


def test_a_question_that_can_be_read_in_two_ways(centre: Asker) -> None:
    body = centre.request(centre.wish(KNOWN, WORK)).body or b""
    for inner, other, place in (("ssin", STRANGER, "$.ssin"), ("agent", "other", "$.asker.agent")):
        twice = body.replace(f'"{inner}":'.encode(), f'"{inner}":"{other}","{inner}":'.encode())
        assert repeated(send(centre.signed_post("/v1/exchanges", twice))) == place
        assert repeated(send(centre.signed_post("/v1/exchanges", twice.replace(b'":', b'" : ')))) == place


def repeated(reply: Reply) -> str:
    assert (reply.status, reply.problem.type) == (400, "urn:problem-type:belgif:badRequest")
    (issue,) = reply.problem.issues
    assert issue.detail == "A member of the JSON object is repeated."
    assert KNOWN.encode() not in reply.body
    return str(issue.name)


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


@pytest.mark.parametrize(
    ("change_it", "status"), [(drop("period"), 400), (put("other", "asker", "agent"), 401)], ids=["form", "statement"]
)
def test_what_is_wrong_with_a_question_is_said_however_often_it_is_sent(
    centre: Asker, change_it: Callable[[dict[str, Any]], None], status: int
) -> None:
    request = centre.altered(centre.request(centre.wish(KNOWN, WORK)), change_it)
    first, second = send(request), send(request)
    assert [first.status, second.status] == [status, status]
    assert second.problem.code == first.problem.code != "CR-NONCE-REPLAYED"


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


@pytest.mark.parametrize("name", ["content-type", "content-digest", "signature", "signature-input"])
def test_a_header_that_a_signature_is_about_stands_in_a_request_once(centre: Asker, built: Network, name: str) -> None:
    settings, request = built.installation.settings, centre.request(centre.wish(KNOWN, WORK))
    body = request.body or b""
    fields = [*request.headers.items(), (name, request.headers[name]), ("content-length", str(len(body)))]
    lines = ["POST /v1/exchanges HTTP/1.1", "host: hub", "connection: close", *(f"{n}: {v}" for n, v in fields), "", ""]
    with socket.create_connection((settings.host, settings.port), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"CR-SIGNATURE-INVALID" in answer


def test_problems_after_the_signature_are_signed_too(centre: Asker) -> None:
    request = centre.signed_post("/v1/exchanges", b"{}")
    reply = send(request)
    centre.verify(request, reply)
    assert reply.status == 400


def test_unknown_routes_and_methods(centre: Asker) -> None:
    assert send(centre.signed_post("/v1/nothing", b"{}")).status == 404
    for method in ("PUT", "OPTIONS"):
        assert send(centre.request(centre.wish(KNOWN, WORK))._replace(method=method)).status == 405
