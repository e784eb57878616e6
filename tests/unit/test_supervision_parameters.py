"""The numbers by which patterns are flagged: on any day, what was said last for the newest day that had come."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossroads.transparency.parameters import AT_FIRST, OF_RULE, RANGES, in_force, marked
from crossroads.wire.supervision import Parameter, ParameterVersion, Rule

DAY = date(2026, 3, 1)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def versions(draw: st.DrawFn) -> list[ParameterVersion]:
    """Give versions as the store does: by parameter, day and moment."""
    made = draw(
        st.lists(
            st.tuples(st.sampled_from(Parameter), st.integers(-5, 5), st.integers(0, 50), st.integers(1, 99)),
            unique_by=lambda one: one[:3],
            max_size=20,
        )
    )
    return [
        ParameterVersion(
            parameter=parameter,
            value=value,
            valid_from=DAY + timedelta(days=days),
            recorded_at=BEGAN + timedelta(hours=hours),
        )
        for parameter, days, hours, value in sorted(made, key=lambda one: (list(Parameter).index(one[0]), *one[1:]))
    ]


@given(versions(), st.integers(-6, 6))
def test_the_newest_that_has_come_is_in_force(made: list[ParameterVersion], days: int) -> None:
    on = DAY + timedelta(days=days)
    found = in_force(made, on)
    for parameter in Parameter:
        come = [one for one in made if one.parameter is parameter and one.valid_from and one.valid_from <= on]
        newest = max(come, key=lambda one: (one.valid_from, one.recorded_at), default=None)
        assert found[parameter] == (newest.value if newest else AT_FIRST[parameter])


@given(versions(), st.integers(-6, 6))
def test_what_comes_later_changes_no_day_before(made: list[ParameterVersion], days: int) -> None:
    on = DAY + timedelta(days=days)
    earlier = [one for one in made if one.valid_from and one.valid_from <= on]
    assert in_force(made, on) == in_force(earlier, on)


@given(versions())
def test_every_version_is_listed_and_one_of_each_is_in_force(made: list[ParameterVersion]) -> None:
    listed = marked(made, DAY)
    assert [one.parameter for one in listed if one.in_force] == list(Parameter)
    assert {(one.parameter, one.valid_from, one.recorded_at) for one in made} <= {
        (one.parameter, one.valid_from, one.recorded_at) for one in listed
    }


def test_what_holds_at_first_may_be_set_and_every_rule_says_its_numbers() -> None:
    assert all(AT_FIRST[parameter] in RANGES[parameter] for parameter in Parameter)
    assert OF_RULE.keys() == set(Rule)
    assert {parameter for of in OF_RULE.values() for parameter in of} == set(Parameter)
