"""Acting for somebody else, over HTTP: what the hub demands each time, whom it refuses, and what everybody is shown."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from acting import REGISTER, REGISTERING, begin, chosen, descent, known, line_of, mandate, refused
from crossroads.bootstrap.wiring import services
from crossroads.demo.population.people import mock_ssin
from crossroads.identity.closure import closure_of
from crossroads.kernel.errors import Refused
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.transparency.evidence import Claim
from crossroads.wire.acting import (
    AS_MANDATARY,
    AS_PARENT,
    DESCENT,
    PARENTAL,
    ActingBegun,
    BeginActing,
    GiveMandate,
    MandateChoice,
    MandateList,
    MandateQuery,
    MandateTo,
    Scope,
    Side,
)
from crossroads.wire.error_reports import MadeReports
from crossroads.wire.usage import Action, HolderList, Outcome, Usage, UsageList
from database import Database
from days import today
from looking import CENTRE, OWN, PORTAL, SOURCE, WORK, look, posted, read
from networks import line, network
from raw import QUARTER, Asker, Reply, person

TODAY = today()
PARENT, STRANGER, FRIEND, DYING, GIVER, LENDER, GUESSER, BUSY, AGENT = (
    person(number) for number in (1, 3, 5, 7, 9, 11, 13, 15, 17)
)
CHILD, GROWN, OTHERS_CHILD, DEAD_CHILD = (
    str(mock_ssin(day, number))
    for day, number in (
        (TODAY - timedelta(days=9 * 365), 1),
        (TODAY - timedelta(days=19 * 366), 2),
        (TODAY - timedelta(days=8 * 365), 3),
        (TODAY - timedelta(days=7 * 365), 4),
    )
)
PEOPLE = {
    PARENT: ("Peeters", "1980-03-15"),
    STRANGER: ("Claes", "1980-03-15"),
    FRIEND: ("Maes", "1980-03-15"),
    DYING: ("Jacobs", "1980-03-15"),
    GIVER: ("Wouters", "1980-03-15"),
    LENDER: ("Willems", "1980-03-15"),
    GUESSER: ("Goossens", "1980-03-15"),
    BUSY: ("Mertens", "1980-03-15"),
    AGENT: ("Aerts", "1980-03-15"),
    CHILD: ("Peeters", str(TODAY - timedelta(days=9 * 365))),
    GROWN: ("Peeters", str(TODAY - timedelta(days=19 * 366))),
    OTHERS_CHILD: ("Claes", str(TODAY - timedelta(days=8 * 365))),
    DEAD_CHILD: ("Peeters", str(TODAY - timedelta(days=7 * 365))),
}
KIN = [(PARENT, CHILD), (PARENT, GROWN), (PARENT, DEAD_CHILD), (STRANGER, OTHERS_CHILD)]
UNKNOWN = person(99)
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    inscriptions = [
        line(ssin, institution, context, "2020-01-01")
        for ssin in PEOPLE
        for institution, context in ((REGISTER, "0:1"), (SOURCE, "12:30"))
    ]
    members: dict[str, Any] = {
        PORTAL: {},
        CENTRE: {},
        REGISTER: REGISTERING,
        SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    }
    folder = tmp_path_factory.mktemp("acting")
    with network(folder, module_database, members, persons=list(PEOPLE), inscriptions=inscriptions) as made:
        known(made, [(ssin, name, "Somebody", born) for ssin, (name, born) in PEOPLE.items()], KIN)
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), [(ssin, "2024-01-01") for ssin in PEOPLE])})
        yield made


def to(ssin: str) -> tuple[str, str, str]:
    return (ssin, *PEOPLE[ssin])


def usage(built: Network, ssin: str, purpose: str, agent: str) -> Reply:
    return posted(built, "/v1/usage/query", look(ssin, purpose) | {"agent": agent})


def seen(built: Network, ssin: str, *actions: str) -> tuple[Usage, ...]:
    found = read(posted(built, "/v1/usage/query", look(ssin, actions=list(actions), limit=100)), UsageList)
    return found.usages


def accepted(built: Network, giver: str, receiver: str, *scopes: str) -> Any:
    given = line_of(mandate(built, giver, to(receiver), *scopes))
    assert given.accepted_at is None
    assert line_of(chosen(built, "accept", receiver, given.mandate)).accepted_at is not None
    return given.mandate


def acting(built: Network, whom: str, by: str, agent: str, **ground: Any) -> ActingBegun:
    return read(begin(built, whom, by, agent, **ground), ActingBegun)


def test_a_parent_looks_for_a_child_and_the_child_sees_that_it_was_a_parent(built: Network) -> None:
    agent = "parent-1"
    assert refused(usage(built, CHILD, AS_PARENT, agent)) == (403, "CR-NOT-ACTING")
    begun = acting(built, CHILD, PARENT, agent, descent=descent(built, PARENT, agent))
    assert (set(begun.scopes), begun.day) == (set(Scope), TODAY)
    found = read(usage(built, CHILD, AS_PARENT, agent), UsageList)
    assert found.total_usages > 0
    shown = seen(built, CHILD, "usage-shown")[0]
    assert (shown.legal_context, shown.purpose["en"]) == (AS_PARENT, "A parent acts for his child")
    (entry,) = seen(built, CHILD, "acting-begun")
    assert (entry.kind, entry.outcome, entry.agent) == ("parent", Outcome.GRANTED, None)
    (own,) = seen(built, PARENT, "acting-begun")
    assert own.ticket == entry.ticket == begun.ticket
    holders = read(posted(built, "/v1/usage/holders", look(CHILD, AS_PARENT) | {"agent": agent}), HolderList)
    assert {one.institution for one in holders.items} == {REGISTER, SOURCE}
    assert PARENT.encode() not in msgspec.json.encode(seen(built, CHILD))


def test_what_a_parent_does_for_a_child_serves_for_that_child_and_that_agent_alone(built: Network) -> None:
    agent = "parent-2"
    acting(built, CHILD, PARENT, agent, descent=descent(built, PARENT, agent))
    assert refused(usage(built, CHILD, AS_PARENT, "somebody-else")) == (403, "CR-NOT-ACTING")
    assert refused(usage(built, OTHERS_CHILD, AS_PARENT, agent)) == (403, "CR-NOT-ACTING")
    assert refused(usage(built, CHILD, AS_MANDATARY, agent)) == (403, "CR-NOT-ACTING")
    assert refused(usage(built, UNKNOWN, AS_PARENT, agent)) == (403, "CR-NOT-ACTING")
    asking = Asker(built, PORTAL)
    about = {"legal_context": AS_PARENT, "agent": agent}
    assert asking.ask(CHILD, WORK, **about).outcome[0] == "DATA_FOUND"
    for ssin, who in ((OTHERS_CHILD, agent), (CHILD, "somebody-else"), (UNKNOWN, agent)):
        outcome = asking.ask(ssin, WORK, legal_context=AS_PARENT, agent=who).outcome
        assert outcome == ("NO_RESULT", "MSG00013", "CR-NOT-ACTING")


def test_data_seen_for_a_child_are_reported_for_the_child(built: Network) -> None:
    agent = "parent-3"
    acting(built, CHILD, PARENT, agent, descent=descent(built, PARENT, agent))
    answer = Asker(built, PORTAL).ask(CHILD, WORK, legal_context=AS_PARENT, agent=agent).answer
    said = {"ssin": CHILD, "dataGroup": WORK, "period": msgspec.to_builtins(QUARTER), "ticket": str(answer.ticket)}
    said |= {"presumed": "wrong-value"}
    purpose = {"legalContext": AS_PARENT, "agent": agent}
    assert refused(_reported(built, said)) == (403, "CR-NOT-ACTING")
    assert refused(_reported(built, said | purpose | {"agent": "somebody-else"})) == (403, "CR-NOT-ACTING")
    assert _reported(built, said | purpose).status == 202
    reported = seen(built, CHILD, "error-reported")[0]
    assert reported.legal_context == AS_PARENT
    made = {"ssin": CHILD, **purpose}
    assert len(read(posted(built, "/v1/error-reports/made", made), MadeReports).items) == 1
    wrong = posted(built, "/v1/error-reports/made", made | {"agent": "somebody-else"})
    assert refused(wrong) == (403, "CR-NOT-ACTING")


def _reported(built: Network, said: dict[str, Any]) -> Reply:
    return posted(built, "/v1/error-reports", {"reference": uuid4().hex, **said})


@pytest.mark.parametrize(
    ("whom", "by"), [(OTHERS_CHILD, PARENT), (GROWN, PARENT), (PARENT, CHILD), (UNKNOWN, PARENT), (PARENT, PARENT)]
)
def test_only_a_parent_of_a_minor_child_acts_as_one(built: Network, whom: str, by: str) -> None:
    agent = f"not-{whom}"[:6] + by[-3:]
    before = len(seen(built, PARENT, "acting-refused"))
    assert refused(begin(built, whom, by, agent, descent=descent(built, PARENT, agent))) == (403, "CR-MAY-NOT-ACT")
    assert refused(usage(built, whom, AS_PARENT, agent)) == (403, "CR-NOT-ACTING")
    assert len(seen(built, PARENT, "acting-refused")) == before + 1
    if whom in PEOPLE:
        assert seen(built, whom, "acting-refused")[0].outcome is Outcome.REFUSED


def test_what_the_register_signed_serves_only_whom_it_was_given_to(built: Network) -> None:
    signed = descent(built, PARENT, "parent-4")
    assert refused(begin(built, CHILD, PARENT, "another", descent=signed)) == (403, "CR-MAY-NOT-ACT")
    assert refused(begin(built, CHILD, STRANGER, "parent-4", descent=signed)) == (403, "CR-MAY-NOT-ACT")
    header, payload, signature = signed.split(".")
    changed = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    for forged in (f"{header}.{changed}.{signature}", "nonsense", f"{header}..{signature}", f"{header}.{payload}."):
        assert refused(begin(built, CHILD, PARENT, "parent-4", descent=forged)) == (403, "CR-MAY-NOT-ACT")
    assert begin(built, CHILD, PARENT, "parent-4", descent=signed).status == 200


def test_another_institution_neither_acts_nor_keeps_mandates(built: Network) -> None:
    content = {"ssin": CHILD, "legalContext": AS_PARENT, "agent": "a", "by": PARENT, "descent": "x"}
    assert refused(posted(built, "/v1/acting", content, CENTRE)) == (403, "MSG00013")
    for path in ("query", "accept", "end"):
        said = {"ssin": CHILD, "legalContext": OWN, "agent": "a"} | (
            {} if path == "query" else {"mandate": str(uuid4())}
        )
        assert refused(posted(built, f"/v1/mandates/{path}", said, CENTRE)) == (403, "MSG00013")


def test_a_mandate_counts_from_its_acceptance_to_its_withdrawal_which_acts_at_once(built: Network) -> None:
    agent = "friend-1"
    given = line_of(mandate(built, GIVER, to(FRIEND), "usage", "data"))
    assert (given.side, given.name, given.ssin) == (Side.GIVER, "Maes", FRIEND)
    assert refused(begin(built, GIVER, FRIEND, agent, mandate=str(given.mandate))) == (403, "CR-MAY-NOT-ACT")
    waiting = next(one for one in _mandates(built, FRIEND).items if one.mandate == given.mandate)
    assert (waiting.side, waiting.ssin) == (Side.RECEIVER, None)
    assert line_of(chosen(built, "accept", FRIEND, given.mandate)).ssin == GIVER
    assert set(acting(built, GIVER, FRIEND, agent, mandate=str(given.mandate)).scopes) == {Scope.USAGE, Scope.DATA}
    assert usage(built, GIVER, AS_MANDATARY, agent).status == 200
    shown = seen(built, GIVER, "usage-shown")[0]
    assert (shown.legal_context, shown.purpose["fr"]) == (AS_MANDATARY, "Quelqu'un agit par mandat")
    about = {"legal_context": AS_MANDATARY, "agent": agent}
    assert Asker(built, PORTAL).ask(GIVER, WORK, **about).outcome[0] == "DATA_FOUND"
    ended = line_of(chosen(built, "end", GIVER, given.mandate))
    assert (ended.ended_by, ended.ended_at is not None) == (Side.GIVER, True)
    assert refused(usage(built, GIVER, AS_MANDATARY, agent)) == (403, "CR-NOT-ACTING")
    assert Asker(built, PORTAL).ask(GIVER, WORK, **about).outcome == ("NO_RESULT", "MSG00013", "CR-NOT-ACTING")
    assert refused(begin(built, GIVER, FRIEND, agent, mandate=str(given.mandate))) == (403, "CR-MAY-NOT-ACT")
    assert refused(chosen(built, "accept", FRIEND, given.mandate)) == (403, "CR-MANDATE-UNKNOWN")
    assert next(one for one in _mandates(built, FRIEND).items if one.mandate == given.mandate).ssin is None


def test_both_see_a_mandate_and_nobody_else_does(built: Network) -> None:
    wanted = accepted(built, GIVER, FRIEND, "usage")
    for ssin, side, other in ((GIVER, Side.GIVER, FRIEND), (FRIEND, Side.RECEIVER, GIVER)):
        (own,) = [one for one in _mandates(built, ssin).items if one.mandate == wanted]
        assert (own.side, own.ssin) == (side, other)
        given = [one for one in seen(built, ssin, "mandate-given", "mandate-accepted") if one.kind == side.value]
        assert {one.action for one in given} == {Action.MANDATE_GIVEN, Action.MANDATE_ACCEPTED}
        assert other.encode() not in msgspec.json.encode(seen(built, ssin))
    assert wanted not in {one.mandate for one in _mandates(built, STRANGER).items}
    for what in ("accept", "end"):
        assert refused(chosen(built, what, STRANGER, wanted)) == (403, "CR-MANDATE-UNKNOWN")
        assert refused(chosen(built, what, STRANGER, uuid4())) == (403, "CR-MANDATE-UNKNOWN")
    assert refused(chosen(built, "accept", GIVER, wanted)) == (403, "CR-MANDATE-UNKNOWN")
    assert refused(begin(built, GIVER, STRANGER, "stranger-1", mandate=str(wanted))) == (403, "CR-MAY-NOT-ACT")
    assert line_of(chosen(built, "end", FRIEND, wanted)).ended_by is Side.RECEIVER


def _mandates(built: Network, ssin: str) -> MandateList:
    return read(posted(built, "/v1/mandates/query", look(ssin)), MandateList)


@pytest.mark.parametrize(("scope", "may"), [("usage", "usage"), ("data", "data"), ("reports", "reports"), ("box", "")])
def test_a_mandate_lets_do_what_it_is_for_and_no_more(built: Network, scope: str, may: str) -> None:
    agent = f"scope-{scope}"
    acting(built, LENDER, FRIEND, agent, mandate=str(accepted(built, LENDER, FRIEND, scope)))
    purpose = {"legalContext": AS_MANDATARY, "agent": agent}
    done = {
        "usage": usage(built, LENDER, AS_MANDATARY, agent).status == 200,
        "data": Asker(built, PORTAL).ask(LENDER, WORK, legal_context=AS_MANDATARY, agent=agent).outcome[0]
        == "DATA_FOUND",
        "reports": posted(built, "/v1/error-reports/made", {"ssin": LENDER, **purpose}).status == 200,
    }
    assert {name for name, worked in done.items() if worked} == ({may} - {""})


def test_nobody_passes_a_mandate_on_and_gives_one_for_a_child(built: Network) -> None:
    agent = "chain-1"
    acting(built, GIVER, FRIEND, agent, mandate=str(accepted(built, GIVER, FRIEND, *Scope)))
    for purpose in (AS_MANDATARY, AS_PARENT):
        chained = mandate(built, GIVER, to(STRANGER), "usage", legalContext=purpose, agent=agent)
        assert refused(chained) == (403, "MSG00015")
    assert refused(posted(built, "/v1/mandates/query", look(GIVER, AS_MANDATARY) | {"agent": agent})) == (
        403,
        "MSG00015",
    )
    onward = accepted(built, FRIEND, STRANGER, "usage")
    assert refused(begin(built, GIVER, STRANGER, "chain-2", mandate=str(onward))) == (403, "CR-MAY-NOT-ACT")


def test_a_mandate_of_the_day_after_tomorrow_counts_not_yet(built: Network) -> None:
    ahead = (TODAY + timedelta(days=2)).isoformat()
    given = line_of(mandate(built, GIVER, to(FRIEND), "usage", startDate=ahead, endDate=ahead))
    chosen(built, "accept", FRIEND, given.mandate)
    assert refused(begin(built, GIVER, FRIEND, "early-1", mandate=str(given.mandate))) == (403, "CR-MAY-NOT-ACT")


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ("$.startDate", {"startDate": str(TODAY - timedelta(days=1))}),
        ("$.endDate", {"endDate": str(TODAY - timedelta(days=1))}),
        ("$.endDate", {"endDate": str(TODAY + timedelta(days=6 * 366))}),
        ("$.name", {"name": GIVER}),
        ("$.scopes", {"scopes": []}),
    ],
)
def test_a_mandate_that_cannot_be_is_refused_with_the_place(built: Network, place: str, other: dict[str, Any]) -> None:
    reply = mandate(built, GIVER, to(FRIEND), "usage", **other)
    assert (reply.status, reply.problem.issues[0].name) == (400, place)
    assert GIVER.encode() not in reply.body


def test_who_gets_a_mandate_is_who_the_register_confirms(built: Network) -> None:
    for wrong in ((FRIEND, "Otherwise", "1980-03-15"), (FRIEND, "Maes", "1981-03-15"), (UNKNOWN, "Maes", "1980-03-15")):
        assert refused(mandate(built, GIVER, wrong, "usage")) == (403, "CR-PERSON-NOT-IDENTIFIED")
    reply = mandate(built, GIVER, to(GIVER), "usage")
    assert (reply.status, reply.problem.issues[0].name) == (400, "$.to.ssin")


def test_the_same_mandate_sent_again_is_one(built: Network) -> None:
    reference = uuid4().hex
    first, again = (line_of(mandate(built, GIVER, to(FRIEND), "usage", reference=reference)) for _ in range(2))
    assert first == again
    other = mandate(built, GIVER, to(FRIEND), "data", reference=reference)
    assert (other.status, other.problem.code) == (409, "CR-REFERENCE-REUSED")


def test_who_guesses_whom_to_give_a_mandate_is_refused_until_tomorrow_and_stands_in_the_log(built: Network) -> None:
    given = line_of(mandate(built, GUESSER, to(FRIEND), "usage"))
    wrong = [mandate(built, GUESSER, (FRIEND, f"Otherwise{one}", "1980-03-15"), "usage") for one in "abcde"]
    assert [refused(one) for one in wrong] == [(403, "CR-PERSON-NOT-IDENTIFIED")] * 5
    for name in ("Maes", "Otherwise"):
        assert refused(mandate(built, GUESSER, (FRIEND, name, "1980-03-15"), "usage")) == (403, "CR-MANDATES-TODAY")
    assert len(seen(built, GUESSER, "mandate-tried")) == 6
    assert len(seen(built, GUESSER, "look-refused")) == 7
    assert given.mandate in {one.mandate for one in _mandates(built, FRIEND).items}


async def test_many_at_once_give_no_more_than_one_may_give_on_a_day(built: Network) -> None:
    def some() -> list[tuple[int, str | None]]:
        replies = [mandate(built, BUSY, to(FRIEND), "usage") for _ in range(4)]
        return [(200, None) if one.status == 200 else refused(one) for one in replies]

    found = [one for some_of in await asyncio.gather(*(asyncio.to_thread(some) for _ in range(4))) for one in some_of]
    assert sorted(found, key=str) == [(200, None)] * 10 + [(403, "CR-MANDATES-TODAY")] * 6


async def test_room_is_counted_before_the_register_is_asked_and_nobody_hides_the_mandates_of_another(
    built: Network,
) -> None:
    own = accepted(built, GIVER, FRIEND, "box")
    model = line_of(mandate(built, PARENT, to(FRIEND), "usage"))
    async with services(built.installation, fills_mailboxes=False) as hub:
        for ended, many in ((False, 49), (True, 300)):
            await hub.pool.execute(_COPIES, many, model.mandate, ended)
    for name in ("Maes", "Otherwise"):
        reply = mandate(built, PARENT, (FRIEND, name, "1980-03-15"), "usage")
        assert refused(reply) == (403, "CR-MANDATES-TOO-MANY")
    listed = _mandates(built, FRIEND).items
    assert own in {one.mandate for one in listed}
    assert 200 < len(listed) < 300


_COPIES = """
    WITH copies AS (
        INSERT INTO mandate (mandate, institution, reference, giver, receiver, giver_name, receiver_name, receiver_ssin,
            scopes, start_date, end_date, recorded_at)
        SELECT gen_random_uuid(), institution, gen_random_uuid()::text, giver, receiver, giver_name, receiver_name,
            receiver_ssin, scopes, start_date, end_date + 2, recorded_at - interval '2 days'
        FROM mandate, generate_series(1, $1::int) WHERE mandate = $2
        RETURNING mandate
    )
    INSERT INTO mandate_act (mandate, kind, side, ticket, recorded_at)
    SELECT mandate, 'ended', 'giver', gen_random_uuid(), now() FROM copies WHERE $3
