"""The rules of the Belgif REST guide, over the description of the hub and over a hub that runs.

`belgif.RULES` lists them all; each that is checked names a test of this file.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from belgif import RULES, Mark
from crossroads.api.problems import problem_of
from crossroads.wire.error_reports import OpenReportsQuery
from crossroads.wire.messages import Problem
from crossroads.wire.mutations import Pull
from database import Database
from networks import line, network
from raw import Asker, person, send
from reference import openapi, openapi_30

DESCRIPTION = json.loads(openapi_30())
SCHEMAS: dict[str, Any] = DESCRIPTION["components"]["schemas"]
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (path, method, said) for path, methods in DESCRIPTION["paths"].items() for method, said in methods.items()
]
CAMEL = re.compile(r"[a-z][a-zA-Z0-9]*")
UPPER_CAMEL = re.compile(r"(?:[A-Z][a-z0-9]+)+")
WORD_OF_THE_FIELD = "dataGroup"
RESERVED = ("/health", "/.well-known/")
KNOWN = person(1)
STATUS = {
    "get": {"200", "303", "503"},
    "post": {"200", "201", "202", "204"},
    "put": {"200", "201", "204"},
}
REGISTERED = {
    "allow",
    "cache-control",
    "connection",
    "content-digest",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "etag",
    "retry-after",
    "server",
    "signature",
    "signature-input",
    "vary",
    "www-authenticate",
}


def refers(node: Any, known: set[str] | None = None) -> set[str]:
    """Give the names of all schemas that something is made of."""
    known = set() if known is None else known
    if isinstance(node, list):
        for one in node:
            refers(one, known)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).rpartition("/")[2]
        if name in SCHEMAS and name not in known:
            known.add(name)
            refers(SCHEMAS[name], known)
        refers(list(node.values()), known)
    return known


def bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give every body that is asked or answered: of which operation, of which type, with its schema."""
    for _, _, said in OPERATIONS:
        answers = [answer for answer in said["responses"].values() if "content" in answer]
        for one in (said.get("requestBody", {"content": {}}), *answers):
            for media_type, content in one["content"].items():
                yield said["operationId"], media_type, content["schema"]


SENT = refers([said.get("requestBody") for _, _, said in OPERATIONS])
ANSWERED = refers([said["responses"] for _, _, said in OPERATIONS])
MEMBERS = [(name, member, one) for name, said in SCHEMAS.items() for member, one in said.get("properties", {}).items()]


def test_every_rule_that_is_checked_names_a_test_that_is_here() -> None:
    here = vars(sys.modules[__name__])
    assert [name for name, rule in RULES.items() if rule.test and rule.test not in here] == []
    assert [name for name, rule in RULES.items() if rule.mark is Mark.CHECKED and not rule.test] == []
    assert [name for name, rule in RULES.items() if rule.mark is not Mark.CHECKED and not rule.why] == []


# Over the description.


def test_every_path_has_its_major_version() -> None:
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", DESCRIPTION["info"]["version"])
    major = DESCRIPTION["info"]["version"].split(".")[0]
    assert [path for path, _, _ in OPERATIONS if not path.startswith((f"/v{major}/", *RESERVED))] == []


def test_methods_and_status_codes_are_those_of_the_guide() -> None:
    for path, method, said in OPERATIONS:
        assert method in STATUS, path
        assert set(said["responses"]) - {"default"} <= STATUS[method], path
        assert method != "get" or "requestBody" not in said, path


def test_paths_are_kebab_case_and_parameters_lower_camel_case() -> None:
    for path, _, said in OPERATIONS:
        assert not path.endswith("/")
        assert all(CAMEL.fullmatch(one["name"]) for one in said.get("parameters", ())), path
        for segment in path.strip("/").split("/"):
            assert re.fullmatch(r"\{[a-z][a-zA-Z]*\}|\.well-known|[a-z0-9]+(?:-[a-z0-9]+)*", segment), path


def test_no_path_has_an_extension() -> None:
    assert [path for path, _, _ in OPERATIONS if "." in path.removeprefix("/.well-known")] == []


def test_no_parameter_has_several_values() -> None:
    parameters = [one for _, _, said in OPERATIONS for one in said.get("parameters", ())]
    assert parameters
    assert [one for one in parameters if one["schema"].get("type") in ("array", "object", None)] == []


def test_identifiers_are_texts() -> None:
    named = [(name, one) for name, member, one in MEMBERS if member == "id" or member.endswith("Id")]
    assert named
    assert [name for name, one in named if one.get("type") != "string"] == []


