"""Who may ask what, about whom, when."""

from datetime import date
from typing import Any

import pytest

from crossroads.access.model import Permit
from crossroads.access.rules import look_back
from crossroads.catalogue.institutions import Management
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Availability, DataGroup, Temporality
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from ruling import (
    DATED,
    GRANTED,
    HELD,
    INSCRIBED,
    NAME,
    QUARTER,
    SSIN,
    TODAY,
    ask,
    authorisation,
    changed,
    facts,
    line,
    refusal,
    snapshot,
)


def test_a_question_that_is_authorised_and_inscribed_gets_a_permit_for_the_holder() -> None:
    (permit,) = ask(snapshot(GRANTED), facts(HELD, INSCRIBED)).permits
    assert (permit.holder, permit.audience, permit.person) == ("payroll", "payroll", 5)
    assert permit.data_groups == {"wage@1": QUARTER}
    assert permit.authorisations == {"wage@1": "A1"}
    assert permit.lines == (1, 2)
    assert permit.catalogue_version == 7


def test_only_access_makes_a_permit() -> None:
    with pytest.raises(TypeError, match="Only access"):
        Permit(
            holder="x",
            audience="x",
            person=1,
            ssin=SSIN,
            known_as=None,
            asker="x",
            on_behalf_of=None,
            legal_context="X:Y",
            data_groups={},
            authorisations={},
            rule="mine",
            catalogue_version=1,
            lines=(),
        )


@pytest.mark.parametrize(
    ("question", "code", "detail"),
    [
        ({"legal_context": "NO:SUCH"}, Code.LEGAL_CONTEXT_NOT_ALLOWED, None),
        ({"who": "stranger"}, Code.LEGAL_CONTEXT_NOT_ALLOWED, None),
        ({"who": "centre", "on_behalf_of": "small-centre"}, Code.LEGAL_CONTEXT_NOT_ALLOWED, Code.NOT_MANAGED),
        ({"who": "centre", "on_behalf_of": "nobody"}, Code.LEGAL_CONTEXT_NOT_ALLOWED, None),
        ({"groups": ("address@1",), "reference_date": TODAY}, Code.NOT_AUTHORISED, None),
        ({"groups": ("unheard-of@1",)}, Code.NOT_AUTHORISED, None),
        ({"who": "manager"}, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED),
        ({"period": Period(date(2019, 12, 31), date(2020, 1, 31))}, Code.NOT_INSCRIBED, Code.DETAIL_PERIOD_NOT_COVERED),
    ],
)
def test_refusals_keep_apart_what_must_be_kept_apart(question: dict[str, object], code: Code, detail: Code) -> None:
    decision = ask(snapshot(GRANTED), facts(HELD, INSCRIBED), **question)  # type: ignore[arg-type] # as given
    assert refusal(decision) == (StatusValue.NO_RESULT, code, detail)


def test_a_refusal_for_want_of_inscription_is_the_same_for_a_person_who_does_not_exist() -> None:
    unknown = ask(snapshot(GRANTED), facts(known=False))
    known = ask(snapshot(GRANTED), facts(HELD, deceased_on=date(2020, 1, 1)))
    replaced = ask(snapshot(GRANTED), facts(HELD, replaced=True))
    for decision in (known, replaced):
        assert (decision.withheld, decision.ssin, decision.replaces) == (unknown.withheld, SSIN, None)


def test_without_need_of_inscription_an_unknown_person_is_told_so() -> None:
    free = authorisation("A2", no_inscription_because="test", inscription_contexts=())
    assert refusal(ask(snapshot(free), facts(known=False))) == (
        StatusValue.NO_RESULT,
        Code.SSIN_DOES_NOT_EXIST,
        None,
    )


def test_a_person_who_died_before_the_period_has_no_data_and_one_who_died_in_it_has() -> None:
    dead = ask(snapshot(GRANTED), facts(HELD, INSCRIBED, deceased_on=date(2025, 12, 31)))
    assert refusal(dead) == (StatusValue.NO_DATA_FOUND, Code.DECEASED, None)
    assert ask(snapshot(GRANTED), facts(HELD, INSCRIBED, deceased_on=date(2026, 1, 1))).permits


def test_a_person_whom_nobody_holds_for_the_group_is_told_so() -> None:
    assert refusal(ask(snapshot(GRANTED), facts(INSCRIBED))) == (StatusValue.NO_DATA_FOUND, Code.NO_HOLDER, None)


def test_lines_of_one_authorisation_add_up_and_lines_of_two_do_not() -> None:
    first = line(2, "centre", "17:1", date(2025, 1, 1), date(2026, 1, 31))
    second = line(3, "centre", "17:2", date(2026, 2, 1))
    both = snapshot(authorisation("A1", "17:1", "17:2"))
    apart = snapshot(authorisation("A1", "17:1"), authorisation("A2", "17:2"))
    assert ask(both, facts(HELD, first, second)).permits
    assert refusal(ask(apart, facts(HELD, first, second)))[2] is Code.DETAIL_PERIOD_NOT_COVERED


def test_a_provisional_inscription_serves_only_the_groups_allowed_then() -> None:
    provisional = line(2, "centre", "17:1", date(2020, 1, 1), phase=902)
    assert ask(snapshot(authorisation("A1", "17:1")), facts(HELD, provisional)).permits
    elsewhere = line(2, "centre", "17:2", date(2020, 1, 1), phase=902)
    assert refusal(ask(snapshot(GRANTED), facts(HELD, elsewhere)))[1] is Code.NOT_INSCRIBED


