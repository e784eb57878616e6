"""Two people decide on an authorisation, nobody's text is lost, and nothing is in force before the operators signed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands import typed
from crossroads.bootstrap.wiring import services
from crossroads.catalogue.kinds import to_body
from crossroads.cli.acts import read_act
from crossroads.kernel.clock import brussels_day
from crossroads.network.service import Network
from crossroads.wire.committee import DraftList, DraftShown
from crossroads.wire.registrations import SignedAct
from database import Database, value
from looking import CENTRE, OTHER, PORTAL, WORK, posted, read
from networks import belgium, line, network
from overseeing import ANN, BEN, decided, decides, saved, suspension
from raw import INQUIRY, Asker, person

ANNA = person(1)
TODAY = brussels_day(datetime.now(UTC))
REFERENCE = "CR-ILL/social-inquiry-1"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    members: dict[str, Any] = {CENTRE: {}, OTHER: {}, PORTAL: {}}
    inscriptions = [line(ANNA, CENTRE, "17:2", "2020-01-01"), line(ANNA, OTHER, "17:2", "2020-01-01")]
    folder = tmp_path_factory.mktemp("committee")
    with network(
        folder, module_database, members, document=belgium(), persons=[ANNA], inscriptions=inscriptions[:1]
    ) as made:
        yield made


def shown(built: Network, draft: Any, member: tuple[str, str] = ANN) -> DraftShown:
    return read(decided(built, "show", member, draft=str(draft)), DraftShown)


def agreed(built: Network, found: DraftShown, member: tuple[str, str]) -> DraftShown:
    act = {"draft": str(found.draft.draft), "version": found.draft.version}
    return read(decided(built, "agree", member, **act), DraftShown)


def granted(reference: str, **changed: Any) -> dict[str, Any]:
    """Give the text of a decision that grants what stands for the centre to one institution."""
    standing = next(one for one in belgium().authorisations if one.reference == REFERENCE)
    body = to_body(standing) | {
        "reference": reference,
        "parties": [{"institution": OTHER}],
        "validFrom": str(TODAY),
        **changed,
    }
    return {"kind": "grant", "reference": reference, "reason": "They need it too.", "authorisation": body}


def put_in_force(built: Network, act: SignedAct, folder: Path) -> None:
    """Sign a plan as two operators do, with the command that they use, and apply it."""
    file = folder / "plan.json"
    file.write_bytes(msgspec.json.encode(act))
    for key in built.founders.keys:
        name = key.key_id.removeprefix("operator:").partition("#")[0]
        pem = next((built.installation.home / "operators").glob(f"*{name}*.pem"))
        signed = typed("catalogue", "sign", str(file), "--key-id", key.key_id, "--key", str(pem), "--yes")
        assert signed.code == 0, signed
    asyncio.run(applied(built, read_act(file)))


async def applied(built: Network, act: SignedAct) -> None:
    async with services(built.installation, fills_mailboxes=False) as hub:
        await hub.catalogue.apply(act)


def test_a_decision_needs_two_people_and_then_the_operators(built: Network, tmp_path: Path) -> None:
    assert Asker(built, CENTRE).ask(ANNA, WORK).answer.status.code != "MSG00015"
    found = saved(built, suspension(REFERENCE, TODAY, TODAY + timedelta(days=30)))
    assert (found.draft.state, found.draft.saved.name, found.faults) == ("drafted", "Ann Maes", ())
    assert {change.key for change in found.changes} >= {REFERENCE}
    once = agreed(built, found, ANN)
    assert (once.draft.state, [by.name for by in once.draft.agreed]) == ("agreed-by-one", ["Ann Maes"])
    again = decided(built, "agree", ANN, draft=str(found.draft.draft), version=1)
    assert (again.status, again.problem.code) == (403, "CR-DRAFT-AGREED")
    early = decided(built, "plan", ANN, draft=str(found.draft.draft))
    assert (early.status, early.problem.code) == (403, "CR-DRAFT-OVER")
    twice = agreed(built, once, BEN)
    assert (twice.draft.state, twice.draft.in_force_since) == ("waiting", None)
    assert Asker(built, CENTRE).ask(ANNA, WORK).answer.status.code != "MSG00015"
    act = read(decided(built, "plan", ANN, draft=str(found.draft.draft)), SignedAct)
    assert b"Ann Maes and Ben Smet" in act.content
    assert act.signatures == ()
    put_in_force(built, act, tmp_path)
    assert Asker(built, CENTRE).ask(ANNA, WORK).answer.status.code == "MSG00015"
    after = shown(built, found.draft.draft)
    assert (after.draft.state, after.draft.in_force_since is not None) == ("in-force", True)
    over = decided(built, "", ANN, draft=str(found.draft.draft), base=1, decision=suspension(REFERENCE, TODAY))
    assert (over.status, over.problem.code) == (403, "CR-DRAFT-OVER")


def test_a_suspension_comes_to_an_end_by_itself_and_rests_on_both_versions(built: Network) -> None:
    (change_, *others) = saved(built, suspension("CR-ILL/committee-1", TODAY, TODAY + timedelta(days=30))).changes
    assert (change_.action, change_.after and change_.after["validUntil"]) == ("end", str(TODAY - timedelta(days=1)))
    assert [(one.action, str(one.valid_from)) for one in others] == [("add", str(TODAY + timedelta(days=31)))]


def test_what_is_granted_is_compared_with_what_stands(built: Network) -> None:
    found = saved(built, granted("TEST/other-1"))
    (added,) = found.changes
    assert (added.action, added.before, added.after and added.after["parties"]) == (
        "add",
        None,
        [{"institution": OTHER}],
    )
    standing = next(one for one in belgium().authorisations if one.reference == "CR-ILL/committee-1")
    again = to_body(standing) | {"validFrom": str(TODAY)}
    decision = {"kind": "grant", "reference": "CR-ILL/committee-1", "reason": "Anew.", "authorisation": again}
    ended, new = saved(built, decision).changes
    assert (ended.action, ended.after and ended.after["validUntil"]) == ("end", str(TODAY - timedelta(days=1)))
    assert (new.action, new.valid_from) == ("add", TODAY)


def test_what_makes_no_right_catalogue_is_saved_and_not_agreed_to(built: Network) -> None:
    found = saved(built, granted("TEST/wrong-1", dataGroups=["no-such-group@1"]))
    assert found.draft.state == "drafted"
    assert any("no-such-group@1" in fault for fault in found.faults)
    refused = decided(built, "agree", ANN, draft=str(found.draft.draft), version=1)
    assert (refused.status, refused.problem.code) == (403, "CR-DRAFT-UNFIT")
    nothing = saved(built, suspension(REFERENCE, date(1980, 1, 1), date(1980, 1, 31)))
    assert (nothing.changes, nothing.faults) == ((), ())
    refused = decided(built, "agree", ANN, draft=str(nothing.draft.draft), version=1)
    assert (refused.status, refused.problem.code) == (403, "CR-DRAFT-UNFIT")


@pytest.mark.parametrize("kind", ["suspend", "withdraw"])
def test_what_the_catalogue_never_had_is_neither_suspended_nor_withdrawn(built: Network, kind: str) -> None:
    unknown = suspension("TEST/unknown-1", TODAY) | {"kind": kind}
    refused = decided(built, "", ANN, decision=unknown)
    assert refused.status == 400
    assert "There is no such authorisation." in refused.body.decode()


def test_two_who_write_at_once_lose_nothing_and_the_second_is_told(built: Network) -> None:
    first = saved(built, granted("TEST/both-1"))
    draft = str(first.draft.draft)
    by_ann = granted("TEST/both-1") | {"reason": "Written by Ann."}
    by_ben = granted("TEST/both-1") | {"reason": "Written by Ben."}
    assert saved(built, by_ann, ANN, draft=draft, base=1).draft.version == 2
    late = decided(built, "", BEN, draft=draft, base=1, decision=by_ben)
    assert (late.status, late.problem.code) == (409, "CR-DRAFT-CHANGED")
    told = shown(built, draft, BEN)
    assert (told.draft.decision.reason, told.draft.saved.name) == ("Written by Ann.", "Ann Maes")
    assert saved(built, by_ben, BEN, draft=draft, base=2).draft.version == 3
    reasons = [one.decision.reason for one in shown(built, draft).versions]
    assert reasons == ["Written by Ben.", "Written by Ann.", "They need it too."]


def by_both(built: Network, decision: dict[str, Any]) -> DraftShown:
    """Have both members agree to a text."""
    return agreed(built, agreed(built, saved(built, decision), ANN), BEN)


def planned(built: Network, found: DraftShown) -> SignedAct:
    return read(decided(built, "plan", ANN, draft=str(found.draft.draft)), SignedAct)


def test_a_decision_that_others_overtook_says_so(built: Network, tmp_path: Path) -> None:
    first, twin = by_both(built, granted("TEST/twin-1")), by_both(built, granted("TEST/twin-1"))
    put_in_force(built, planned(built, first), tmp_path)
    assert [shown(built, one.draft.draft).draft.state for one in (first, twin)] == ["in-force"] * 2
    late = by_both(built, granted("TEST/late-1"))
    sooner = by_both(built, granted("TEST/late-1", validFrom=str(TODAY + timedelta(days=20))))
    put_in_force(built, planned(built, sooner), tmp_path)
    told = shown(built, late.draft.draft)
    assert (told.draft.state, told.faults != ()) == ("agreed-by-two", True)
    refused = decided(built, "plan", ANN, draft=str(late.draft.draft))
    assert (refused.status, refused.problem.code) == (403, "CR-DRAFT-UNFIT")


def test_another_text_takes_back_what_was_agreed(built: Network) -> None:
    found = saved(built, granted("TEST/again-1"))
    draft = str(found.draft.draft)
    assert agreed(built, found, ANN).draft.state == "agreed-by-one"
    changed = saved(built, granted("TEST/again-1") | {"reason": "Other words."}, BEN, draft=draft, base=1)
    assert (changed.draft.state, changed.draft.agreed) == ("drafted", ())
    stale = decided(built, "agree", BEN, draft=draft, version=1)
    assert (stale.status, stale.problem.code) == (409, "CR-DRAFT-CHANGED")


def test_a_draft_can_be_given_up_and_is_then_over(built: Network) -> None:
    found = saved(built, granted("TEST/dropped-1"))
    act = {"draft": str(found.draft.draft), "version": 1}
    assert read(decided(built, "drop", BEN, **act), DraftShown).draft.state == "dropped"
    over = decided(built, "agree", ANN, **act)
    assert (over.status, over.problem.code) == (403, "CR-DRAFT-OVER")
    listed = read(decided(built, "query"), DraftList)
    assert "dropped" in [one.state for one in listed.items if one.draft == found.draft.draft]


async def test_every_act_is_logged_with_the_names(built: Network, module_database: Database) -> None:
    found = saved(built, granted("TEST/logged-1"))
    agreed(built, agreed(built, found, ANN), BEN)
    query = (
        "SELECT string_agg(event || ' ' || (content ->> 'name') || ' ' || coalesce(content ->> 'agreed', ''), '; '"
        " ORDER BY at, index) FROM log_entry WHERE content ->> 'reference' = 'TEST/logged-1'"
    )
    said = str(await value(module_database.url(), query))
    assert said.startswith("committee:draft:saved Ann Maes ; committee:draft:agreed Ann Maes ;")
    assert "committee:draft:decided Ben Smet" in said
    assert '["holder-ann", "Ann Maes"], ["holder-ben", "Ben Smet"]' in said


@pytest.mark.parametrize(
    "decision",
    [
        {"kind": "suspend", "reference": REFERENCE, "reason": "No day."},
        suspension(REFERENCE, TODAY, TODAY - timedelta(days=1)),
        suspension(REFERENCE, TODAY, TODAY) | {"kind": "withdraw"},
        {"kind": "grant", "reference": "TEST/x-1", "reason": "Nothing is granted."},
        granted("TEST/x-1") | {"reference": "TEST/y-1"},
        granted("TEST/x-1", modes=["pigeon"]),
        granted("TEST/x-1") | {"reason": f"For {ANNA}"},
        granted("TEST/x-1", source=f"ours: for {ANNA}"),
    ],
)
def test_a_text_that_says_too_little_is_malformed(built: Network, decision: dict[str, Any]) -> None:
    reply = decided(built, "", ANN, decision=decision)
    assert (reply.status, ANNA in reply.body.decode()) == (400, False)


@pytest.mark.parametrize("path", ["/query", "/show", "/agree", "/drop", "/plan", ""])
def test_only_whom_the_catalogue_lets_acts_for_the_committee(built: Network, path: str) -> None:
    draft = {"draft": "01890a5d-ac96-774b-bcce-b302099a8057"}
    known: dict[str, dict[str, Any]] = {
        "": {"decision": granted("TEST/x-1")},
        "/query": {},
        "/agree": draft | {"version": 1},
        "/drop": draft | {"version": 1},
    }
    more = known.get(path, draft)
    for caller, legal_context, code in ((CENTRE, "COMMITTEE:DECISION", "MSG00013"), (PORTAL, INQUIRY, "MSG00013")):
        content = decides(ANN, **more) | {"legalContext": legal_context}
        reply = posted(built, f"/v1/committee/drafts{path}", content, caller)
        assert (reply.status, reply.problem.code) == (403, code)


@pytest.mark.parametrize(
    "decision",
    [
        suspension(REFERENCE, date.min, date.max),
        suspension(REFERENCE, date.max),
        suspension(REFERENCE, date(2026, 1, 1), date(9999, 12, 30)),
        granted("TEST/edge-1", validFrom="0001-01-01", validUntil="9999-12-30"),
        granted(REFERENCE, validFrom="9999-12-31"),
        granted("TEST/edge-2", lookBackMonths=1200),
    ],
)
def test_what_lies_at_the_edge_is_saved_or_refused(built: Network, decision: dict[str, Any]) -> None:
    assert decided(built, "", ANN, decision=decision).status in {200, 400}
