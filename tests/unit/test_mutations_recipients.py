"""Who is told of a change: the rule, held against a naive account of it, day by day."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossroads.access.push import Changed, Pushing, PushPermit
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation, Mode, Subscription
from crossroads.directory.model import Line
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from mutating import ADDRESS, CHILD, CIVIL, FUNDS, INQUIRY, PCSAS, SOURCE, STRANGER, authorisation, entries, snapshot_of
from people import FUND, GHENT, LIEGE, LIVING_WAGE, MANAGED, MANAGER, days

TODAY, FIRST = date(2026, 6, 1), date(2026, 1, 1)
OTHER = "17:4"
PLACES = (GHENT, LIEGE, MANAGED, FUND, STRANGER, SOURCE, "unheard-of")
CONTEXTS = (LIVING_WAGE, CHILD, OTHER)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(st.integers(0, 20))
    length = draw(st.none() | st.integers(0, 10))
    first = FIRST + timedelta(days=start)
    return Period(first, None if length is None else first + timedelta(days=length))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    rows = st.tuples(st.sampled_from(PLACES), st.sampled_from(CONTEXTS), periods(), st.sampled_from([0, 0, 902, 999]))
    return tuple(Line(at, *row) for at, row in enumerate(draw(st.lists(rows, max_size=12))))


@st.composite
def catalogues(draw: st.DrawFn) -> list[tuple[Kind, Any]]:
    """Give the catalogue with some subscriptions and authorisations more, or other than they should be."""
    found = entries()
    for at in range(draw(st.integers(0, 3))):
        party = draw(st.sampled_from([Party(sector=17), Party(institution=GHENT), Party(sector=7)]))
        groups = tuple(draw(st.sets(st.sampled_from([ADDRESS, CIVIL]), min_size=1)))
        contexts = draw(st.lists(st.sampled_from(CONTEXTS), min_size=1, max_size=2, unique=True))
        granted = authorisation(
            f"CR-ILL/{at}",
            draw(st.sampled_from([party, Party(sector=17)])),
            INQUIRY,
            draw(st.lists(st.sampled_from(CONTEXTS), max_size=2, unique=True)) or (LIVING_WAGE,),
            modes=draw(st.sampled_from([(Mode.PUSH,), (Mode.ONLINE,)])),
            data_groups=tuple(draw(st.sets(st.sampled_from([ADDRESS, CIVIL]), min_size=1))),
            valid_until=draw(st.sampled_from([None, date(2026, 5, 31)])),
            look_back_months=draw(st.sampled_from([None, 4, 5])),
        )
        found.append((Kind.AUTHORISATION, granted))
        subscription = Subscription(
            id=f"s{at}",
            party=party,
            data_groups=groups,
            inscription_contexts=tuple(contexts),
            authorisation=granted.reference,
            valid_from=date(1990, 1, 15),
            provenance=granted.provenance,
            source=granted.source,
        )
        found.append((Kind.SUBSCRIPTION, subscription))
    return found


@given(catalogues(), lines(), periods(), st.sampled_from([ADDRESS, CIVIL]))
def test_exactly_those_are_told_whom_the_naive_account_names(
    found: list[tuple[Kind, Any]], held: tuple[Line, ...], period: Period, group: str
) -> None:
    pushing = Pushing(snapshot_of(found), TODAY)
    permits = pushing.permits(Changed(SOURCE, group, period), held)
    expected = {place: days_known(found, held, place, group, period) for place in PLACES}
    assert {permit.institution for permit in permits} == {place for place, known in expected.items() if any(known)}
    for permit in permits:
        allowed = expected[permit.institution]
        shown = every_day(permit.period)
        assert any({min(known), max(known)} == {shown[0], shown[-1]} for known in allowed if known)
        assert permit.whole == any(known == set(every_day(period)) for known in allowed)
        assert permit.mailbox == (MANAGER if permit.institution == MANAGED else permit.institution)


@given(catalogues(), lines(), periods(), st.sampled_from(PLACES))
def test_whoever_is_not_told_can_be_told_why(
    found: list[tuple[Kind, Any]], held: tuple[Line, ...], period: Period, place: str
) -> None:
    changed = Changed(SOURCE, ADDRESS, period)
    pushing = Pushing(snapshot_of(found), TODAY)
    told = {permit.institution for permit in pushing.permits(changed, held)}
    decided = pushing.decide(changed, place, [line for line in held if line.institution == place])
    assert isinstance(decided, PushPermit) == (place in told)


def days_known(
    found: Sequence[tuple[Kind, Any]], held: Sequence[Line], place: str, group: str, period: Period
) -> list[set[date]]:
    """Give, for each subscription of an institution, the days of the change that it may know."""
    sector = {GHENT: 17, LIEGE: 17, MANAGED: 17, FUND: 7, STRANGER: 50}.get(place)
    subscriptions = [entry for _, entry in found if isinstance(entry, Subscription)]
    granted = {entry.reference: entry for _, entry in found if isinstance(entry, Authorisation)}
    known = []
    for subscription in subscriptions:
        reason = granted[subscription.authorisation]
        named = any(party in (Party(sector=sector), Party(institution=place)) for party in reason.parties if sector)
        if (
            sector is None
            or subscription.party not in (Party(sector=sector), Party(institution=place))
            or not named
            or group not in subscription.data_groups
            or group not in reason.data_groups
            or Mode.PUSH not in reason.modes
            or not reason.in_force(TODAY)
            or (sector == 7 and INQUIRY in reason.legal_contexts)
        ):
            continue
        contexts = set(subscription.inscription_contexts) & set(reason.inscription_contexts)
        mine = [line for line in held if line.institution == place and line.context in contexts and line.phase == 0]
        first = {None: date.min, 4: date(2026, 2, 1), 5: date(2026, 1, 1)}[reason.look_back_months]
        known.append(
            {day for day in every_day(period) if day >= first and any(day in every_day(one.period) for one in mine)}
        )
    return known


def every_day(period: Period) -> list[date]:
    """Give the days of a period; the last one stands for all that follow."""
    last = period.end_date or date(2026, 3, 31)
    return [period.start_date + timedelta(days=at) for at in range((last - period.start_date).days + 1)]


def test_the_reason_is_the_first_that_holds() -> None:
    changed = Changed(SOURCE, ADDRESS, days("2026-01-01"))
    line = Line(1, GHENT, LIVING_WAGE, days("2020-01-01"), 0)

    def why(place: str, *own: Line, without: str = "") -> object:
        found = [(kind, entry) for kind, entry in entries() if entry.key != without]
        decided = Pushing(snapshot_of(found), TODAY).decide(changed, place, own)
        return None if isinstance(decided, PushPermit) else decided

    assert why(GHENT, line) is None
    assert why(SOURCE, line._replace(institution=SOURCE)) == Code.NOT_TOLD_SOURCE
    assert why(GHENT) == Code.DETAIL_NOT_INSCRIBED
    assert why(GHENT, line._replace(phase=999)) == Code.DETAIL_NOT_INSCRIBED
    assert why(GHENT, line._replace(context=OTHER)) == Code.DETAIL_NOT_INSCRIBED
    assert why(GHENT, line._replace(period=days("2020-01-01", "2025-12-31"))) == Code.NOT_TOLD_PERIOD
    assert why(GHENT, line, without="welfare") == Code.NOT_SUBSCRIBED
    assert why(GHENT, line, without=PCSAS) == Code.NOT_AUTHORISED
    assert why(FUND, line._replace(institution=FUND, context=CHILD), without=FUNDS) == Code.NOT_AUTHORISED