def test_codes_are_written_in_one_of_three_ways() -> None:
    forms = (CAMEL, re.compile(r"[A-Z]+(?:_[A-Z]+)*"), re.compile(r"[a-z]+(?:-[a-z]+)*"), re.compile(r"[a-z]+/[a-z]+"))
    for name, said in SCHEMAS.items():
        values = [value for value in said.get("enum", ()) if isinstance(value, str)]
        assert not values or any(all(form.fullmatch(value) for value in values) for form in forms), name


def test_numbers_of_persons_are_texts_with_a_pattern() -> None:
    numbers = [one for name, member, one in MEMBERS if member == "ssin" and name in SENT and "$ref" not in one]
    assert numbers
    assert {(one["type"], one["pattern"]) for one in numbers} == {("string", "^[0-9]{11}$")}


def test_collections_are_named_in_the_plural() -> None:
    collections = [path for path, method, said in OPERATIONS if method == "get" and "Collection" in json.dumps(said)]
    assert len(collections) > 5
    assert [path for path in collections if not path.endswith("s")] == []


def test_collections_have_items() -> None:
    for name, said in SCHEMAS.items():
        if name.endswith("Collection"):
            assert said["properties"]["items"]["type"] == "array", name
            assert {"items", "self", "total"} <= set(said["required"]), name


def test_members_are_lower_camel_case() -> None:
    assert [member for _, member, _ in MEMBERS if not CAMEL.fullmatch(member) or re.search("[A-Z]{2}", member)] == []
    generic = {member for _, member, _ in MEMBERS if re.search(r"data|[iI]nfo(?![a-z])|[iI]nformation", member)}
    assert {member.removesuffix("s") for member in generic} <= {WORD_OF_THE_FIELD}


def test_only_the_service_levels_say_null() -> None:
    assert {name for name, _, one in MEMBERS if one.get("nullable") and name in ANSWERED} == {"MonthLevels"}


def test_structured_data_is_json() -> None:
    others = {(name, media_type) for name, media_type, _ in bodies() if media_type != "application/json"}
    assert others == {
        ("checkpoint", "text/plain"),
        ("resultPart", "application/jsonl"),
        ("uploadPart", "application/octet-stream"),
    }


def test_every_json_body_is_an_object() -> None:
    for name, media_type, schema in bodies():
        if media_type == "application/json":
            assert SCHEMAS[schema["$ref"].rpartition("/")[2]]["type"] == "object", name


def test_every_operation_has_one_tag_that_is_declared() -> None:
    declared = {tag["name"] for tag in DESCRIPTION["tags"]}
    assert all(tag["description"] and tag["name"][0].isupper() for tag in DESCRIPTION["tags"])
    assert {name for _, _, said in OPERATIONS for name in said["tags"]} == declared
    assert [path for path, _, said in OPERATIONS if len(said["tags"]) != 1] == []


def test_operation_ids_are_unique_and_lower_camel_case() -> None:
    names = [said["operationId"] for _, _, said in OPERATIONS]
    assert len(set(names)) == len(names)
    assert [name for name in names if not CAMEL.fullmatch(name)] == []


def test_general_headers_are_not_described() -> None:
    assert [path for path, _, said in OPERATIONS for one in said.get("parameters", ()) if one["in"] == "header"] == []


@pytest.mark.parametrize("kind", [Pull, OpenReportsQuery])
def test_an_absent_member_has_its_default(kind: type[msgspec.Struct]) -> None:
    said = SCHEMAS[kind.__name__]
    assert not said.get("required")
    made = msgspec.to_builtins(msgspec.convert({}, kind)) | {
        field.encode_name: field.default for field in msgspec.structs.fields(kind)
    }
    defaults = {name: one["default"] for name, one in said["properties"].items() if "default" in one}
    assert {name: made[name] for name in defaults} == defaults


def test_components_are_upper_camel_case() -> None:
    assert [name for name in SCHEMAS if not UPPER_CAMEL.fullmatch(name)] == []
    assert {name for name in SCHEMAS if re.search("Data|Info", name)} == {"DataGroup", "DataGroupCollection"}


def test_common_types_have_the_common_form() -> None:
    period = SCHEMAS["Period"]["properties"]
    assert {name: (one["type"], one["format"]) for name, one in period.items()} == {
        "startDate": ("string", "date"),
        "endDate": ("string", "date"),
    }
    assert set(SCHEMAS["Problem"]["properties"]) >= {"type", "title", "status", "detail", "instance", "issues"}
    assert set(SCHEMAS["Issue"]["properties"]) >= {"type", "title", "detail", "in", "name"}


def test_no_schema_has_a_title() -> None:
    assert [name for name, said in SCHEMAS.items() if "title" in said] == []
    assert all(said.get("description") for name, said in SCHEMAS.items() if said["type"] == "object")