def test_a_managed_institution_is_asked_for_by_its_manager_while_it_manages() -> None:
    own = line(2, "small-centre", "17:2", date(2020, 1, 1))
    asked = {"who": "manager", "on_behalf_of": "small-centre"}
    (permit,) = ask(snapshot(GRANTED), facts(HELD, own), **asked).permits  # type: ignore[arg-type] # as given
    assert (permit.asker, permit.on_behalf_of) == ("manager", "small-centre")


ENDED = date(2026, 6, 20)
LATER = date(2026, 6, 25)


@pytest.mark.parametrize(
    ("name", "changes", "detail"),
    [
        (
            "small-centre",
            {"managed_by": (Management(manager="manager", start_date=date(2026, 1, 1), end_date=ENDED),)},
            Code.NOT_MANAGED,
        ),
        ("small-centre", {"valid_until": ENDED}, None),
    ],
    ids=["a mandate", "an institution"],
)
def test_what_ended_between_receipt_and_decision_counts_no_more(
    name: str, changes: dict[str, Any], detail: Code | None
) -> None:
    catalogue = changed(snapshot(GRANTED), name, **changes)
    own = line(2, "small-centre", "17:2", date(2020, 1, 1))
    asked: dict[str, Any] = {"who": "manager", "on_behalf_of": "small-centre"}
    assert ask(catalogue, facts(HELD, own), **asked, decided_on=TODAY).permits
    late = ask(catalogue, facts(HELD, own), **asked, decided_on=LATER)
    assert refusal(late) == (StatusValue.NO_RESULT, Code.LEGAL_CONTEXT_NOT_ALLOWED, detail)


def test_a_secondary_holder_is_reached_through_its_manager() -> None:
    held = line(1, "small-centre", "17:2", date(2020, 1, 1))
    catalogue = snapshot(GRANTED, authorisation("A3", "17:2", data_groups=("aid@1",)))
    known = facts(held, INSCRIBED)
    entries = (
        *catalogue._facts.entries,
        (
            Kind.DATA_GROUP,
            DataGroup(
                id="aid@1",
                names=NAME,
                description=NAME,
                authentic_source=17,
                temporality=Temporality.PERIOD,
                json_schema={"type": "object"},
                **DATED,
            ),
        ),
        (Kind.AVAILABILITY, Availability(data_group="aid@1", inscription_context="17:2", **DATED)),
    )
    permits = ask(Snapshot(catalogue._facts._replace(entries=entries)), known, groups=("aid@1",)).permits
    assert {(permit.holder, permit.audience) for permit in permits} == {
        ("centre", "centre"),
        ("small-centre", "manager"),
    }


def test_holders_over_successive_periods_are_each_asked_for_their_part() -> None:
    first = line(1, "payroll", "12:10", date(2020, 1, 1), date(2026, 2, 10))
    second = line(4, "stranger", "12:10", date(2026, 2, 11), None)
    permits = ask(snapshot(GRANTED), facts(first, second, INSCRIBED)).permits
    assert {permit.holder: permit.data_groups["wage@1"] for permit in permits} == {
        "payroll": Period(date(2026, 1, 1), date(2026, 2, 10)),
        "stranger": Period(date(2026, 2, 11), date(2026, 3, 31)),
    }


def test_a_holder_with_several_lines_is_asked_once_from_the_first_day_to_the_last() -> None:
    third = line(4, "payroll", "12:10", date(2026, 3, 1), date(2026, 3, 10))
    first = line(1, "payroll", "12:10", date(2020, 1, 1), date(2026, 1, 31))
    second = line(3, "payroll", "12:10", date(2026, 2, 5), date(2026, 2, 5))
    (permit,) = ask(snapshot(GRANTED), facts(third, first, second, INSCRIBED)).permits
    assert permit.data_groups == {"wage@1": Period(date(2026, 1, 1), date(2026, 3, 10))}
    assert permit.lines == (1, 2, 3, 4)


def test_a_replaced_number_is_answered_with_the_new_one() -> None:
    decision = ask(snapshot(GRANTED), facts(HELD, INSCRIBED, replaced=True))
    assert (decision.ssin, decision.replaces) == ("80631512492", SSIN)
    assert decision.permits[0].known_as == SSIN


def test_a_group_that_fails_is_filtered_with_its_reason_and_the_rest_is_asked() -> None:
    decision = ask(
        snapshot(GRANTED), facts(HELD, INSCRIBED), groups=("wage@1", "address@1"), reference_date=date(2026, 1, 1)
    )
    assert [permit.data_groups for permit in decision.permits] == [{"wage@1": QUARTER}]
    assert [(w.data_group, w.code) for w in decision.withheld] == [("address@1", Code.NOT_AUTHORISED)]


def test_a_period_may_not_begin_before_the_look_back() -> None:
    bounded = snapshot(authorisation("A1", "17:2", look_back_months=4))
    assert refusal(ask(bounded, facts(HELD, INSCRIBED)))[2] is Code.DETAIL_LOOK_BACK
    late = Period(date(2026, 2, 15), date(2026, 3, 31))
    assert ask(bounded, facts(HELD, INSCRIBED), period=late).permits


@pytest.mark.parametrize(
    ("months", "received", "first"),
    [
        (1, date(2026, 3, 31), date(2026, 2, 28)),
        (1, date(2024, 3, 31), date(2024, 2, 29)),
        (12, date(2026, 6, 15), date(2025, 6, 15)),
        (6, date(2026, 6, 15), date(2025, 12, 15)),
        (1200, date(2026, 6, 15), date(1926, 6, 15)),
    ],
)
def test_look_back_counts_calendar_months(months: int, received: date, first: date) -> None:
    assert look_back(authorisation("A", "17:2", look_back_months=months), received) == first
