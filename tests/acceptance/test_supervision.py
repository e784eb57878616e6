"""Supervisors search the log by whatever they know, are logged with their reason, and take evidence away."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from commands import typed
from crossroads.bootstrap.keys import log_key
from crossroads.kernel.clock import brussels_day
from crossroads.network.service import Network
from crossroads.wire.acting import AS_MANDATARY, AS_PARENT, PARENTAL
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.supervision import LogEntries, ParameterList, PatternList, Rule, WatchedList
from crossroads.wire.usage import Action, UsageList, UsageProof
from database import Database, value
from looking import CENTRE, OTHER, OVERSIGHT, OWN, PORTAL, SOURCE, WORK, look, posted, read, with_inspection
from networks import belgium, line, network
from overseeing import flood, holding, supervised
from raw import INQUIRY, Asker, person

ANNA, BERT, CARLA, NOBODY = person(1), person(3), person(5), person(7)
TODAY = brussels_day(datetime.now(UTC))
WEEK = {"startDate": (TODAY - timedelta(days=6)).isoformat(), "endDate": TODAY.isoformat()}
NOW = {"startDate": TODAY.isoformat(), "endDate": TODAY.isoformat()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [ANNA, BERT, CARLA]
    inscriptions = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in (ANNA, CARLA)),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in people),
    ]
    members: dict[str, Any] = {CENTRE: {}, OTHER: {}, PORTAL: {}}
    with network(
        tmp_path_factory.mktemp("supervision"),
        module_database,
        members,
        document=with_inspection(belgium()),
        persons=people,
        inscriptions=inscriptions,
    ) as made:
        yield made


def found(built: Network, **said: Any) -> LogEntries:
    return read(supervised(built, "log/query", **said), LogEntries)


def asked(built: Network, ssin: str, institution: str = CENTRE, **about: Any) -> Any:
    return Asker(built, institution).ask(ssin, WORK, **about).answer


def seen(built: Network, ssin: str) -> UsageList:
    return read(posted(built, "/v1/usage/query", look(ssin, OWN, limit=100)), UsageList)


def test_the_log_is_searched_by_person_ticket_institution_agent_and_purpose(built: Network) -> None:
    answer = asked(built, ANNA, agent="clerk-one")
    asked(built, CARLA, agent="clerk-two")
    refused = asked(built, BERT, OTHER)
    by_person = found(built, ssin=ANNA)
    assert answer.ticket in {one.ticket for one in by_person.entries}
    assert len({one.person for one in by_person.entries}) == 1
    by_ticket = found(built, ticket=str(answer.ticket))
    assert [one.event for one in by_ticket.entries] == ["exchange:answer:sent", "exchange:question:decided"]
    assert by_ticket.entries[1].agent == "clerk-one"
    by_institution = found(built, institution=CENTRE, period=WEEK)
    assert {one.institution for one in by_institution.entries} == {CENTRE}
    by_agent = found(built, institution=CENTRE, ofAgent="clerk-one", period=WEEK)
    assert {one.agent for one in by_agent.entries} == {"clerk-one"}
    by_purpose = found(built, purpose=INQUIRY, period=WEEK, limit=100)
    assert {answer.ticket, refused.ticket} <= {one.ticket for one in by_purpose.entries}
    assert {one.legal_context for one in by_purpose.entries} == {INQUIRY}
    assert found(built, ssin=ANNA, institution=OTHER).entries == ()
    assert found(built, ssin=NOBODY).entries == ()
    assert ANNA.encode() not in supervised(built, "log/query", ssin=ANNA).body


def test_pages_follow_each_other_without_gap_or_repetition(built: Network) -> None:
    for _ in range(5):
        asked(built, CARLA, agent="clerk-pages")
    said: dict[str, Any] = {"institution": CENTRE, "ofAgent": "clerk-pages", "period": WEEK, "limit": 2}
    whole = [one.ticket for one in found(built, **said | {"limit": 100}).entries]
    paged: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = found(built, **said, **after)
        paged += [one.ticket for one in page.entries]
        if page.next is None:
            break
        after = {"after": page.next}
    assert paged == whole
    assert len(whole) == 5


def test_a_search_about_a_person_is_seen_by_that_person_and_its_reason_is_not(built: Network) -> None:
    answer = asked(built, CARLA)
    for said in ({"ssin": CARLA}, {"ticket": str(answer.ticket)}):
        before = seen(built, CARLA).total_usages
        found(built, **said, reason="Secret inquiry.")
        after = seen(built, CARLA)
        newest = next(one for one in after.usages if one.legal_context == OVERSIGHT)
        assert after.total_usages == before + 2
        assert (newest.action, newest.institution, newest.agent) == (Action.USAGE_SHOWN, PORTAL, None)
        assert "Secret" not in str(after)


async def test_every_search_is_logged_with_who_and_why(built: Network, module_database: Database) -> None:
    supervised(built, "log/query", institution=CENTRE, period=NOW, reason="Because of a tip.")
    query = "SELECT content::text FROM log_entry WHERE event = 'transparency:log:searched' ORDER BY at DESC LIMIT 1"
    content = json.loads(str(await value(module_database.url(), query)))
    assert (content["name"], content["agent"], content["reason"]) == (
        "Olga Martens",
        "holder-olga",
        "Because of a tip.",
    )
    assert content["filters"] == {"institution": CENTRE}


async def test_asking_for_the_numbers_is_logged(built: Network, module_database: Database) -> None:
    said = {"legalContext": OVERSIGHT, "agent": "holder-olga", "name": "Olga who asked"}
    read(posted(built, "/v1/supervision/parameters/query", said), ParameterList)
    query = "SELECT content ->> 'what' FROM log_entry WHERE content ->> 'name' = 'Olga who asked'"
    assert await value(module_database.url(), query) == "parameters"


async def test_a_look_that_takes_too_long_is_logged_as_well(built: Network, module_database: Database) -> None:
    query = "SELECT count(*) FROM log_entry WHERE content ->> 'reason' = 'Looked for too long.'"
    connection = await asyncpg.connect(module_database.url("crossroads_owner"))
    async with connection.transaction():
        await connection.execute("LOCK TABLE supervision_parameter")
        given_up = await asyncio.to_thread(
            supervised, built, "patterns/query", period=NOW, reason="Looked for too long."
        )
    assert (given_up.status, given_up.problem.code) == (403, "CR-SEARCH-TOO-WIDE")
    assert await connection.fetchval(query) == 1
    await connection.close()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"institution": CENTRE},
        {"institution": CENTRE, "period": {"startDate": "2020-01-01"}},
        {"institution": CENTRE, "period": {"startDate": "2026-01-01", "endDate": "2026-02-01"}},
        {"ofAgent": "clerk-one", "period": NOW},
        {"ofAgent": "clerk-one", "purpose": INQUIRY, "period": NOW},
        {"ssin": ANNA, "ticket": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"ssin": "12345678901"},
        {"ssin": ANNA, "reason": ""},
        {"ssin": ANNA, "reason": f"About {BERT}"},
        {"ssin": ANNA, "name": f"Olga {BERT}"},
        {"ssin": ANNA, "after": "bm90aGluZw=="},
    ],
)
def test_a_search_that_reads_too_much_or_says_too_little_is_malformed(built: Network, said: dict[str, Any]) -> None:
    reply = supervised(built, "log/query", **said)
    assert (reply.status, reply.problem.type) == (400, "urn:problem-type:belgif:badRequest")
    assert BERT not in reply.body.decode()


@pytest.mark.parametrize(
    "path", ["log/query", "evidence", "patterns/query", "watched", "watched/query", "parameters/query", "parameters"]
)
def test_only_who_supervises_may(built: Network, path: str) -> None:
    said: dict[str, dict[str, Any]] = {
        "log/query": {"ssin": ANNA},
        "evidence": {"places": [{"stream": 0, "index": 0}]},
        "patterns/query": {"period": NOW},
        "watched": {"ssin": ANNA, "firstDay": str(TODAY), "lastDay": str(TODAY)},
        "parameters": {"parameter": "namesakes", "value": 4, "validFrom": str(TODAY)},
    }
    more = said.get(path, {})
    content = {"legalContext": OWN, "agent": "session-a", "name": "Somebody", "reason": "No reason.", **more}
    if path == "parameters/query":
        del content["reason"]
    for caller, legal_context, code in ((CENTRE, OVERSIGHT, "MSG00013"), (PORTAL, OWN, "MSG00015")):
        reply = posted(built, f"/v1/supervision/{path}", content | {"legalContext": legal_context}, caller)
        assert (reply.status, reply.problem.code) == (403, code)


def test_evidence_is_checked_elsewhere(built: Network, tmp_path: Path) -> None:
    answer = asked(built, ANNA)
    places = [{"stream": one.stream, "index": one.index} for one in found(built, ticket=str(answer.ticket)).entries]
    before = seen(built, ANNA).total_usages
    end = time.monotonic() + 10
    while (reply := supervised(built, "evidence", places=places)).status == 503 and time.monotonic() < end:
        time.sleep(0.2)
    proofs = json.loads(reply.body)["proofs"]
    assert len(read(reply, UsageProof).proofs) == 2
    assert {one["opened"]["agent"]["value"] for one in proofs if "agent" in one["opened"]} == {"test"}
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(proofs))
    key = NoteVerifier.parse(str(log_key(built.installation).verifier))
    checked = typed("audit", "check", str(file), "--log-key", str(key))
    assert (checked.code, checked.stdout.count("proven")) == (0, 2), checked
    after = seen(built, ANNA)
    assert after.total_usages == before + 2
    assert Action.PROOF_SHOWN in {one.action for one in after.usages}
    assert supervised(built, "evidence", places=[{"stream": 0, "index": 10**9}]).status == 404


def flagged(built: Network, rule: Rule, **said: Any) -> list[Any]:
    every = read(supervised(built, "patterns/query", **{"period": NOW, **said}), PatternList).patterns
    return [one for one in every if one.rule is rule]


def set_to(built: Network, parameter: str, value: int, day: date = TODAY) -> ParameterList:
    reply = supervised(built, "parameters", parameter=parameter, value=value, validFrom=day.isoformat())
    return read(reply, ParameterList)


def await_a_minute() -> None:
    """Wait until what comes next is within one minute of the clock."""
    while datetime.now(UTC).second > 50:
        time.sleep(1)


def test_many_people_in_a_minute_are_flagged_by_the_number_of_that_day(built: Network) -> None:
    await_a_minute()
    for ssin in (ANNA, CARLA, BERT, NOBODY):
        asked(built, ssin, agent="clerk-curious")
    assert [one for one in flagged(built, Rule.MANY_PERSONS) if one.agent == "clerk-curious"] == []
    set_to(built, "many-persons", 4)
    (one,) = [one for one in flagged(built, Rule.MANY_PERSONS) if one.agent == "clerk-curious"]
    assert (one.institution, one.persons, one.questions, dict(one.by)) == (CENTRE, 4, 4, {"many-persons": 4})
    assert len(one.tickets) == 4
    assert flagged(built, Rule.MANY_PERSONS, institution=OTHER) == []
    set_to(built, "many-persons", 9_999)


def test_questions_outside_hours_are_flagged(built: Network) -> None:
    asked(built, ANNA, agent="clerk-night")
    set_to(built, "outside-hours", 1)
    set_to(built, "hours-begin", 23)
    set_to(built, "hours-end", 1)
    (one,) = [one for one in flagged(built, Rule.OUTSIDE_HOURS) if one.agent == "clerk-night"]
    assert (one.persons, one.questions) == (1, 1)
    assert {str(name) for name in one.by} == {"hours-begin", "hours-end", "outside-hours"}
    asked(built, ANNA, PORTAL, agent="session-night")
    asked(built, ANNA, PORTAL, agent="session-own", legal_context=OWN)
    agents = {one.agent for one in flagged(built, Rule.OUTSIDE_HOURS)}
    assert ("session-night" in agents, "session-own" in agents) == (True, False)


@pytest.mark.parametrize("purpose", [OWN, AS_PARENT, AS_MANDATARY, PARENTAL])
def test_who_only_names_a_purpose_of_citizens_is_flagged(built: Network, purpose: str) -> None:
    """Whoever may not ask for it, and who acts for nobody: that they name it excuses neither."""
    agent = f"clerk-as-{purpose.lower().replace(':', '-').replace('_', '-')}"
    set_to(built, "outside-hours", 1)
    set_to(built, "hours-begin", 23)
    set_to(built, "hours-end", 1)
    days = {"firstDay": str(TODAY), "lastDay": str(TODAY)}
    watch = read(supervised(built, "watched", ssin=ANNA, reason="A person in the news.", **days), WatchedList).items[0]
    askers = (CENTRE, OTHER) if purpose == OWN else (CENTRE, OTHER, PORTAL)
    for institution in askers:
        asked(built, ANNA, institution, agent=agent, legal_context=purpose)
        for rule in (Rule.OUTSIDE_HOURS, Rule.WATCHED):
            found = flagged(built, rule, institution=institution)
            assert agent in {one.agent for one in found}, (rule, institution)
    supervised(built, "watched/end", watch=str(watch.watch))


def test_one_session_of_a_citizen_about_many_people_is_flagged(built: Network) -> None:
    await_a_minute()
    set_to(built, "many-persons", 3)
    for ssin in (ANNA, BERT, CARLA):
        asked(built, ssin, PORTAL, agent="session-many", legal_context=OWN)
    assert "session-many" in {one.agent for one in flagged(built, Rule.MANY_PERSONS)}
    set_to(built, "many-persons", 9_999)


def test_many_people_of_a_portal_are_flagged_in_whatever_sessions(built: Network) -> None:
    """A portal that makes up a session for each person, or whoever stole its key."""
    while datetime.now(UTC).second > 50 or datetime.now(UTC).minute == 59:
        time.sleep(1)
    for number, ssin in enumerate((ANNA, BERT, CARLA, NOBODY)):
        asked(built, ssin, PORTAL, agent=f"made-up-{number}", legal_context=OWN)
    assert flagged(built, Rule.OWN_PEOPLE) == []
    set_to(built, "own-minute", 4)
    (one,) = flagged(built, Rule.OWN_PEOPLE)
    assert (one.institution, one.agent, one.person, one.persons) == (PORTAL, None, None, 4)
    assert dict(one.by) == {"own-minute": 4, "own-hour": 4000}
    assert (one.until - one.since).total_seconds() < 60
    set_to(built, "own-minute", 9_999)
    set_to(built, "own-hour", 4)
    (one,) = flagged(built, Rule.OWN_PEOPLE)
    assert (one.institution, one.persons, (one.until - one.since).total_seconds() < 3_600) == (PORTAL, 4, True)
    assert flagged(built, Rule.OWN_PEOPLE, institution=CENTRE) == []
    assert not [one for one in flagged(built, Rule.MANY_PERSONS) if (one.agent or "").startswith("made-up")]
    set_to(built, "own-hour", 9_999)


def test_more_sessions_about_a_person_than_anybody_begins_are_flagged(built: Network) -> None:
    assert flagged(built, Rule.OWN_SESSIONS) == []
    for number in range(12):
        asked(built, BERT, PORTAL, agent=f"invented-{number}", legal_context=OWN)
        asked(built, ANNA, agent=f"clerk-{number}")
    (one,) = flagged(built, Rule.OWN_SESSIONS)
    assert (one.institution, one.agent, one.persons, dict(one.by)) == (PORTAL, None, 1, {"own-sessions": 10})
    assert one.sessions is not None
    assert one.sessions >= 12
    assert one.person is not None
    assert flagged(built, Rule.OWN_SESSIONS, institution=CENTRE) == []


async def test_many_days_are_read_in_parts(built: Network, module_database: Database) -> None:
    yesterday = TODAY - timedelta(days=1)
    await flood(module_database.url("crossroads_owner"), yesterday)
    period = {"startDate": str(yesterday - timedelta(days=400)), "endDate": str(TODAY)}
    first = read(supervised(built, "patterns/query", period=period), PatternList)
    assert (first.next, first.cut, len(first.patterns)) == (TODAY, True, 200)
    rest = read(supervised(built, "patterns/query", period={**period, "startDate": str(first.next)}), PatternList)
    assert rest.next is None
    assert not [one for one in rest.patterns if (one.agent or "").startswith("robot-")]


async def test_a_rule_that_is_not_read_in_time_is_told_and_takes_no_other_with_it(
    built: Network, module_database: Database
) -> None:
    set_to(built, "many-persons", 2)
    await_a_minute()
    for ssin in (ANNA, BERT):
        asked(built, ssin, agent="robot-beside")
    async with holding(module_database, "supervision_watch"):
        alone = read(await asyncio.to_thread(supervised, built, "patterns/query", period=NOW), PatternList)
    assert [(one.rule, one.day) for one in alone.unread] == [(Rule.WATCHED, TODAY)]
    assert alone.next is None
    assert "robot-beside" in {one.agent for one in alone.patterns if one.rule is Rule.MANY_PERSONS}
    assert read(supervised(built, "patterns/query", period=NOW), PatternList).unread == ()
    set_to(built, "many-persons", 9_999)


async def test_namesakes_are_flagged_as_far_as_the_hub_knows_names(built: Network, module_database: Database) -> None:
    recorded = (
        "INSERT INTO bis_particulars SELECT person, 'shown', '2020-01-01', NULL, $2, 'A', '1980-01-01', NULL, NULL,"
        " NULL, NULL, 'none', '-', '-', 'test', '{}', now(), gen_random_uuid() FROM ssin_assignment WHERE ssin = $1"
    )
    connection = await asyncpg.connect(module_database.url())
    for ssin, name in ((ANNA, "Peeters"), (CARLA, "PEETERS"), (BERT, "Claes")):
        await connection.execute(recorded, ssin, name)
        asked(built, ssin, agent="clerk-family")
    await connection.close()
    set_to(built, "namesakes", 2)
    (one,) = [one for one in flagged(built, Rule.NAMESAKES) if one.agent == "clerk-family"]
    assert (one.persons, len(one.tickets), dict(one.by)) == (2, 2, {"namesakes": 2})


def test_questions_about_a_watched_person_are_flagged_until_the_watch_ends(built: Network) -> None:
    days = {"firstDay": str(TODAY), "lastDay": str(TODAY + timedelta(days=30))}
    answer = asked(built, CARLA, agent="clerk-fan")
    reply = supervised(built, "watched", ssin=CARLA, reason="Named in the papers.", **days)
    watch = read(reply, WatchedList).items[0]
    assert (watch.reason, watch.name, watch.ended_at) == ("Named in the papers.", "Olga Martens", None)
    ours = [one for one in flagged(built, Rule.WATCHED) if one.agent == "clerk-fan"]
    assert [one.person for one in ours] == [watch.person]
    assert answer.ticket in ours[0].tickets
    newest = seen(built, CARLA).usages
    assert Action.WATCHED in {one.action for one in newest}
    assert "papers" not in str(newest)
    ended = read(supervised(built, "watched/end", watch=str(watch.watch)), WatchedList).items[0]
    assert ended.ended_name == "Olga Martens"
    again = supervised(built, "watched/end", watch=str(watch.watch))
    assert (again.status, again.problem.code) == (403, "CR-WATCH-OVER")
    unknown = supervised(built, "watched", ssin=NOBODY, **days)
    assert (unknown.status, unknown.problem.code) == (403, "MSG00005")


@pytest.mark.parametrize(
    ("first", "last"), [(-1, 5), (0, 366), (5, 4)], ids=["begins before today", "more than a year", "reversed"]
)
def test_a_watch_has_an_end(built: Network, first: int, last: int) -> None:
    days = {"firstDay": str(TODAY + timedelta(days=first)), "lastDay": str(TODAY + timedelta(days=last))}
    assert supervised(built, "watched", ssin=ANNA, **days).status == 400


def test_who_inscribes_asks_and_ends_is_flagged(built: Network) -> None:
    said = {
        "institution": CENTRE,
        "ssin": BERT,
        "context": "17:2",
        "evidence": {"kind": "reference", "value": "file-1"},
    }
    begun = {"startDate": "2026-01-01"}
    opened = posted(built, "/v1/inscriptions", {"reference": "open-1", "period": begun, **said}, CENTRE)
    assert opened.status == 201, opened.body
    asked(built, BERT)
    ending = {"reference": "close-1", "period": {**begun, "endDate": "2026-03-31"}, **said}
    closed = posted(built, "/v1/inscriptions/close", ending, CENTRE)
    assert closed.status == 200, closed.body
    (one,) = flagged(built, Rule.SOON_ENDED)
    assert (one.institution, one.questions, dict(one.by)) == (CENTRE, 1, {"soon-ended": 14})


def test_numbers_are_dated_and_every_version_stays(built: Network) -> None:
    tomorrow = TODAY + timedelta(days=1)
    before = [one.value for one in set_to(built, "soon-ended", 10).items if one.parameter == "soon-ended"]
    items = [one for one in set_to(built, "soon-ended", 5, tomorrow).items if one.parameter == "soon-ended"]
    assert [(one.value, one.in_force) for one in items] == [(10, True), (5, False)]
    assert before == [10]
    assert (items[1].valid_from, items[1].name) == (tomorrow, "Olga Martens")
    corrected = [one for one in set_to(built, "soon-ended", 12).items if one.parameter == "soon-ended"]
    assert [(one.value, one.in_force) for one in corrected] == [(12, True), (10, False), (5, False)]
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    every: tuple[dict[str, Any], ...] = (
        {"parameter": "namesakes", "value": 1, "validFrom": str(TODAY)},
        {"parameter": "hours-begin", "value": 24, "validFrom": str(TODAY)},
        {"parameter": "namesakes", "value": 4, "validFrom": yesterday},
        {"parameter": "neighbours", "value": 4, "validFrom": str(TODAY)},
    )
    for wrong in every:
        assert supervised(built, "parameters", **wrong).status == 400
    tomorrow_too = {"startDate": str(TODAY), "endDate": str(TODAY + timedelta(days=1))}
    for period in ({"startDate": str(TODAY)}, tomorrow_too):
        assert supervised(built, "patterns/query", period=period).status == 400


FIRST = {"startDate": "0001-01-01", "endDate": "0001-01-02"}
LAST = {"startDate": "9999-12-29", "endDate": "9999-12-30"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        *(("log/query", {"institution": CENTRE, "period": period}) for period in (FIRST, LAST)),
        ("log/query", {"ssin": ANNA, "period": {"startDate": "9999-12-31"}}),
        ("log/query", {"institution": "nobody-at-all", "period": NOW}),
        ("log/query", {"purpose": "NO:PURPOSE", "period": NOW}),
        ("patterns/query", {"period": FIRST}),
        ("patterns/query", {"period": LAST}),
        ("patterns/query", {"period": NOW, "institution": "nobody-at-all"}),
        ("parameters", {"parameter": "namesakes", "value": 4, "validFrom": "9999-12-31"}),
        ("parameters", {"parameter": "namesakes", "value": 2**70, "validFrom": "9999-12-31"}),
        ("watched", {"ssin": ANNA, "firstDay": "9999-12-30", "lastDay": "9999-12-31"}),
        ("evidence", {"places": [{"stream": 2**15 - 1, "index": 2**53}]}),
        ("watched/end", {"watch": "ffffffff-ffff-ffff-ffff-ffffffffffff"}),
    ],
)
def test_what_lies_at_the_edge_is_answered(built: Network, path: str, said: dict[str, Any]) -> None:
    reply = supervised(built, path, **said)
    assert reply.status in {200, 400, 403, 404}, reply.body