def test_what_forbids_members_is_sent_or_signed() -> None:
    closed = {name for name, said in SCHEMAS.items() if said.get("additionalProperties") is False}
    catalogue = refers([said for _, _, said in OPERATIONS if said["tags"] == ["Catalogue"]])
    assert {name for name in SCHEMAS if name not in closed} >= {"Answer", "Problem", "MailboxPage", "BatchStatus"}
    assert sorted(closed - SENT - catalogue - refers(SCHEMAS["Authorisation"])) == []


def test_what_is_required_is_declared() -> None:
    for name, said in SCHEMAS.items():
        assert set(said.get("required", ())) <= set(said.get("properties", ())), name


def test_values_of_a_list_fit_its_type() -> None:
    kinds = {"string": str, "integer": int}
    for name, said in SCHEMAS.items():
        assert all(isinstance(value, kinds[said["type"]]) for value in said.get("enum", ())), name


def test_no_amount_is_a_number() -> None:
    numbers = {(name, member) for name, member, one in MEMBERS if one.get("type") == "number"}
    assert {name for name, _ in numbers} <= {"MonthLevels", "ServiceLevels", "PersonCandidate"}


def test_every_operation_has_the_default_problem() -> None:
    for path, _, said in OPERATIONS:
        assert said["responses"]["default"] == {"$ref": "#/components/responses/ProblemResponse"}, path
    (media_type,) = DESCRIPTION["components"]["responses"]["ProblemResponse"]["content"]
    assert media_type == "application/problem+json"


def test_descriptions_stand_in_several_languages() -> None:
    assert set(SCHEMAS["Text"]["properties"]) == {"nl", "fr", "de", "en"}


def test_no_number_of_a_person_is_in_a_url() -> None:
    words = re.compile("ssin|niss|insz|person|birth", re.IGNORECASE)
    parameters = [one["name"] for _, _, said in OPERATIONS for one in said.get("parameters", ())]
    assert [name for name in parameters if words.search(name)] == []
    assert [path for path, method, _ in OPERATIONS if words.search(path) and method != "post"] == []


def test_items_of_a_mailbox_are_described() -> None:
    assert {"Item", "Notice", "Change"} <= refers(SCHEMAS["MailboxPage"])


def test_what_was_not_foreseen_says_nothing_of_itself() -> None:
    said = msgspec.json.encode(problem_of(RuntimeError("connection to db-7.internal lost"))).decode()
    assert "db-7" not in said
    assert "RuntimeError" not in said
    assert problem_of(RuntimeError()).type == "urn:problem-type:belgif:internalServerError"


# Over a hub that runs.


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Asker]:
    inscriptions = [line(KNOWN, "pcsw-gent", "17:2", "2020-01-01")]
    folder = tmp_path_factory.mktemp("belgif")
    with network(folder, module_database, {"pcsw-gent": {}}, persons=[KNOWN], inscriptions=inscriptions) as built:
        yield Asker(built, "pcsw-gent")


@pytest.fixture
def web(hub: Asker) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hub.hub) as client:
        yield client


def refused(answer: httpx.Response) -> Problem:
    assert answer.headers["content-type"] == "application/problem+json"
    return msgspec.json.decode(answer.content, type=Problem)


def test_the_description_is_served_in_openapi_3_0(web: httpx.Client) -> None:
    older, newer = web.get("/openapi-3.0.json"), web.get("/openapi.json")
    assert (older.text, newer.text) == (openapi_30(), openapi())
    assert older.json()["openapi"] == "3.0.3"
    for answer in (older, newer):
        assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
        assert "public" in answer.headers["cache-control"]


def test_answers_and_problems_name_their_type(web: httpx.Client) -> None:
    for path in ("/health", "/v1/sectors", "/v1/statistics/service-levels"):
        assert web.get(path, headers={"accept": "image/png"}).headers["content-type"] == "application/json", path
    assert web.get("/v1/none").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/none", 404, "belgif:resourceNotFound"),
        ("DELETE", "/v1/sectors", 405, "crossroads:http405"),
        ("GET", "/v1/sectors?on=2026-02-30", 400, "belgif:badRequest"),
        ("POST", "/v1/exchanges", 401, "belgif:noAccessToken"),
        ("POST", "/v1/log/inclusion", 400, "belgif:badRequest"),
    ],
)
def test_a_problem_has_what_the_guide_wants(web: httpx.Client, method: str, path: str, status: int, kind: str) -> None:
    answer = web.request(method, path, content=b"{}" if method == "POST" else None)
    problem = refused(answer)
    assert (answer.status_code, problem.status) == (status, status)
    assert problem.type == f"urn:problem-type:{kind}"
    assert re.fullmatch(r"urn:problem-type:(belgif|crossroads):[a-z][a-zA-Z0-9]*", problem.type)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem.instance or "")
    assert problem.title
    assert problem.detail
    if status == 405:
        assert "GET" in answer.headers["allow"]
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Signature ")
    for issue in problem.issues:
        assert re.fullmatch(r"urn:problem-type:belgif(-ext)?:input-validation:[a-z][a-zA-Z]*", issue.type)
        assert issue.location == ("query" if "?" in path else "body")


