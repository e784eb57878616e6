"""What may be asked in mode push: the data of a change that one was told of, and nothing beyond it."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crossroads.access.model import Decision, Pointer, Request
from crossroads.access.service import RULE_PUSH, decide
from crossroads.catalogue.model import Mode
from crossroads.directory.model import Facts, Line, PersonFacts
from crossroads.kernel.period import Period
from crossroads.wire.messages import Asker
from mutating import ADDRESS, BENEFITS, CIVIL, FILE, INQUIRY, PCSAS, SOURCE, entries, snapshot_of
from people import GHENT, LIVING_WAGE, days, ssin

TODAY = date(2026, 6, 1)
TOLD = Pointer(data_group=ADDRESS, period=days("2026-01-01", "2026-03-31"), legal_context=INQUIRY, authorisation=PCSAS)
HELD = (Line(1, SOURCE, FILE, days("2020-01-01"), 0), Line(2, GHENT, LIVING_WAGE, days("2020-01-01"), 0))


def asked(
    group: str = ADDRESS,
    lines: tuple[Line, ...] = HELD,
    without: str = "",
    authorisation: dict[str, Any] | None = None,
    **about: Any,
) -> Decision:
    given_fields: dict[str, Any] = {"mode": Mode.PUSH, "pointer": TOLD, "period": TOLD.period} | about
    request = Request(
        asker=Asker(institution=GHENT, agent="a", encryption_key="k" * 43),
        ssin=ssin(0),
        data_groups=(group,),
        reference_date=None,
        received_at=datetime(2026, 6, 1, tzinfo=UTC),
        received_on=TODAY,
        **({"legal_context": INQUIRY} | given_fields),
    )
    facts = Facts(1, datetime.min.replace(tzinfo=UTC), True, 1, PersonFacts(7, ssin(0), False, None), lines)
    found = [
        (kind, msgspec.structs.replace(entry, **authorisation) if authorisation and entry.key == PCSAS else entry)
        for kind, entry in entries()
        if entry.key != without
    ]
    return decide(request, snapshot_of(found), facts)


def reason(decision: Decision) -> tuple[str, str | None]:
    assert decision.permits == ()
    (withheld,) = decision.withheld
    return str(withheld.code), withheld.detail and str(withheld.detail)


def test_what_one_was_told_of_may_be_asked() -> None:
    (permit,) = asked().permits
    assert (permit.holder, permit.rule, permit.data_groups) == (SOURCE, RULE_PUSH, {ADDRESS: TOLD.period})
    assert permit.authorisations == {ADDRESS: PCSAS}


def test_what_goes_beyond_it_may_not() -> None:
    assert reason(asked(pointer=None)) == ("MSG00015", "CR-NO-MUTATION")
    assert reason(asked(CIVIL)) == ("MSG00015", "CR-BEYOND-MUTATION")
    assert reason(asked(period=days("2026-01-01"))) == ("MSG00015", "CR-BEYOND-MUTATION")
    assert reason(asked(legal_context=BENEFITS))[0] == "MSG00013"
    assert reason(asked(without=PCSAS)) == ("MSG00015", None)
    assert reason(asked(mode=Mode.ONLINE, pointer=None)) == ("MSG00015", None)


def test_inscription_is_asked_for_as_always() -> None:
    assert reason(asked(lines=HELD[:1])) == ("MSG00012", "CR-NOT-INSCRIBED")
    ended = HELD[1]._replace(period=days("2020-01-01", "2026-03-30"))
    assert reason(asked(lines=(HELD[0], ended))) == ("MSG00012", "CR-PERIOD-NOT-COVERED")


def test_an_authorisation_that_needs_no_inscription_serves_who_has_the_person_as_it_subscribed() -> None:
    free = {"inscription_contexts": (), "no_inscription_because": "invented for a test"}
    assert asked(authorisation=free).permits[0].lines == (1, 2)
    assert reason(asked(lines=HELD[:1], authorisation=free)) == ("MSG00012", "CR-NOT-INSCRIBED")
    parts = [
        HELD[1]._replace(period=days("2026-01-01", "2026-01-31")),
        Line(3, GHENT, LIVING_WAGE, days("2026-03-01"), 0),
    ]
    between = asked(lines=(HELD[0], *parts), authorisation=free, period=days("2026-02-01", "2026-02-28"))
    assert reason(between) == ("MSG00012", "CR-PERIOD-NOT-COVERED")


def test_who_subscribes_no_longer_fetches_no_longer() -> None:
    assert reason(asked(without="welfare")) == ("MSG00015", None)


def test_a_correction_of_what_was_asked_for_online_is_fetched_under_that_authorisation() -> None:
    online = {"modes": (Mode.ONLINE,)}
    (permit,) = asked(authorisation=online, without="welfare").permits
    assert (permit.rule, permit.authorisations) == (RULE_PUSH, {ADDRESS: PCSAS})
    assert reason(asked(lines=HELD[:1], authorisation=online, without="welfare")) == ("MSG00012", "CR-NOT-INSCRIBED")


@given(st.sampled_from([ADDRESS, CIVIL]), st.dates(date(2025, 12, 1), date(2026, 4, 30)), st.integers(0, 100))
def test_a_permit_never_exceeds_the_change(group: str, first: date, length: int) -> None:
    period = Period(first, date.fromordinal(first.toordinal() + length))
    for permit in asked(group, period=period).permits:
        assert set(permit.data_groups) == {TOLD.data_group}
        assert TOLD.period.contains(period)
