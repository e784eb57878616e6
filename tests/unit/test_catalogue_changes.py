"""A plan says exactly what it takes to make one catalogue out of another, and who must sign it."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.catalogue.changes import Action, Change, Plan, applied, diff, read_plan, render
from crossroads.catalogue.entries import Entry, Provenance, Text
from crossroads.catalogue.errors import StalePlan, UnfitAct
from crossroads.catalogue.institutions import Sector
from crossroads.catalogue.kinds import Entries, Kind, by_id, document_of, identify
from crossroads.catalogue.model import Document
from crossroads.wire.registrations import act
from founding import small_catalogue

_day = st.dates(date(2000, 1, 1), date(2030, 12, 31))
_name = st.sampled_from(["one", "two", "three"])


@st.composite
def _sectors(draw: st.DrawFn) -> Sector:
    start = draw(_day)
    end = draw(st.none() | st.integers(0, 1000).map(lambda days: start + timedelta(days)))
    return Sector(
        number=draw(st.integers(0, 3)),
        names=Text(en=draw(_name)),
        valid_from=start,
        valid_until=end,
        provenance=draw(st.sampled_from(Provenance)),
        source="a test",
    )


_WHOLE = by_id(small_catalogue())
_some_sectors = st.lists(_sectors(), max_size=6).map(lambda each: {identify(Kind.SECTOR, s): s for s in each})
_catalogues = st.builds(
    lambda sectors, others: {**{key: _WHOLE[key] for key in others}, **sectors},
    _some_sectors,
    st.sets(st.sampled_from(sorted(_WHOLE))),
)


@given(before=_catalogues, after=_catalogues)
def test_applying_the_difference_gives_the_other(before: Entries, after: Entries) -> None:
    assert applied(before, diff(before, after)) == after


@given(catalogue=_catalogues)
def test_there_is_no_difference_to_itself(catalogue: Entries) -> None:
    assert diff(catalogue, catalogue) == ()


@given(before=_catalogues, after=_catalogues, other=_catalogues)
def test_a_plan_applies_only_to_what_it_was_made_for(before: Entries, after: Entries, other: Entries) -> None:
    changes = diff(before, after)
    touched = {change.identity for change in changes}
    if any(before.get(each) != other.get(each) for each in touched):
        with pytest.raises(StalePlan):
            applied(other, changes)
    else:
        assert {each: applied(other, changes).get(each) for each in touched} == {e: after.get(e) for e in touched}


@given(before=_catalogues, after=_catalogues)
def test_a_plan_survives_the_journey(before: Entries, after: Entries) -> None:
    plan = Plan(installation="here", base_version=3, changes=diff(before, after))
    assert read_plan(plan.signable()) == plan


def _plan(before: Document, after: Document) -> Plan:
    return Plan(installation="here", base_version=1, changes=diff(by_id(before), by_id(after)))


def _with(document: Document, kind: Kind, **changed: Any) -> Document:
    """Give the document with the last entry of a kind changed."""
    entries: tuple[Entry, ...] = getattr(document, kind.attribute)
    last = msgspec.structs.replace(entries[-1], **changed)
    return msgspec.structs.replace(document, **{kind.attribute: (*entries[:-1], last)})


@pytest.mark.parametrize(
    ("kind", "changed", "action", "needed"),
    [
        (Kind.SECTOR, {"names": Text(en="Other")}, Action.CHANGE, 1),
        (Kind.SECTOR, {"valid_until": date(2026, 1, 1)}, Action.END, 1),
        (Kind.INSTITUTION, {"names": Text(en="Other")}, Action.CHANGE, 1),
        (Kind.INSTITUTION, {"managed_by": ()}, Action.CHANGE, 2),
        (Kind.INSTITUTION, {"type": 0}, Action.CHANGE, 2),
        (Kind.INSCRIPTION_CONTEXT, {"names": Text(en="Other")}, Action.CHANGE, 1),
        (Kind.INSCRIPTION_CONTEXT, {"exclusive": False}, Action.CHANGE, 2),
        (Kind.DATA_GROUP, {"unsealed_because": "why not"}, Action.CHANGE, 2),
        (Kind.DATA_GROUP, {"description": Text(en="Other")}, Action.CHANGE, 1),
        (Kind.LEGAL_CONTEXT, {"assigned_to": ()}, Action.CHANGE, 2),
        (Kind.LEGAL_CONTEXT, {"names": Text(en="Other")}, Action.CHANGE, 1),
        (Kind.AUTHORISATION, {"names": Text(en="Other")}, Action.CHANGE, 2),
        (Kind.AUTHORISATION, {"valid_until": date(2026, 1, 1)}, Action.END, 2),
        (Kind.SUBSCRIPTION, {"valid_until": date(2026, 1, 1)}, Action.END, 1),
    ],
)
def test_what_widens_who_may_see_what_needs_two(
    kind: Kind, changed: dict[str, Any], action: Action, needed: int
) -> None:
    plan = _plan(small_catalogue(), _with(small_catalogue(), kind, **changed))
    assert [(change.kind, change.action) for change in plan.changes] == [(kind, action)]
    assert plan.operators_needed == needed


def test_an_end_that_moves_out_is_a_change_and_not_an_end() -> None:
    ended = _with(small_catalogue(), Kind.SECTOR, valid_until=date(2026, 1, 1))
    (change,) = _plan(ended, small_catalogue()).changes
    assert change.action is Action.CHANGE


def test_true_and_one_in_a_schema_are_not_the_same() -> None:
    (old,) = small_catalogue().data_groups
    schemas: list[dict[str, Any]] = [{"const": 1}, {"const": True}]
    one, other = (
        by_id(Document(data_groups=(msgspec.structs.replace(old, json_schema=schema),))) for schema in schemas
    )
    assert [change.action for change in diff(one, other)] == [Action.CHANGE]


def test_a_plan_is_read_by_people() -> None:
    after = _with(small_catalogue(), Kind.SECTOR, names=Text(en="Other"))
    after = _with(after, Kind.AVAILABILITY, valid_until=date(2026, 1, 1))
    after = msgspec.structs.replace(after, subscriptions=())
    assert list(render(_plan(small_catalogue(), after))) == [
        "~ sector 25 (from 2020-01-01)",
        '    names: {"en":"Crossroads"} becomes {"en":"Other"}',
        "- availability living-wage@1 17:2 (from 2020-01-01): ends on 2026-01-01",
        "- subscription living-wage-to-centres (from 2020-01-01): is withdrawn at once",
    ]
    assert next(render(_plan(Document(), after))) == "+ sector 17 (from 2020-01-01)"


def test_what_is_granted_is_written_out() -> None:
    lines = list(render(_plan(msgspec.structs.replace(small_catalogue(), authorisations=()), small_catalogue())))
    assert lines[0] == "+ authorisation TEST/1 (from 2020-01-01)"
    assert '"parties":[{"sector":17,"type":1}]' in lines[1]


def test_a_plan_that_shows_one_thing_and_does_another_is_refused() -> None:
    (change,) = _plan(small_catalogue(), _with(small_catalogue(), Kind.SECTOR, names=Text(en="Other"))).changes
    for forged in (
        {"action": Action.ADD},
        {"action": Action.END},
        {"key": "17"},
        {"kind": Kind.INSTITUTION},
        {"valid_from": "2020-01-02"},
        {"after": {"number": "x"}},
        {"before": None, "after": None},
    ):
        wrong = (msgspec.structs.replace(change, **forged),)
        with pytest.raises((UnfitAct, StalePlan)):
            applied(by_id(small_catalogue()), wrong)
        with pytest.raises(UnfitAct):
            read_plan(Plan(installation="here", base_version=1, changes=wrong).signable())


def test_what_is_no_plan_is_refused() -> None:
    nul = Plan(installation="here", base_version=1, reason="\x00", changes=()).signable()
    for other in (act("register-key", {}), act("apply-catalogue", {"installation": "here"}), nul):
        with pytest.raises(UnfitAct):
            read_plan(other)


def test_a_document_is_the_sum_of_its_entries() -> None:
    assert (
        document_of((identity.kind, entry) for identity, entry in by_id(small_catalogue()).items()) == small_catalogue()
    )


def test_a_change_keeps_all_that_was_said() -> None:
    (change,) = _plan(Document(), Document(sectors=small_catalogue().sectors[:1])).changes
    assert change == Change(
        action=Action.ADD,
        kind=Kind.SECTOR,
        key="17",
        valid_from="2020-01-01",
        after=msgspec.json.decode(msgspec.json.encode(small_catalogue().sectors[0])),
    )
