"""What a person may know, over HTTP: who looked, who knows the person, proofs; and what nobody else is shown."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from crossroads.bootstrap.keys import log_key
from crossroads.bootstrap.wiring import services
from crossroads.identity.model import LINK
from crossroads.kernel.errors import Refused
from crossroads.network.founders import Founders
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.wire.error_reports import ErrorReported, MadeReports, MadeReportsQuery
from crossroads.wire.mutations import NoticeKind
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import act
from crossroads.wire.usage import (
    Action,
    FoundUsages,
    HolderList,
    HoldersQuery,
    Outcome,
    ProofPlace,
    ProofQuery,
    Usage,
    UsageList,
    UsagePeriod,
    UsageProof,
    UsageQuery,
)
from database import Database
from days import today
from looking import (
    CENTRE,
    INSPECTION,
    OTHER,
    OVERSIGHT,
    OWN,
    PORTAL,
    SOURCE,
    WORK,
    delivered,
    look,
    posted,
    read,
    with_inspection,
)
from networks import belgium, line, network
from raw import QUARTER, Asker, Reply, person, send

ANNA, BERT, CARLA, NOBODY = person(1), person(3), person(5), person(7)
DORA, DORA_BEFORE = person(9), person(11)
"""Two numbers that turn out to be of one person."""
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [ANNA, BERT, CARLA, DORA, DORA_BEFORE]
    inscriptions = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in (ANNA, CARLA, DORA, DORA_BEFORE)),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in people),
    ]
    members: dict[str, Any] = {
        CENTRE: {},
        OTHER: {},
        PORTAL: {},
        SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    }
    with network(
        tmp_path_factory.mktemp("usage"),
        module_database,
        members,
        document=with_inspection(belgium()),
        persons=people,
        inscriptions=inscriptions,
    ) as made:
        rows = [(ssin, "2024-01-01") for ssin in people]
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), rows)})
        yield made


def usages(built: Network, ssin: str, legal_context: str = OWN, **more: Any) -> UsageList:
    return read(posted(built, "/v1/usage/query", look(ssin, legal_context, **more)), UsageList)


def asked(built: Network, ssin: str, institution: str = CENTRE, **about: Any) -> Usage:
    """Have an institution ask about a person, and give the line of it as the person sees it."""
    answer = Asker(built, institution).ask(ssin, WORK, **about).answer
    (found,) = [one for one in usages(built, ssin).usages if one.ticket == answer.ticket]
    return found


def test_a_person_sees_who_asked_why_and_what_was_given(built: Network) -> None:
    seen = asked(built, ANNA)
    assert (seen.action, seen.outcome, seen.institution) == (Action.QUESTION, Outcome.GRANTED, CENTRE)
    assert (seen.legal_context, seen.purpose["en"]) == (
        "PCSA:SOCIAL_INQUIRY",
        "Social inquiry of a public welfare centre",
    )
    (group,) = seen.groups
    assert (group.data_group, group.given, group.sources) == (WORK, True, (SOURCE,))
    assert (group.names["en"], group.authorisation) == ("Employment relations", "CR-ILL/social-inquiry-1")
    assert (seen.period, seen.agent, len(seen.places)) == (QUARTER, None, 2)


def test_a_refused_question_is_seen_with_its_reason(built: Network) -> None:
    seen = asked(built, BERT)
    assert (seen.outcome, seen.code, seen.groups[0].given) == (Outcome.REFUSED, "CR-NOT-INSCRIBED", False)
    assert seen.groups[0].code == "CR-NOT-INSCRIBED"


def test_a_look_is_itself_seen_the_next_time(built: Network) -> None:
    before = usages(built, BERT).total_usages
    after = usages(built, BERT)
    assert after.total_usages == before + 1
    newest = after.usages[0]
    assert (newest.action, newest.institution, newest.legal_context) == (Action.USAGE_SHOWN, PORTAL, OWN)
    assert newest.purpose["nl"] == "Iemand bekijkt zijn eigen gegevens"


def test_filters_narrow_and_never_widen(built: Network) -> None:
    asked(built, ANNA)
    everything = usages(built, ANNA, limit=100).usages
    of_centre = usages(built, ANNA, institution=CENTRE).usages
    assert of_centre
    assert {one.institution for one in of_centre} == {CENTRE}
    of_group = usages(built, ANNA, dataGroup=WORK).usages
    assert {group.data_group for one in of_group for group in one.groups} == {WORK}
    only = usages(built, ANNA, actions=["question"]).usages
    assert {one.action for one in only} == {Action.QUESTION}
    tickets = {one.ticket for one in everything}
    assert {one.ticket for one in (*of_centre, *of_group, *only)} - tickets <= {
        one.ticket for one in usages(built, ANNA, limit=100).usages
    }
    tomorrow = (today() + timedelta(days=2)).isoformat()
    assert usages(built, ANNA, period={"startDate": tomorrow}).total_usages == 0
    assert usages(built, ANNA, institution=OTHER, period={"startDate": "2020-01-01"}).total_usages == 0


def test_the_first_day_that_exists_can_be_asked_for(built: Network) -> None:
    whole = usages(built, BERT).total_usages
    assert usages(built, BERT, period={"startDate": "0001-01-01"}).total_usages == whole + 1
    early = _find(BERT, periodStart="0001-01-01T00:00:00+01:00")
    assert read(posted(built, "/v1/usage/find", early), FoundUsages).total_usages == whole + 2


def test_pages_follow_each_other_without_gap_or_repetition(built: Network) -> None:
    for _ in range(5):
        asked(built, ANNA)
    whole = [one.ticket for one in usages(built, ANNA, actions=["question"], limit=100).usages]
    paged: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = usages(built, ANNA, actions=["question"], limit=2, **after)
        assert page.total_usages == len(whole)
        paged += [one.ticket for one in page.usages]
        if page.next is None:
            break
        after = {"after": page.next}
    assert paged == whole


def test_the_cursor_of_another_person_and_an_invented_one_are_refused(built: Network) -> None:
    asked(built, ANNA)
    usages(built, ANNA)
    cursor = usages(built, ANNA, limit=1).next
    for wrong in (cursor, "bm9uc2Vuc2U=", "~~~", "é" * 9):
        reply = posted(built, "/v1/usage/query", look(BERT, after=wrong))
        assert (reply.status, reply.problem.issues[0].name) == (400, "$.after")


@pytest.mark.parametrize("path", ["/v1/usage/query", "/v1/usage/proof", "/v1/usage/holders", "/v1/usage/find"])
@pytest.mark.parametrize(
    ("caller", "purpose", "code"),
    [
        (CENTRE, OWN, "MSG00013"),
        (SOURCE, OVERSIGHT, "MSG00013"),
        (CENTRE, "PCSA:SOCIAL_INQUIRY", "MSG00015"),
        (PORTAL, "PCSA:SOCIAL_INQUIRY", "MSG00013"),
        (PORTAL, "NO:SUCH", "MSG00013"),
    ],
)
def test_another_institution_or_purpose_is_refused_alike_for_all_and_the_person_sees_it(
    built: Network, path: str, caller: str, purpose: str, code: str
) -> None:
    more: dict[str, Any] = {"places": [{"stream": 0, "index": 0}]} if path.endswith("proof") else {}
    replies = []
    for ssin in (CARLA, NOBODY):
        content = look(ssin, purpose, **more)
        if path.endswith("find"):
            content["userCode"] = content.pop("ssin")
        replies.append(posted(built, path, content, caller))
    known, unknown = (msgspec.structs.replace(reply.problem, instance="") for reply in replies)
    assert known == unknown
    assert (known.status, known.code) == (403, code)
    newest = usages(built, CARLA).usages[0]
    assert (newest.action, newest.outcome, newest.code) == (Action.LOOK_REFUSED, Outcome.REFUSED, code)
    assert newest.institution == caller


def test_nobody_knows_of_a_person_who_is_not_here(built: Network) -> None:
    found = usages(built, NOBODY)
    assert (found.total_usages, found.usages) == (0, ())
    assert read(posted(built, "/v1/usage/holders", look(NOBODY)), HolderList).total == 0


def test_the_number_of_a_person_may_not_be_the_agent(built: Network) -> None:
    reply = posted(built, "/v1/usage/query", {**look(ANNA), "agent": ANNA})
    assert (reply.status, reply.problem.issues[0].name) == (400, "$.agent")
    assert ANNA.encode() not in reply.body


def test_what_is_under_embargo_is_nowhere_but_for_a_supervisor(built: Network) -> None:
    actions = ["question", "error-reported", "change-told"]
    before = usages(built, CARLA, limit=100, actions=actions)
    answer = Asker(built, OTHER).ask(CARLA, WORK, legal_context=INSPECTION).answer
    assert answer.status.code == "MSG00000"
    _reported(built, OTHER, CARLA, answer.ticket)
    assert _told(built, SOURCE) == {NoticeKind.PRESUMED_ERROR}
    after = usages(built, CARLA, limit=100, actions=actions)
    assert (after.total_usages, after.usages, after.next) == (before.total_usages, before.usages, before.next)
    assert after.embargoes == before.embargoes == usages(built, NOBODY).embargoes
    assert INSPECTION in {one.legal_context for one in after.embargoes}
    assert usages(built, CARLA, institution=OTHER).total_usages == 0
    found = read(posted(built, "/v1/usage/find", _find(CARLA)), FoundUsages)
    assert OTHER not in {one.receiver_code for one in found.usages}
    told = usages(built, CARLA, OVERSIGHT, actions=["change-told"]).usages
    assert {one.institution for one in told} == {SOURCE}
    supervised = usages(built, CARLA, OVERSIGHT, institution=OTHER).usages
    assert {one.action for one in supervised} == {Action.QUESTION, Action.ERROR_REPORTED}
    (question,) = [one for one in supervised if one.action is Action.QUESTION]
    assert (question.ticket, question.agent) == (answer.ticket, "test")
    for place in question.places:
        reply = posted(built, "/v1/usage/proof", look(CARLA, places=[msgspec.to_builtins(place)]))
        assert (reply.status, reply.problem.code) == (403, "CR-USAGE-UNKNOWN")


def test_entries_are_proven_to_the_person_alone_and_open_no_agent(built: Network) -> None:
    seen = asked(built, ANNA)
    places = [msgspec.to_builtins(place) for place in seen.places]
    proofs = _proven(built, ANNA, places).proofs
    key = NoteVerifier.parse(str(log_key(built.installation).verifier))
    decided, sent = (verify_entry_proof(one, [key]) for one in proofs)
    assert (decided["event"], decided["legalContext"]) == ("exchange:question:decided", "PCSA:SOCIAL_INQUIRY")
    assert (sent["event"], sent["ticket"]) == ("exchange:answer:sent", str(seen.ticket))
    assert not {"agent", "statement", "requestSignature", "customerTicket"} & (decided.keys() | sent.keys())
    for about, wrong in ((BERT, places), (ANNA, [places[0], {"stream": 0, "index": 0}]), (NOBODY, places)):
        reply = posted(built, "/v1/usage/proof", look(about, places=wrong))
        assert (reply.status, reply.problem.code) == (403, "CR-USAGE-UNKNOWN")
    refusal = usages(built, BERT, actions=["look-refused"]).usages[0]
    assert (refusal.code, refusal.institution) == ("CR-USAGE-UNKNOWN", PORTAL)


def test_a_supervisor_sees_agents_and_is_seen(built: Network) -> None:
    asked(built, ANNA, agent="clerk-7")
    newest = usages(built, ANNA, OVERSIGHT, actions=["question"]).usages[0]
    assert newest.agent == "clerk-7"
    own = usages(built, ANNA, actions=["usage-shown"]).usages
    watched = [one for one in own if one.legal_context == OVERSIGHT]
    assert watched[0].explanation["fr"].startswith("Un conseiller en sécurité")
    assert {one.agent for one in own} == {None}


def test_what_the_person_did_is_left_out_where_asked_and_nothing_else(built: Network) -> None:
    asked(built, ANNA)
    usages(built, ANNA, OVERSIGHT)
    Asker(built, PORTAL).ask(ANNA, WORK, legal_context=OWN)
    others = usages(built, ANNA, withoutOwn=True, limit=100)
    own = {(one.institution, one.legal_context) for one in others.usages}
    assert (PORTAL, OWN) not in own
    assert {(PORTAL, OVERSIGHT), (CENTRE, "PCSA:SOCIAL_INQUIRY")} <= own
    everything = usages(built, ANNA, limit=100)
    left = [one for one in everything.usages if (one.institution, one.legal_context) != (PORTAL, OWN)]
    assert [one.ticket for one in left] == [one.ticket for one in others.usages]
    assert others.total_usages == len(others.usages)


def test_who_knows_me(built: Network) -> None:
    found = read(posted(built, "/v1/usage/holders", look(ANNA)), HolderList)
    assert {(one.institution, one.context) for one in found.items} == {(CENTRE, "17:2"), (SOURCE, "12:30")}
    (centre,) = [one for one in found.items if one.institution == CENTRE]
    assert (centre.sector, centre.period.start_date, centre.period.end_date) == (17, date(2020, 1, 1), None)
    assert all((centre.institution_names, centre.context_names, centre.sector_names))
    assert usages(built, ANNA).usages[0].action is Action.HOLDERS_SHOWN


def test_the_estonian_contract(built: Network) -> None:
    seen = asked(built, ANNA)
    every = read(posted(built, "/v1/usage/find", _find(ANNA)), FoundUsages)
    times = [one.logtime for one in every.usages]
    assert (times, every.total_usages) == (sorted(times, reverse=True), len(times))
    (same,) = [one for one in every.usages if one.logtime == seen.at]
    assert same.receiver_code == CENTRE
    assert same.action == "question; Social inquiry of a public welfare centre; Employment relations: granted"
    end = {"periodEnd": (times[0] + timedelta(microseconds=1)).isoformat()}
    pages = [
        read(posted(built, "/v1/usage/find", _find(ANNA, offset=at, limit=3, **end)), FoundUsages)
        for at in range(0, len(times), 3)
    ]
    assert {page.total_usages for page in pages} == {len(times)}
    assert [one for page in pages for one in page.usages] == list(every.usages)
    period = read(posted(built, "/v1/usage/period", {}), UsagePeriod)
    assert period.period_start <= times[-1]
    health = Asker(built, PORTAL).signed_get("/v1/usage/heartbeat")
    assert msgspec.json.decode(send(health).body) == {"status": "OK"}


def test_my_data_is_an_ordinary_question_of_the_portal(built: Network) -> None:
    about = {"legal_context": OWN, "agent": "session-1"}
    answer = Asker(built, PORTAL).ask(BERT, WORK, "living-wage@1", **about).answer
    assert (answer.status.value, [block.data_group for block in answer.blocks]) == ("DATA_FOUND", [WORK])
    assert answer.blocks[0].sealed
    newest = usages(built, BERT, actions=["question"]).usages[0]
    assert (newest.institution, newest.legal_context) == (PORTAL, OWN)
    reported = _reported(built, PORTAL, BERT, answer.ticket)
    line = usages(built, BERT, actions=["error-reported"]).usages[0]
    assert (line.ticket, line.institution, line.kind) == (reported.report, PORTAL, "wrong-value")
    own = read(posted(built, "/v1/error-reports/made", {"ssin": BERT}), MadeReports).items[0]
    assert (own.report, own.source, own.outcome) == (reported.report, SOURCE, None)
    of_others = read(posted(built, "/v1/error-reports/made", {"ssin": BERT}, CENTRE), MadeReports)
    assert of_others.items == ()


def _find(ssin: str, **more: Any) -> dict[str, Any]:
    content = look(ssin, **more)
    return {"userCode": content.pop("ssin"), **content}


def _proven(built: Network, ssin: str, places: list[dict[str, int]]) -> UsageProof:
    """Give proofs of entries, which may take up to two seconds to be under a checkpoint."""
    while True:
        reply = posted(built, "/v1/usage/proof", look(ssin, places=places))
        if reply.status != 503:
            return read(reply, UsageProof)
        time.sleep(0.1)


def _told(built: Network, institution: str) -> set[NoticeKind]:
    """Give of what the hub tells an institution, once there is something."""
    return {one.notice.kind for one in delivered(built, institution) if one.notice}


def _reported(built: Network, institution: str, ssin: str, ticket: Any) -> ErrorReported:
    said = {"reference": f"e-{ticket}", "ssin": ssin, "dataGroup": WORK, "period": msgspec.to_builtins(QUARTER)}
    content = said | {"ticket": str(ticket), "presumed": "wrong-value"}
    reply: Reply = posted(built, "/v1/error-reports", content, institution)
    assert reply.status == 202, reply.body
    return msgspec.json.decode(reply.body, type=ErrorReported)


async def test_the_client_looks_and_believes_no_proof_unchecked(built: Network) -> None:
    seen = asked(built, ANNA)
    member = built.member(PORTAL)
    async with Client(member.client(built.installation.settings.public_url)) as client:
        about: dict[str, Any] = {"ssin": ANNA, "legal_context": OWN, "agent": "session-1"}
        page = await client.looks.usage(UsageQuery(**about, actions=(Action.QUESTION,), limit=1))
        assert page.usages[0].ticket == seen.ticket
        places = tuple(ProofPlace(stream=place.stream, index=place.index) for place in seen.places)
        proofs = await client.looks.prove(ProofQuery(**about, places=places))
        assert [proof.opened["event"].value for proof in proofs] == [
            "exchange:question:decided",
            "exchange:answer:sent",
        ]
        assert (await client.looks.holders(HoldersQuery(**about))).total == 2
        assert (await client.looks.reports(MadeReportsQuery(ssin=ANNA))).items == ()
        with pytest.raises(Refused, match="legal context"):
            await client.looks.usage(UsageQuery(ssin=ANNA, legal_context="NO:SUCH", agent="session-1"))


async def test_all_numbers_that_the_person_ever_had_are_covered(built: Network) -> None:
    old, new = (asked(built, ssin).ticket for ssin in (DORA_BEFORE, DORA))
    alone = usages(built, DORA)
    assert (new in _tickets(alone), old in _tickets(alone)) == (True, False)
    cursor = usages(built, DORA, limit=1).next
    said = {"installation": "crossroads.test", "from": DORA_BEFORE, "into": DORA, "since": "2026-01-01"}
    said |= {"reason": "found twice", "at": datetime.now(UTC).isoformat()}
    async with services(built.installation, fills_mailboxes=False) as hub:
        merged = Founders(built.installation).sign(act(LINK, said))
        await hub.identity.link(merged, hub.catalogue.current.operators)
    for ssin in (DORA, DORA_BEFORE):
        assert {old, new} <= _tickets(usages(built, ssin, limit=100))
        assert read(posted(built, "/v1/usage/holders", look(ssin)), HolderList).total == 4
    assert {old, new} <= _tickets(usages(built, DORA, limit=100, after=cursor))


def _tickets(found: UsageList) -> set[Any]:
    return {one.ticket for one in found.usages}
