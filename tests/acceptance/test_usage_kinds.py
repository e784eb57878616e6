"""Who looked, kind by kind: whatever is done about a person over HTTP stands there, with who did it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands import typed
from crossroads.catalogue.model import Document, Mode
from crossroads.network.service import Network
from crossroads.wire.usage import Action, Outcome, Usage, UsageList
from database import Database, execute
from days import today
from looking import CENTRE, OTHER, OWN, PORTAL, SOURCE, WORK, delivered, given, look, posted, read
from networks import belgium, line, network
from overseeing import supervised
from raw import INQUIRY, person

ANNA, BERT, CARLA = person(1), person(3), person(5)
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


def in_files() -> Document:
    """Give a catalogue in which centres may ask in files too."""
    plain = belgium()
    authorisations = tuple(
        msgspec.structs.replace(one, modes=(*one.modes, Mode.BATCH)) if INQUIRY in one.legal_contexts else one
        for one in plain.authorisations
    )
    return msgspec.structs.replace(plain, authorisations=authorisations)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [ANNA, BERT, CARLA]
    inscriptions = [
        line(ANNA, CENTRE, "17:2", "2020-01-01"),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in people),
    ]
    with network(
        tmp_path_factory.mktemp("kinds") / "net",
        module_database,
        {CENTRE: {}, OTHER: {}, PORTAL: {}, SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}}},
        document=in_files(),
        persons=people,
        inscriptions=inscriptions,
        settings={"job_workers": 1},
    ) as made:
        rows = [(ssin, "2024-01-01") for ssin in people]
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), rows)})
        yield made


def usages(built: Network, ssin: str, **more: Any) -> UsageList:
    return read(posted(built, "/v1/usage/query", look(ssin, OWN, limit=100, **more)), UsageList)


def newest(built: Network, ssin: str, action: Action) -> Usage:
    return usages(built, ssin, actions=[action.value]).usages[0]


def test_a_question_in_a_file_is_seen_given_and_refused(built: Network, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"ssin\n{ANNA}\n{BERT}\n")
    asked = ("--legal-context", INQUIRY, "--period", "2026-01-01/2026-03-31", "--data-group", WORK)
    settings = str(built.member(CENTRE).settings)
    done = typed("batch", "submit", settings, str(file), *asked, "--reference", "two", "--wait", "--json")
    assert (done.code, json.loads(done.stdout)["counts"]) == (0, {"DATA_FOUND": 1, "NO_RESULT": 1}), done
    given, refused = (newest(built, ssin, Action.BATCH) for ssin in (ANNA, BERT))
    assert (given.outcome, given.institution, given.groups[0].sources) == (Outcome.GRANTED, CENTRE, (SOURCE,))
    assert (refused.outcome, refused.groups[0].code, refused.legal_context) == (
        Outcome.REFUSED,
        "CR-NOT-INSCRIBED",
        INQUIRY,
    )
    assert given.batch == refused.batch


def test_each_change_of_a_file_about_the_person_is_seen_one_by_one_and_in_bulk(built: Network) -> None:
    evidence = {"kind": "reference", "value": "file-1"}
    kept = {"institution": CENTRE, "ssin": CARLA, "context": "17:2", "evidence": evidence}
    year = {"startDate": "2026-01-01", "endDate": "2026-12-31"}
    acts = (
        ("", 201, Action.INSCRIBED, year),
        ("/cut", 200, Action.INSCRIPTION_CUT, {"startDate": "2026-05-01", "endDate": "2026-05-31"}),
        ("/close", 200, Action.INSCRIPTION_CLOSED, {"startDate": "2026-06-01", "endDate": "2026-06-30"}),
        ("/cancel", 200, Action.INSCRIPTION_CANCELLED, {"startDate": "2026-06-01", "endDate": "2026-06-30"}),
    )
    for number, (path, status, action, period) in enumerate(acts):
        said = {**kept, "reference": f"alone-{number}", "period": period}
        reply = posted(built, f"/v1/inscriptions{path}", said, CENTRE)
        assert reply.status == status, reply.body
        assert (newest(built, CARLA, action).institution, newest(built, CARLA, action).context) == (CENTRE, "17:2")
    before = usages(built, CARLA, actions=[Action.INSCRIBED.value]).total_usages
    lines = [
        {**kept, "reference": f"bulk-{month}", "action": "register", "period": {"startDate": day, "endDate": day}}
        for month in (7, 9)
        for day in (f"2026-0{month}-01",)
    ]
    assert posted(built, "/v1/inscriptions/bulk", {"lines": lines}, CENTRE).status == 200
    assert usages(built, CARLA, actions=[Action.INSCRIBED.value]).total_usages == before + 2


def test_who_was_refused_is_who_signed_and_not_whom_it_named(built: Network) -> None:
    """Another institution writes in the name of the centre: the centre did nothing."""
    evidence = {"kind": "reference", "value": "file-1"}
    said = {"institution": CENTRE, "ssin": BERT, "context": "17:2", "evidence": evidence, "reference": "stolen"}
    reply = posted(built, "/v1/inscriptions", {**said, "period": {"startDate": "2026-01-01"}}, OTHER)
    assert reply.status == 403, reply.body
    seen = newest(built, BERT, Action.INSCRIPTION_REFUSED)
    assert (seen.institution, seen.outcome, seen.code) == (OTHER, Outcome.REFUSED, reply.problem.code)


def test_a_change_of_data_is_seen_from_its_source_to_whom_is_told(built: Network) -> None:
    days = {"startDate": "2026-01-01", "endDate": "2026-03-31"}
    said = {"reference": "corrected", "ssin": ANNA, "dataGroup": WORK, "period": days, "context": "12:30"}
    given(built, ANNA)
    wrong = {"kind": "corrected", "happenedOn": "2026-01-01", "wrongSince": "2026-01-01T00:00:00Z"}
    assert posted(built, "/v1/mutations", {"mutations": [said | wrong]}, SOURCE).status == 200
    notified = newest(built, ANNA, Action.CHANGE_NOTIFIED)
    assert (notified.institution, notified.kind) == (SOURCE, "corrected")
    assert [one.change.kind for one in delivered(built, CENTRE) if one.change] == ["corrected"]
    told = newest(built, ANNA, Action.CHANGE_TOLD)
    assert (told.institution, told.groups[0].given, told.groups[0].sources) == (CENTRE, True, (SOURCE,))


def test_that_somebody_watches_is_seen_and_that_it_ended(built: Network) -> None:
    day = today().isoformat()
    shown = json.loads(supervised(built, "watched", ssin=BERT, firstDay=day, lastDay=day).body)
    supervised(built, "watched/end", watch=shown["items"][0]["watch"])
    for action in (Action.WATCHED, Action.WATCH_ENDED):
        assert newest(built, BERT, action).institution == PORTAL


async def test_months_that_went_to_an_archive_are_named(built: Network, module_database: Database) -> None:
    """Of the time that is asked for, and to everybody alike, whether or not there was anything about the person."""
    assert usages(built, CARLA).archived == ()
    insert = (
        "INSERT INTO log_entry (stream, index, epoch, event, at, content, leaf)"
        " SELECT 30001, n, 1, 'log:month:archived', now(), jsonb_build_object('month', month), ''"
        " FROM unnest(ARRAY['2024-02', '2025-01', '2024-02']) WITH ORDINALITY AS m (month, n)"
    )
    await execute(module_database.url("crossroads_owner"), insert)
    for ssin in (CARLA, person(7)):
        assert usages(built, ssin).archived == ("2024-02", "2025-01")
        assert usages(built, ssin, period={"startDate": "2024-03-02"}).archived == ("2025-01",)
        assert usages(built, ssin, period={"startDate": "2025-02-02"}).archived == ()
