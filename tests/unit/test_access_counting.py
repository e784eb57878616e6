"""What counts for a decision: what is in force, names the asker and the mode, and is no line of a replaced number."""

from datetime import date, timedelta
from typing import Any

import pytest

from crossroads.catalogue.institutions import Party
from crossroads.catalogue.model import Mode
from crossroads.directory.model import Line
from crossroads.kernel.codes import Code, StatusValue
from ruling import GRANTED, HELD, INSCRIBED, TODAY, ask, authorisation, changed, facts, line, refusal, snapshot

YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
KNOWN = facts(HELD, INSCRIBED)
NOT_AUTHORISED = (StatusValue.NO_RESULT, Code.NOT_AUTHORISED, None)
NO_HOLDER = (StatusValue.NO_DATA_FOUND, Code.NO_HOLDER, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until": YESTERDAY},
        {"valid_from": TOMORROW},
        {"parties": (Party(institution="manager"),)},
        {"parties": (Party(sector=17, type=1),)},
        {"parties": (Party(sector=99), Party(sector=12))},
        {"modes": (Mode.BATCH, Mode.PUSH)},
        {"legal_contexts": ("PCSA:OTHER",)},
        {"data_groups": ("address@1",)},
    ],
    ids=repr,
)
def test_an_authorisation_counts_for_its_days_parties_modes_purposes_and_groups_alone(changes: dict[str, Any]) -> None:
    assert refusal(ask(snapshot(authorisation("A1", "17:2", **changes)), KNOWN)) == NOT_AUTHORISED


@pytest.mark.parametrize("days", [{"valid_until": TODAY}, {"valid_from": TODAY}], ids=repr)
def test_its_first_and_its_last_day_count(days: dict[str, date]) -> None:
    assert ask(snapshot(authorisation("A1", "17:2", **days)), KNOWN).permits


def test_one_that_was_withdrawn_between_receipt_and_decision_counts_no_more() -> None:
    catalogue = snapshot(authorisation("A1", "17:2", valid_until=TODAY))
    assert ask(catalogue, KNOWN, decided_on=TODAY).permits
    assert refusal(ask(catalogue, KNOWN, decided_on=TOMORROW)) == NOT_AUTHORISED


def test_one_that_began_between_receipt_and_decision_does_not_count_yet() -> None:
    catalogue = snapshot(authorisation("A1", "17:2", valid_from=TOMORROW))
    assert refusal(ask(catalogue, KNOWN, decided_on=TOMORROW)) == NOT_AUTHORISED


@pytest.mark.parametrize("days", [{"valid_until": YESTERDAY}, {"valid_from": TOMORROW}], ids=repr)
@pytest.mark.parametrize("entry", ["wage@1 12:10", "payroll"])
def test_nobody_is_asked_who_is_not_there_or_no_longer_has_it(entry: str, days: dict[str, date]) -> None:
    assert refusal(ask(changed(snapshot(GRANTED), entry, **days), KNOWN)) == NO_HOLDER


@pytest.mark.parametrize("days", [{"valid_until": YESTERDAY}, {"valid_from": TOMORROW}], ids=repr)
@pytest.mark.parametrize("entry", ["PCSA:SOCIAL_INQUIRY", "centre"])
def test_who_is_not_there_or_has_not_the_purpose_today_gets_nothing(entry: str, days: dict[str, date]) -> None:
    decision = ask(changed(snapshot(GRANTED), entry, **days), KNOWN)
    assert refusal(decision) == (StatusValue.NO_RESULT, Code.LEGAL_CONTEXT_NOT_ALLOWED, None)


@pytest.mark.parametrize("days", [{"valid_until": YESTERDAY}, {"valid_from": TOMORROW}], ids=repr)
def test_a_data_group_that_is_not_there_today_is_authorised_for_nobody(days: dict[str, date]) -> None:
    assert refusal(ask(changed(snapshot(GRANTED), "wage@1", **days), KNOWN)) == NOT_AUTHORISED


REPLACED = 999


def test_the_line_of_a_number_that_was_replaced_opens_nothing_and_is_no_source() -> None:
    asking: Line = line(2, "centre", "17:2", date(2020, 1, 1), phase=REPLACED)
    holding: Line = line(1, "payroll", "12:10", date(2020, 1, 1), phase=REPLACED)
    not_inscribed = (StatusValue.NO_RESULT, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED)
    assert refusal(ask(snapshot(GRANTED), facts(HELD, asking))) == not_inscribed
    assert refusal(ask(snapshot(GRANTED), facts(holding, INSCRIBED))) == NO_HOLDER
