"""What a decision makes of the catalogue: on the days that it names the authorisation does not stand."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crossroads.catalogue.changes import applied
from crossroads.catalogue.entries import Entry, Provenance, Text
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.kinds import Entries, Kind, identify, to_body
from crossroads.catalogue.model import Authorisation, Mode, Subscription
from crossroads.committee.model import Believed, effect, in_force_since
from crossroads.wire.committee import Decision, DecisionKind

DAY = date(2026, 3, 1)
REFERENCE = "TEST/one-1"
DAYS = st.integers(-30, 30).map(lambda number: DAY + timedelta(days=number))
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def authorisation(first: date, last: date | None = None) -> Authorisation:
    return Authorisation(
        reference=REFERENCE,
        names=Text(en="A test"),
        parties=(Party(sector=17),),
        legal_contexts=("TEST:PURPOSE",),
        data_groups=("living-wage@1",),
        modes=(Mode.ONLINE, Mode.PUSH),
        no_inscription_because="It is a test.",
        valid_from=first,
        valid_until=last,
        provenance=Provenance.ILLUSTRATIVE,
        source="ours: invented for a test",
    )


def subscription(first: date, last: date | None = None) -> Subscription:
    return Subscription(
        id="test-one",
        party=Party(sector=17),
        data_groups=("living-wage@1",),
        inscription_contexts=(),
        authorisation=REFERENCE,
        valid_from=first,
        valid_until=last,
        provenance=Provenance.ILLUSTRATIVE,
        source="ours: invented for a test",
    )


def entries(*ones: Authorisation | Subscription) -> Entries:
    kinds = {Authorisation: Kind.AUTHORISATION, Subscription: Kind.SUBSCRIPTION}
    return {identify(kinds[type(one)], one): one for one in ones}


def stands(found: Entries, day: date, kind: type[Entry] = Authorisation) -> int:
    return sum(isinstance(one, kind) and one.in_force(day) for one in found.values())


@given(DAYS, st.one_of(st.none(), st.integers(0, 40)), DAYS, st.one_of(st.none(), st.integers(0, 40)))
def test_a_suspension_takes_its_days_and_no_others(
    first: date, length: int | None, begins: date, days: int | None
) -> None:
    until = None if length is None else first + timedelta(days=length)
    last = None if days is None else begins + timedelta(days=days)
    standing = entries(authorisation(first, until), subscription(first, until))
    decision = Decision(
        kind=DecisionKind.SUSPEND, reference=REFERENCE, reason="A test.", first_day=begins, last_day=last
    )
    after = applied(standing, effect(decision, standing, DAY).changes)
    for number in range(-35, 75):
        day = DAY + timedelta(days=number)
        suspended = begins <= day and (last is None or day <= last)
        for kind in (Authorisation, Subscription):
            assert stands(after, day, kind) == (0 if suspended else stands(standing, day, kind))


@given(DAYS, DAYS)
def test_what_is_granted_takes_the_place_of_what_stood(first: date, again: date) -> None:
    standing = entries(authorisation(first))
    new = msgspec.structs.replace(authorisation(again), no_inscription_because="Other terms.")
    decision = Decision(kind=DecisionKind.GRANT, reference=REFERENCE, reason="A test.", authorisation=to_body(new))
    after = applied(standing, effect(decision, standing, DAY).changes)
    if again < first:
        return  # two would stand on one day: the check of the catalogue names it
    for number in range(-35, 40):
        day = DAY + timedelta(days=number)
        assert stands(after, day) == stands(standing, day)
    assert new in after.values()


def test_it_is_in_force_from_the_moment_at_which_the_catalogue_says_so() -> None:
    decided, applied_at = SINCE + timedelta(days=5), SINCE + timedelta(days=9)
    decision = Decision(kind=DecisionKind.WITHDRAW, reference=REFERENCE, reason="A test.", first_day=DAY)
    before = Believed(authorisation(DAY - timedelta(days=9)), SINCE, None)
    assert in_force_since(decision, [before], decided) is None
    ended = Believed(authorisation(DAY - timedelta(days=9), DAY - timedelta(days=1)), applied_at, None)
    replaced = before._replace(until=applied_at)
    assert in_force_since(decision, [replaced, ended], decided) == applied_at
    granted_anew = Believed(authorisation(DAY), applied_at + timedelta(days=3), None)
    assert in_force_since(decision, [replaced, ended, granted_anew], decided) == applied_at
    assert in_force_since(decision, [before._replace(until=applied_at)], decided) == applied_at