"""
"""Mandates of another day."""


async def test_one_other_gets_no_more_than_so_many_in_a_year(built: Network) -> None:
    model = line_of(mandate(built, AGENT, to(STRANGER), "usage"))
    async with services(built.installation, fills_mailboxes=False) as hub:
        await hub.pool.execute(_COPIES, 19, model.mandate, True)
    assert refused(mandate(built, AGENT, to(STRANGER), "usage")) == (403, "CR-MANDATES-TOO-MANY")
    assert mandate(built, AGENT, to(GIVER), "usage").status == 200


async def test_acting_does_not_outlive_who_acts(built: Network) -> None:
    agent = "outlived-1"
    acting(built, GIVER, AGENT, agent, mandate=str(accepted(built, GIVER, AGENT, "usage")))
    assert usage(built, GIVER, AS_MANDATARY, agent).status == 200
    async with services(built.installation, fills_mailboxes=False) as hub:
        await hub.identity.decease(AGENT, TODAY, reason="told by the register", actor="test")
        assert refused(usage(built, GIVER, AS_MANDATARY, agent)) == (403, "CR-NOT-ACTING")
        await hub.identity.decease(AGENT, None, reason="it was wrong", actor="test")
    assert usage(built, GIVER, AS_MANDATARY, agent).status == 200


async def test_nobody_acts_for_the_dead_not_even_who_began_before(built: Network) -> None:
    wanted, agent = accepted(built, DYING, FRIEND, "usage"), "mourning-1"
    acting(built, DYING, FRIEND, agent, mandate=str(wanted))
    parent = descent(built, PARENT, "mourning-2")
    async with services(built.installation, fills_mailboxes=False) as hub:
        for ssin in (DYING, DEAD_CHILD):
            await hub.identity.decease(ssin, TODAY, reason="told by the register", actor="test")
    assert refused(usage(built, DYING, AS_MANDATARY, agent)) == (403, "CR-NOT-ACTING")
    assert refused(begin(built, DYING, FRIEND, agent, mandate=str(wanted))) == (403, "CR-MAY-NOT-ACT")
    assert refused(begin(built, DEAD_CHILD, PARENT, "mourning-2", descent=parent)) == (403, "CR-MAY-NOT-ACT")
    assert refused(mandate(built, DYING, to(FRIEND), "usage")) == (403, "CR-PERSON-NOT-IDENTIFIED")


async def test_acting_ends_with_the_day(built: Network) -> None:
    agent = "yesterday-1"
    acting(built, CHILD, PARENT, agent, descent=descent(built, PARENT, agent))
    async with services(built.installation, fills_mailboxes=False) as hub:
        await hub.pool.execute(
            "INSERT INTO acting SELECT person, gen_random_uuid(), acting_person, institution,"
            " 'earlier', legal_context, mandate, day - 1 FROM acting WHERE agent = $1",
            agent,
        )
        assert refused(usage(built, CHILD, AS_PARENT, "earlier")) == (403, "CR-NOT-ACTING")
        await hub.representation.acting.forget(timedelta(days=365))
        left = {row["agent"] for row in await hub.pool.fetch("SELECT agent FROM acting")}
    assert "earlier" not in left
    assert agent in left


async def test_a_mandate_goes_when_it_has_long_been_over(built: Network) -> None:
    wanted = accepted(built, GIVER, FRIEND, "usage")
    columns = "institution, giver, receiver, giver_name, receiver_name, receiver_ssin, scopes, recorded_at"
    old, recent = uuid4(), uuid4()
    async with services(built.installation, fills_mailboxes=False) as hub:
        for name, days in ((old, 400), (recent, 20)):
            await hub.pool.execute(
                f"INSERT INTO mandate (mandate, reference, start_date, end_date, {columns}) "  # noqa: S608 - ours
                f"SELECT $1::uuid, $1::uuid::text, $2::date, $2::date, {columns} FROM mandate WHERE mandate = $3",
                name,
                TODAY - timedelta(days=days),
                wanted,
            )
        await hub.representation.acting.forget(timedelta(days=365))
        assert {old, recent, wanted} & await _kept(hub) == {recent, wanted}
        await hub.representation.acting.forget(timedelta(days=1))
        assert {recent, wanted} <= await _kept(hub)


async def _kept(hub: Any) -> set[Any]:
    return {row["mandate"] for row in await hub.pool.fetch("SELECT mandate FROM mandate")}


async def test_what_the_register_signed_serves_on_its_own_day_alone(built: Network) -> None:
    signed = descent(built, PARENT, "tomorrow-1")
    async with services(built.installation, fills_mailboxes=False) as hub, hub.pool.acquire() as connection:
        parent, child = [await closure_of(connection, ssin) for ssin in (PARENT, CHILD)]
        assert parent is not None
        assert child is not None
        claim = Claim(institution=PORTAL, agent="tomorrow-1", parent=parent, child=child)
        now, evidence = datetime.now(UTC), hub.representation.evidence
        holds = [
            await evidence.holds(signed, claim, hub.catalogue.current, now + timedelta(days=days), connection)
            for days in (0, 1)
        ]
    assert holds == [True, False]


def test_what_the_register_signed_of_another_day_makes_nobody_a_parent(built: Network) -> None:
    agent = "past-1"
    with SyncClient(built.member(PORTAL).client(built.installation.settings.public_url)) as client:
        past = client.ask(
            ssin=PARENT,
            legal_context=PARENTAL,
            data_groups=[DESCENT],
            agent=agent,
            reference_date=TODAY - timedelta(days=1),
        )
    (block,) = past.blocks
    assert refused(begin(built, CHILD, PARENT, agent, descent=block.signed)) == (403, "CR-MAY-NOT-ACT")


def test_the_client_has_all_of_it(built: Network) -> None:
    own: dict[str, Any] = {"ssin": GIVER, "legal_context": OWN, "agent": "client-1"}
    friend: dict[str, Any] = {"ssin": FRIEND, "legal_context": OWN, "agent": "client-2"}
    number, last_name, born = to(FRIEND)
    said = GiveMandate(
        **own,
        reference=uuid4().hex,
        name="Somebody",
        to=MandateTo(ssin=number, last_name=last_name, birth_date=born),
        scopes=frozenset({Scope.USAGE}),
        start_date=TODAY,
        end_date=TODAY,
    )
    with SyncClient(built.member(PORTAL).client(built.installation.settings.public_url)) as client:
        wanted = client.acting.give(said).mandate
        client.acting.accept(MandateChoice(**friend, mandate=wanted))
        begin = BeginActing(ssin=GIVER, legal_context=AS_MANDATARY, agent="client-2", by=FRIEND, mandate=wanted)
        assert client.acting.begin(begin).scopes == (Scope.USAGE,)
        client.acting.end(MandateChoice(**own, mandate=wanted))
        with pytest.raises(Refused, match="Neither a mandate nor the descent"):
            client.acting.begin(begin)
        (ended,) = [one for one in client.acting.mandates(MandateQuery(**own)).items if one.mandate == wanted]
        assert ended.ended_by is Side.GIVER
