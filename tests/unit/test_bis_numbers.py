"""Numbers of the BIS register: always valid, always of the birth date, never twice."""

from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.identity.bis_numbers import Series, all_series, birth_of
from crossroads.kernel.errors import Malformed
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.ssin import Environment, IncompleteDate, Register, parse_ssin

TODAY = date(2026, 6, 30)
PLACE = "$.particulars.birthDate"
days = st.dates(date(1900, 1, 1), TODAY)
born = st.one_of(
    days.map(lambda day: IncompleteDate(day.year, day.month, day.day)),
    days.map(lambda day: IncompleteDate(day.year, day.month, 0)),
    days.map(lambda day: IncompleteDate(day.year, 0, 0)),
)
sexes = st.sampled_from([None, *Sex])


@given(born, sexes, st.sampled_from(Environment), st.data())
def test_every_number_is_valid_and_of_that_birth_date_and_sex(
    birth: IncompleteDate, sex: Sex | None, environment: Environment, data: st.DataObject
) -> None:
    series = next(all_series(birth, sex, environment))
    number = parse_ssin(series.number(data.draw(st.integers(1, series.size))), environment, TODAY)
    assert number.birth == birth
    if environment is Environment.TEST:
        assert number.register is Register.MOCK
    else:
        assert number.register is (Register.BIS_SEX_KNOWN if sex else Register.BIS)
    if sex:
        assert number.male == (sex is Sex.MALE)


@given(born, sexes, st.sampled_from(Environment))
def test_once_a_birth_date_is_used_up_the_numbers_say_the_year_alone_and_stay_valid(
    birth: IncompleteDate, sex: Sex | None, environment: Environment
) -> None:
    for series in islice(all_series(birth, sex, environment), 1, 103, 17):
        for nth in (1, series.size):
            number = parse_ssin(series.number(nth), environment, TODAY)
            assert (number.birth.year, number.birth.month) == (birth.year, 0)


@given(born, sexes, st.sampled_from(Environment))
def test_no_number_comes_twice(birth: IncompleteDate, sex: Sex | None, environment: Environment) -> None:
    several = list(islice(all_series(birth, sex, environment), 3))
    numbers = [series.number(nth) for series in several for nth in range(1, series.size + 1)]
    assert len(set(numbers)) == len(numbers)
    assert len({series.name for series in several}) == len(several)


def test_the_series_of_men_and_women_share_no_number() -> None:
    men, women = (next(all_series(IncompleteDate(1980, 3, 15), sex, Environment.TEST)) for sex in Sex)
    assert not {men.number(nth) for nth in range(1, 500)} & {women.number(nth) for nth in range(1, 500)}
    assert (men.size, women.size) == (499, 499)


def test_numbers_count_up_and_in_a_test_environment_down() -> None:
    counters = {}
    for environment in Environment:
        series = next(all_series(IncompleteDate(1980, 3, 15), Sex.MALE, environment))
        counters[environment] = [series.number(nth)[6:9] for nth in (1, 2, series.size)]
    assert counters == {Environment.PRODUCTION: ["001", "003", "997"], Environment.TEST: ["997", "995", "001"]}


def test_known_numbers() -> None:
    assert Series("19804315", range(122, 999, 2)).number(1) == "80431512251"
    assert Series("19802315", range(123, 999, 2)).number(1) == "80231512307"
    assert Series("20052315", range(3, 999, 2)).number(1) == "05231500336"


@pytest.mark.parametrize(
    "text",
    ["1980-02-30", "1980-13-01", "1980-00-12", "1899-12-31", "0000-00-00", "2026-07-01", "2026-12-00", "2027-00-00"],
)
def test_a_birth_date_that_cannot_be_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Malformed) as malformed:
        birth_of(text, PLACE, TODAY)
    assert [fault.path for fault in malformed.value.faults] == [PLACE]
    assert text not in str(malformed.value)


@pytest.mark.parametrize("text", ["1980-02-29", "1980-02-00", "1980-00-00", "1900-01-01", "2026-06-30", "2026-06-00"])
def test_a_birth_date_may_be_incomplete(text: str) -> None:
    assert "-".join(f"{part:02d}" for part in birth_of(text, PLACE, TODAY)) == text
