"""A permit never exceeds what it rests on, whatever the catalogue and the directory hold."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossroads.access.rules import look_back
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.model import Authorisation, Mode
from crossroads.directory.model import Line
from crossroads.kernel.period import Period, covered
from ruling import GRANTED, HELD, INSCRIBED, TODAY, ask, authorisation, changed, facts, institution, snapshot

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 10)
days = st.dates(FIRST, LAST)
periods = st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair)))


def lines(who: list[str], contexts: list[str]) -> st.SearchStrategy[list[Line]]:
    """Give some lines: on all days, or on some."""
    some = st.builds(
        Line,
        st.integers(1, 99),
        st.sampled_from(who),
        st.sampled_from(contexts),
        st.just(Period(FIRST)) | periods,
        st.sampled_from([0, 902, 999]),
    )
    return st.lists(some, min_size=1, max_size=4)


COUNTS: list[dict[str, Any]] = [{}, {}, {"valid_until": TODAY}, {"valid_from": TODAY}]
COUNTS_NOT: list[dict[str, Any]] = [
    {"valid_until": TODAY - timedelta(1)},
    {"valid_from": TODAY + timedelta(1)},
    {"parties": (Party(institution="manager"), Party(sector=12))},
    {"modes": (Mode.BATCH, Mode.PUSH)},
    {"look_back_months": 0},
]
authorisations = st.lists(
    st.builds(
        lambda number, contexts, what: authorisation(f"B{number}", *contexts, **what),
        st.integers(1, 9),
        st.sampled_from([("17:1",), ("17:1",), ("17:2",), ("17:1", "17:2")]),
        st.sampled_from([*COUNTS, *COUNTS_NOT]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda entry: entry.reference,
)


@given(
    authorisations,
    lines(["centre"], ["17:1", "17:1", "17:2"]),
    lines(["payroll", "stranger", "manager"], ["12:10"]),
    periods,
)
def test_a_permit_never_exceeds_its_authorisation(
    others: list[Authorisation], own: list[Line], held: list[Line], asked: Period
) -> None:
    # By the last authorisation, with the last two lines, there is always a permit; what comes before may count too.
    granted = [*others, GRANTED]
    inscriptions = [*own, *held, INSCRIBED, HELD]
    catalogue = changed(snapshot(*granted), "stranger", valid_until=date(2026, 6, 14))
    decision = ask(catalogue, facts(*inscriptions), period=asked)
    assert decision.permits
    by_reference = {entry.reference: entry for entry in granted}
    for permit in decision.permits:
        (period,) = permit.data_groups.values()
        (resting_on,) = (by_reference[reference] for reference in permit.authorisations.values())
        counting = [
            entry.period
            for entry in inscriptions
            if entry.institution == "centre"
            and entry.context in resting_on.inscription_contexts
            and (entry.phase == 0 or (entry.phase == 902 and entry.context == "17:1"))
        ]
        there = [
            entry.period
            for entry in inscriptions
            if (entry.institution, entry.context) == (permit.holder, "12:10") and entry.phase != 999
        ]
        assert permit.data_groups.keys() == {"wage@1"}
        assert resting_on.in_force(TODAY)
        assert Mode.ONLINE in resting_on.modes
        assert any(party.includes(institution("centre", 17)) for party in resting_on.parties)
        assert period.start_date >= look_back(resting_on, TODAY)
        assert asked.contains(period)
        assert covered(asked, counting)
        assert permit.holder in {"payroll", "manager"}
        assert {period.start_date, period.last} <= {day for one in there for day in _days(one.intersection(asked))}


def _days(period: Period | None) -> set[date]:
    if period is None:
        return set()
    return {period.start_date + timedelta(number) for number in range((period.last - period.start_date).days + 1)}