def test_a_problem_is_said_in_the_language_that_is_asked_for(hub: Asker, web: httpx.Client) -> None:
    said = {}
    for language, accepted in (("nl", "nl-BE"), ("fr", "fr-BE, nl;q=0.3"), ("de", "de-BE,en;q=0.1"), ("en", "es, it")):
        answer = web.get("/v1/sectors?on=2026-02-30", headers={"accept-language": accepted})
        assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "accept-language")
        (issue,) = refused(answer).issues
        said[language] = (refused(answer).type, refused(answer).title, issue.type, issue.name)
        if language == "fr":
            assert issue.detail == "Ce jour n’existe pas\u00a0; une date s’écrit aaaa-mm-jj."
    assert len(set(said.values())) == 1
    # Of a signed request the answer is signed as it is said.
    request = hub.signed_post("/v1/inscriptions/close", b"{}")
    reply = send(request._replace(headers={**request.headers, "accept-language": "nl"}))
    assert reply.headers["content-language"] == "nl"
    assert "signature" in reply.headers
    assert reply.problem.detail == "Het invoerbericht is niet juist."


def test_unknown_input_is_refused_and_unknown_headers_are_not(hub: Asker, web: httpx.Client) -> None:
    public = [path for path, method, said in OPERATIONS if method == "get" and "security" not in said]
    for path in (path.format(institution="pcsw-gent", table="social-tariff") for path in public):
        (issue,) = refused(web.get(path, params={"colour": "red"})).issues
        assert (issue.type.rpartition(":")[2], issue.location, issue.name) == ("unknownInput", "query", "colour"), path
        assert web.get(path, headers={"x-colour": "red"}).status_code == 200
    for path in ("/v1/exchanges?colour=red", "/v1/mailbox/pull?colour=red"):
        assert send(hub.signed_post(path, b"{}")).problem.issues[0].name == "colour"
    reply = send(hub.signed_post("/v1/mailbox/pull", {"colour": "red"}))
    assert [issue.type.rpartition(":")[2] for issue in reply.problem.issues] == ["unknownInput"]


def test_what_may_be_a_number_of_a_person_is_not_repeated(web: httpx.Client) -> None:
    answer = web.get("/v1/sectors", params={KNOWN: KNOWN})
    assert KNOWN not in answer.text
    assert refused(answer).issues[0].name == "?"
    twice = refused(web.get("/v1/sectors?on=2026-01-01&on=2027-01-01"))
    assert [(issue.name, issue.detail) for issue in twice.issues] == [("on", "The parameter stands in it twice.")]


def test_names_of_headers_are_read_in_any_case(web: httpx.Client) -> None:
    for name in ("Accept-Language", "ACCEPT-LANGUAGE", "accept-language"):
        assert web.get("/v1/none", headers={name: "de"}).headers["content-language"] == "de"


def test_headers_are_registered_ones_or_the_governments(hub: Asker, web: httpx.Client) -> None:
    answers = [web.get(path).headers for path in ("/health", "/v1/sectors", "/v1/none", "/openapi-3.0.json")]
    answers.append(httpx.Headers(send(hub.signed_post("/v1/mailbox/pull", b"{}")).headers))
    names = {name.lower() for headers in answers for name in headers}
    assert sorted(name for name in names - REGISTERED if not name.startswith("belgov-")) == []


def test_every_answer_has_a_trace_id_of_its_own(web: httpx.Client) -> None:
    asked = "a1b2c3d4-0000-0000-0000-000000000000"
    answers = [web.get(path, headers={"BelGov-Trace-Id": asked}) for path in ("/health", "/v1/none", "/v1/sectors") * 2]
    ids = [answer.headers["belgov-trace-id"] for answer in answers]
    assert len({*ids, asked}) == len(ids) + 1
    assert all(0 < len(one) <= 36 for one in ids)


def test_what_changes_seldom_may_be_kept(web: httpx.Client) -> None:
    for path in (path for path, _, said in OPERATIONS if "Collection" in json.dumps(said)):
        first = web.get(path, params={"on": "2026-06-01"})
        assert "max-age" in first.headers["cache-control"], path
        assert "last-modified" not in first.headers
        again = web.get(path, params={"on": "2026-06-01"}, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path


def test_health_is_told_to_anybody_and_without_detail(web: httpx.Client) -> None:
    answer = web.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "UP"})
