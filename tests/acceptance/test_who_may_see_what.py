"""Who may see what: one table, run for every caller and every route."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crossroads.network.service import Network
from crossroads.wire.signatures import Request
from database import Database
from days import today
from networks import line, network
from raw import Asker, Reply, person, send
from reference import openapi

KNOWN, ELSEWHERE = person(1), person(3)
WORK = "employment-relations@1"
ANYONE, CENTRE, OTHER, SOURCE, MANAGER, OUTSIDER = (
    "anyone",
    "pcsw-gent",
    "pcsw-liege",
    "nsso",
    "pps-social-integration",
    "forem",
)
INSTITUTIONS = (CENTRE, OTHER, SOURCE, MANAGER, OUTSIDER)
PORTAL = "portal"
CALLERS = (ANYONE, *INSTITUTIONS)

# What each caller gets: for a guarded route anyone without a signature gets 401.
PUBLIC = [
    "/health",
    "/.well-known/crossroads-keys",
    "/openapi.json",
    "/openapi-3.0.json",
    "/v1/log/checkpoint",
    "/v1/statistics/service-levels",
    "/v1/usage/heartbeat",
    "/v1/institutions/nsso/keys",
    "/v1/decision-tables/social-tariff",
    *(
        f"/v1/{name}"
        for name in (
            "sectors",
            "institution-types",
            "institutions",
            "inscription-contexts",
            "data-groups",
            "decision-tables",
            "legal-contexts",
            "authorisations",
            "availabilities",
            "subscriptions",
            "embargoes",
        )
    ),
]
LINE = {
    "reference": "r-1",
    "institution": CENTRE,
    "ssin": KNOWN,
    "context": "17:1",
    "period": {"startDate": "2026-01-01"},
}
LINE |= {"evidence": {"kind": "document", "value": "ID-1"}}
QUERY = {"institution": CENTRE, "ssin": KNOWN, "period": {"startDate": "2020-01-01"}}
BULK = {"lines": [{"action": "register", **LINE, "reference": "k-1"}]}
COMPARE = {"institution": CENTRE, "lines": [{name: LINE[name] for name in ("ssin", "context", "period")}]}
CONFIRM = {"reference": "p-1", "ssin": ELSEWHERE, "birthDate": "1980-03-15", "lastName": "Peeters"}
SEARCH = {"agent": "clerk-7", "legalContext": "PCSA:SOCIAL_INQUIRY", "ssin": ELSEWHERE}
SHOWN = {"lastName": "Zandbergen", "firstNames": "Ilse", "birthDate": "1980-03-15"}
CREATE = {"reference": "b-1", "particulars": SHOWN}
CREATE |= {"evidence": {"kind": "passport", "number": "ZZ-1", "issuer": "Illustria"}}
CORRECT = {**CREATE, "reference": "b-2", "ssin": KNOWN, "reason": "misread"}
DECEASE = {"reference": "b-3", "ssin": KNOWN, "deceasedOn": "2026-05-05", "reason": "certificate"}
REPLACE = {"reference": "b-4", "ssin": KNOWN, "national": ELSEWHERE, "since": "2026-03-01", "reason": "registered"}
CHANGE: dict[str, Any] = {"reference": "m-1", "ssin": KNOWN, "dataGroup": WORK, "context": "17:2", "kind": "changed"}
CHANGE |= {"period": {"startDate": "2026-01-01"}, "happenedOn": "2026-01-01"}
LEASE = {"lease": "00000000-0000-7000-8000-000000000000", "numbers": [1]}
REPORT: dict[str, Any] = {"reference": "e-1", "ssin": KNOWN, "dataGroup": WORK, "period": {"startDate": "2026-01-01"}}
REPORT |= {"ticket": LEASE["lease"], "presumed": "wrong-value"}
OWN_LOOK: dict[str, Any] = {"ssin": KNOWN, "legalContext": "PERSON:OWN_ACCESS", "agent": "session-1"}
FIND = {"userCode": KNOWN, "legalContext": "PERSON:OWN_ACCESS", "agent": "session-1"}
NO_PLACE = {"places": [{"stream": 7, "index": 1_000_000}]}
PORTAL_ALONE = {**dict.fromkeys(INSTITUTIONS, 403), PORTAL: 200}
NO_MANDATE = {"mandate": LEASE["lease"]}
TO = {"ssin": ELSEWHERE, "lastName": "Peeters", "birthDate": "1980-03-15"}
GIVE = OWN_LOOK | {"reference": "g-1", "name": "Anna", "to": TO, "scopes": ["usage"]}
GIVE |= dict.fromkeys(("startDate", "endDate"), str(today() + timedelta(days=1)))
BEGIN = OWN_LOOK | NO_MANDATE | {"legalContext": "PERSON:ACTING_MANDATE", "by": ELSEWHERE}
REPORT_ANSWER = {"report": LEASE["lease"], "outcome": "rejected", "reason": "test"}
TODAY = today()
LETTER: dict[str, Any] = {"reference": "l-1", "ssin": KNOWN, "legalContext": "BOX:DELIVERY", "sort": "decision"}
LETTER |= {"subject": {"nl": "Brief"}, "receivedOn": str(TODAY), "expiresOn": str(TODAY + timedelta(days=9))}
LETTER |= {"documents": [{"name": "a.pdf", "mediaType": "application/pdf", "size": 1, "digest": "x" * 43}]}
OPENING = OWN_LOOK | {"message": LEASE["lease"], "digest": "x" * 43, "encryptionKey": "x" * 43, "statement": "a.b.c"}
OPENING |= {"referenceDate": str(TODAY), "opening": "x" * 22, "documentOpening": "x" * 22}
OFFICER = {"legalContext": "OVERSIGHT:INQUIRY", "agent": "holder-olga", "name": "Olga Martens"}
OVERSEES: dict[str, Any] = OFFICER | {"reason": "A complaint."}
DAYS = {"startDate": str(TODAY - timedelta(days=1)), "endDate": str(TODAY - timedelta(days=1))}
NUMBER = {"parameter": "namesakes", "value": 4, "validFrom": str(TODAY + timedelta(days=1))}
WATCH = {"ssin": KNOWN, "firstDay": str(TODAY + timedelta(days=1)), "lastDay": str(TODAY + timedelta(days=2))}
MEMBER: dict[str, Any] = {"legalContext": "COMMITTEE:DECISION", "agent": "holder-ann", "name": "Ann Maes"}
NO_DRAFT = {"draft": LEASE["lease"]}
SUSPENSION: dict[str, Any] = {"kind": "suspend", "reference": "CR-ILL/social-inquiry-1", "reason": "A test."}
SUSPENSION |= {"firstDay": str(TODAY)}
WRITES: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    # Lines are kept by the institution itself, or by who manages it.
    "/v1/inscriptions": (LINE, {CENTRE: 201, OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/inscriptions/query": (QUERY, {CENTRE: 200, OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    # Each line has an outcome of its own: what others get of it stands in tests/integration/test_directory_bulk.py.
    "/v1/inscriptions/bulk": (BULK, dict.fromkeys(INSTITUTIONS, 200)),
    "/v1/inscriptions/compare": (COMPARE, {CENTRE: 200, OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/inscriptions/close": (LINE, {OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/inscriptions/cut": (LINE, {OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/inscriptions/cancel": (LINE, {OTHER: 403, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    # The register is a participant of this network that does not run: nobody is told anything of the person.
    "/v1/persons/confirm": (CONFIRM, dict.fromkeys(INSTITUTIONS, 503)),
    # Whoever may find people may create one; what is recorded here of nobody cannot be changed by anybody.
    "/v1/persons/query": (SEARCH, {CENTRE: 200, OTHER: 200, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/persons": (CREATE, {CENTRE: 201, OTHER: 409, SOURCE: 403, MANAGER: 403, OUTSIDER: 403}),
    "/v1/persons/correct": (CORRECT, dict.fromkeys(INSTITUTIONS, 403)),
    "/v1/persons/decease": (DECEASE, dict.fromkeys(INSTITUTIONS, 403)),
    "/v1/persons/replace": (REPLACE, dict.fromkeys(INSTITUTIONS, 403)),
    # Each change has an outcome of its own, here a refusal; a mailbox is that of who asks, and so is a lease.
    "/v1/mutations": ({"mutations": [CHANGE]}, dict.fromkeys(INSTITUTIONS, 200)),
    "/v1/mailbox/pull": ({}, dict.fromkeys(INSTITUTIONS, 200)),
    "/v1/mailbox/acknowledge": (LEASE, dict.fromkeys(INSTITUTIONS, 403)),
    "/v1/mailbox/park": (LEASE | {"reason": "test"}, dict.fromkeys(INSTITUTIONS, 403)),
    # Nobody reports what it was not given, and nobody answers a report that was not made to it.
    "/v1/error-reports": (REPORT, dict.fromkeys(INSTITUTIONS, 403)),
    "/v1/error-reports/answer": (REPORT_ANSWER, dict.fromkeys(INSTITUTIONS, 403)),
    "/v1/error-reports/query": ({}, dict.fromkeys(INSTITUTIONS, 200)),
    "/v1/error-reports/made": ({"ssin": KNOWN}, dict.fromkeys((*INSTITUTIONS, PORTAL), 200)),
    # What is kept about a person: for the person, through the portal. More of it: tests/acceptance/test_usage.py.
    "/v1/usage/query": (OWN_LOOK, PORTAL_ALONE),
    "/v1/usage/find": (FIND, PORTAL_ALONE),
    "/v1/usage/holders": (OWN_LOOK, PORTAL_ALONE),
    "/v1/usage/proof": (OWN_LOOK | NO_PLACE, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/usage/period": ({}, dict.fromkeys((*INSTITUTIONS, PORTAL), 200)),
    # Who acts for whom, for those two alone; the register does not run here. More: tests/acceptance/test_acting.py.
    "/v1/mandates": (GIVE, {**dict.fromkeys(INSTITUTIONS, 403), PORTAL: 503}),
    "/v1/mandates/query": (OWN_LOOK, PORTAL_ALONE),
    "/v1/mandates/accept": (OWN_LOOK | NO_MANDATE, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/mandates/end": (OWN_LOOK | NO_MANDATE, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/acting": (BEGIN, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    # Supervisors and the committee come through the portal. More: tests/acceptance/test_{supervision,committee}.py.
    "/v1/supervision/log/query": (OVERSEES | {"ssin": KNOWN}, PORTAL_ALONE),
    "/v1/supervision/evidence": (OVERSEES | NO_PLACE, {**dict.fromkeys(INSTITUTIONS, 403), PORTAL: 404}),
    "/v1/supervision/patterns/query": (OVERSEES | {"period": DAYS}, PORTAL_ALONE),
    "/v1/supervision/parameters": (OVERSEES | NUMBER, PORTAL_ALONE),
    "/v1/supervision/parameters/query": (OFFICER, PORTAL_ALONE),
    "/v1/supervision/watched": (OVERSEES | WATCH, PORTAL_ALONE),
    "/v1/supervision/watched/query": (OVERSEES, PORTAL_ALONE),
    "/v1/supervision/watched/end": (
        OVERSEES | {"watch": LEASE["lease"]},
        dict.fromkeys((*INSTITUTIONS, PORTAL), 403),
    ),
    "/v1/committee/drafts": (MEMBER | {"decision": SUSPENSION}, PORTAL_ALONE),
    "/v1/committee/drafts/query": (MEMBER, PORTAL_ALONE),
    # There is no such draft.
    "/v1/committee/drafts/show": (MEMBER | NO_DRAFT, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/committee/drafts/agree": (MEMBER | NO_DRAFT | {"version": 1}, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/committee/drafts/drop": (MEMBER | NO_DRAFT | {"version": 1}, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/committee/drafts/plan": (MEMBER | NO_DRAFT, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    # Who has the person on file writes, the person alone reads. Nobody stated to want this document.
    "/v1/box/messages": (LETTER, dict.fromkeys((*INSTITUTIONS, PORTAL), 403) | {CENTRE: 200}),
    "/v1/box/evidence": ({"reference": "l-2"}, dict.fromkeys((*INSTITUTIONS, PORTAL), 403)),
    "/v1/box/query": (OWN_LOOK, PORTAL_ALONE),
    "/v1/box/consent": (OWN_LOOK | {"active": True}, PORTAL_ALONE),
    "/v1/box/documents": (OPENING, dict.fromkeys((*INSTITUTIONS, PORTAL), 401)),
}
# Nobody has announced a file: what is there of another's is told in tests/acceptance/test_batch_routes.py.
NO_BATCH = "/v1/batches/00000000-0000-7000-8000-000000000000"
NO_JOB = NO_BATCH.replace("batches", "jobs")
BATCHES = {
    ("POST", "/v1/batches"): 400,
    ("GET", "/v1/batches"): 200,
    ("GET", NO_BATCH): 404,
    ("PUT", f"{NO_BATCH}/file/0"): 404,
    ("GET", f"{NO_BATCH}/result/0"): 404,
    ("POST", f"{NO_BATCH}/result/acknowledge"): 404,
    ("POST", f"{NO_BATCH}/cancel"): 404,
    ("GET", "/v1/jobs"): 200,
    ("GET", NO_JOB): 404,
}
# Who gets what of whom, for which purpose: the code of the answer.
QUESTIONS: dict[tuple[str, str, str], dict[str, str]] = {
    (KNOWN, WORK, "PCSA:SOCIAL_INQUIRY"): {
        CENTRE: "MSG00100",
        OTHER: "MSG00012",
        SOURCE: "MSG00013",
        MANAGER: "MSG00013",
        OUTSIDER: "MSG00013",
    },
    (ELSEWHERE, WORK, "PCSA:SOCIAL_INQUIRY"): {
        CENTRE: "MSG00012",
        OTHER: "MSG00100",
        SOURCE: "MSG00013",
        MANAGER: "MSG00013",
        OUTSIDER: "MSG00013",
    },
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    members: dict[str, dict[str, Any]] = {name: {} for name in (*INSTITUTIONS, PORTAL)}
    sql = "SELECT 1 AS never FROM (SELECT :ssin AS ssin) WHERE 1 = 0"
    members[SOURCE] = {"groups": {WORK: {"sql": sql, "list": "relations"}}}
    inscriptions = [
        line(KNOWN, CENTRE, "17:2", "2020-01-01"),
        line(ELSEWHERE, OTHER, "17:2", "2020-01-01"),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in (KNOWN, ELSEWHERE)),
    ]
    with network(
        tmp_path_factory.mktemp("who"),
        module_database,
        members,
        persons=[KNOWN, ELSEWHERE],
        inscriptions=inscriptions,
        start=False,
    ) as made:
        made.start_hub()
        made.start_members([SOURCE])
        yield made


def fetched(built: Network, path: str, caller: str) -> Reply:
    request = Request("GET", f"{built.installation.settings.public_url}{path}", {}, None)
    return send(request if caller == ANYONE else Asker(built, caller).signed_get(path))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_is_the_same_for_all(built: Network, path: str, caller: str) -> None:
    reply = fetched(built, path, caller)
    assert reply.status == 200
    for ssin in (KNOWN, ELSEWHERE):
        assert ssin.encode() not in reply.body


@pytest.mark.parametrize(("path", "caller"), [(path, caller) for path, (_, row) in WRITES.items() for caller in row])
def test_who_may_keep_what(built: Network, path: str, caller: str) -> None:
    content, row = WRITES[path]
    reply = send(Asker(built, caller).signed_post(path, content))
    assert reply.status == row[caller], reply.body
    if reply.status >= 400:
        assert (CENTRE in reply.problem.detail, KNOWN.encode() in reply.body) == (False, False)


@pytest.mark.parametrize("caller", INSTITUTIONS)
@pytest.mark.parametrize(("method", "path"), BATCHES)
def test_who_has_no_batch_sees_none(built: Network, method: str, path: str, caller: str) -> None:
    asker = Asker(built, caller)
    request = asker.signed_get(path) if method == "GET" else asker.signed(method, path, b"{}")
    assert send(request).status == BATCHES[method, path]


@pytest.mark.parametrize(("method", "path"), BATCHES)
def test_nobody_comes_to_batches_without_a_signature(built: Network, method: str, path: str) -> None:
    body = None if method == "GET" else b"{}"
    headers = {"content-type": "application/json"} if body else {}
    reply = send(Request(method, f"{built.installation.settings.public_url}{path}", headers, body))
    assert (reply.status, reply.problem.code) == (401, "CR-SIGNATURE-MISSING")


@pytest.mark.parametrize(
    ("question", "caller"), [(question, caller) for question, row in QUESTIONS.items() for caller in row]
)
def test_who_is_answered(built: Network, question: tuple[str, str, str], caller: str) -> None:
    ssin, group, legal_context = question
    answer = Asker(built, caller).ask(ssin, group, legal_context=legal_context).answer
    assert answer.status.code == QUESTIONS[question][caller]
    assert bool(answer.sources) == (answer.status.code == "MSG00100")


@pytest.mark.parametrize("path", [*WRITES, "/v1/exchanges"])
def test_nobody_comes_in_without_a_signature(built: Network, path: str) -> None:
    url = f"{built.installation.settings.public_url}{path}"
    reply = send(Request("POST", url, {"content-type": "application/json"}, b"{}"))
    assert (reply.status, reply.problem.code) == (401, "CR-SIGNATURE-MISSING")


def test_every_route_is_in_the_table() -> None:
    described = set(json.loads(openapi())["paths"])
    batches = {
        re.sub(r"/(file|result)/0", r"/\1/{number}", path.replace(NO_BATCH.rpartition("/")[2], "{ticket}"))
        for _, path in BATCHES
    }
    described = {re.sub(r"/(file|result)/\{\w+\}", r"/\1/{number}", path) for path in described}
    tabled = {
        *PUBLIC,
        *WRITES,
        *batches,
        "/v1/exchanges",
        "/v1/log/inclusion",
        "/v1/log/consistency",
        "/v1/log/extensions",
    }
    assert described | {"/openapi.json", "/openapi-3.0.json"} == {
        path.replace("/nsso/", "/{institution}/").replace("/social-tariff", "/{table}") for path in tabled
    }
