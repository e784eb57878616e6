"""What holds in every invented population, whatever its seed and size."""

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from itertools import combinations, pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.demo.population import parameters
from crossroads.demo.population.careers import retirement
from crossroads.demo.population.chance import birthday
from crossroads.demo.population.generation import generate
from crossroads.demo.population.model import Life, Population, Sex
from crossroads.demo.population.wages import wages
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, Register, parse_ssin

DAY = timedelta(days=1)
populations = st.builds(
    generate,
    persons=st.integers(50, 400),
    seed=st.integers(0, 2**32),
    on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)
few = settings(max_examples=settings().max_examples // 5, deadline=None)
"""A whole population is a large example."""


@cache
def large() -> Population:
    return generate(2_000, 7, date(2026, 11, 20))


def encoded(population: Population) -> bytes:
    return msgspec.json.Encoder(enc_hook=str).encode(population)


def overlapping(periods: Iterable[Period]) -> bool:
    ordered = sorted(periods, key=lambda period: period.start_date)
    return any(one.last >= other.start_date for one, other in pairwise(ordered))


def facts(life: Life) -> list[Period]:
    lists = (
        life.residences,
        life.insurabilities,
        life.segments,
        life.employments,
        life.self_employments,
        life.unemployments,
        life.career_breaks,
        life.incapacities,
        life.accidents,
        life.living_wages,
        life.other_aids,
        life.child_benefits,
        life.decisions,
        life.stays,
    )
    pension = [life.pension.period] if life.pension else []
    return [fact.period for facts in lists for fact in facts] + pension


@given(populations)
@few
def test_everything_in_a_life_lies_between_birth_and_death(population: Population) -> None:
    for life in population.lives:
        for period in facts(life):
            assert period.start_date >= life.person.birth
            assert period.last <= (life.person.death or date.max)
            assert period.start_date <= population.on
            assert period.end_date is None or period.end_date <= population.on


@given(populations)
@few
def test_nobody_is_in_two_households_on_one_day(population: Population) -> None:
    stays: dict[str, list[Period]] = {}
    for home in population.households:
        for member in home.members:
            stays.setdefault(member.ssin, []).append(member.period)
    assert stays.keys() == {life.person.ssin for life in population.lives}
    assert not any(overlapping(periods) for periods in stays.values())
    living = {life.person.ssin for life in population.lives if life.person.death is None}
    assert living == {ssin for ssin, periods in stays.items() if any(p.end_date is None for p in periods)}


@given(populations)
@few
def test_a_household_always_has_an_address_and_a_private_one_at_most_one_head(population: Population) -> None:
    for home in population.households:
        spans = sorted((residence.period for residence in home.residences), key=lambda period: period.start_date)
        assert all(one.last + DAY == other.start_date for one, other in pairwise(spans))
        whole = Period(spans[0].start_date, spans[-1].end_date)
        assert all(whole.contains(member.period) for member in home.members)
        assert home.collective or not overlapping(m.period for m in home.members if m.relation == "head")


@given(populations)
@few
def test_a_person_does_one_thing_at_a_time(population: Population) -> None:
    for life in population.lives:
        assert not overlapping(segment.period for segment in life.segments)
        assert not overlapping(job.period for job in life.employments)
        worked = [job.period for job in life.employments] + [job.period for job in life.self_employments]
        paid = [spell.period for spell in life.unemployments] + [wage.period for wage in life.living_wages]
        assert not any(work.overlaps(benefit) for work in worked for benefit in paid)
        assert not any(one.overlaps(other) for one, other in combinations(paid, 2))


@given(populations)
@few
def test_days_of_incapacity_or_of_a_break_are_not_paid_as_worked(population: Population) -> None:
    for life in population.lives:
        ill = [one.period for one in life.incapacities] + [one.period for one in life.accidents]
        away = ill + [one.period for one in life.career_breaks]
        assert not overlapping(away)
        for job in life.employments:
            for wage in wages(job, population.on):
                length = (wage.period.last - wage.period.start_date).days + 1
                absent = [period.intersection(wage.period) for period in away]
                lost = sum((period.last - period.start_date).days + 1 for period in absent if period)
                assert wage.days <= (length - lost) * 5 / 7
                assert wage.assimilated <= lost * 5 / 7


@given(populations)
@few
def test_nobody_works_full_time_whose_allowance_replaces_an_income(population: Population) -> None:
    for life in population.lives:
        allowances = [one.period for one in life.decisions if one.kind == "incomeReplacementAllowance"]
        for job in life.employments:
            assert job.percent <= 50 or not any(job.period.overlaps(period) for period in allowances)


@given(populations)
@few
def test_a_pension_begins_at_retirement_and_ends_full_time_work(population: Population) -> None:
    for life in population.lives:
        person, retires = life.person, retirement(life.person)
        assert retires > birthday(person.birth, parameters.RETIREMENT_AGE)
        if life.pension:
            assert life.pension.period == Period(retires, person.death)
        reached = retires <= min(population.on, person.death or date.max)
        assert (life.pension is not None) == reached
        after = [job for job in life.employments if job.period.last >= retires and job.period.start_date >= retires]
        assert all(job.percent < 100 for job in after)
        before = [job for job in life.employments if job.period.start_date < retires]
        assert all(job.period.last < retires for job in before if job.period.end_date or reached)


@given(populations)
@few
def test_aid_comes_from_the_centre_where_the_person_lives(population: Population) -> None:
    for life in population.lives:
        files = [(wage.period, wage.centre) for wage in life.living_wages]
        for period, centre in files + [(aid.period, aid.centre) for aid in life.other_aids]:
            homes = [home for home in life.residences if home.period.contains(period)]
            assert [parameters.WELFARE_CENTRES[home.place.nis] for home in homes] == [centre]


@given(populations)
@few
def test_child_benefit_is_for_children_of_somebody_in_the_population(population: Population) -> None:
    people = {life.person.ssin: life.person for life in population.lives}
    for life in population.lives:
        for benefit in life.child_benefits:
            assert benefit.child == life.person.ssin
            assert people[benefit.parent].birth < life.person.birth
            age_limit = birthday(life.person.birth, parameters.CHILD_BENEFIT_AGE)
            assert benefit.period.end_date is not None or population.on < age_limit
            assert benefit.period.last < age_limit or benefit.period.end_date is None
            assert not any(benefit.period.overlaps(segment.period) for segment in life.segments)


@given(populations)
@few
def test_numbers_are_valid_mock_numbers_that_tell_birth_and_sex(population: Population) -> None:
    ssins = [life.person.ssin for life in population.lives]
    assert len(set(ssins)) == len(ssins)
    for life in population.lives:
        ssin = parse_ssin(str(life.person.ssin), Environment.TEST, population.on)
        assert ssin.register is Register.MOCK
        assert ssin.birth.known == life.person.birth
        assert ssin.male == (life.person.sex is Sex.MALE)


@given(st.integers(1, 400), st.integers(0, 2**32))
@few
def test_the_same_arguments_give_the_same_bytes(persons: int, seed: int) -> None:
    once, again = (generate(persons, seed, date(2026, 5, 4)) for _ in range(2))
    assert len(once.lives) == persons
    assert encoded(once) == encoded(again)


def test_the_bytes_do_not_hang_on_the_hashes_of_the_process() -> None:
    script = (
        "from datetime import date; import hashlib, msgspec;"
        "from crossroads.demo.population.generation import generate;"
        "population = generate(120, 3, date(2026, 5, 4));"
        "print(hashlib.sha256(msgspec.json.encode(population, enc_hook=str)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert digests == {f"{hashlib.sha256(encoded(generate(120, 3, date(2026, 5, 4)))).hexdigest()}\n".encode()}


def test_another_seed_gives_other_people() -> None:
    one, other = (generate(50, seed, date(2026, 5, 4)) for seed in (1, 2))
    assert {life.person.ssin for life in one.lives} != {life.person.ssin for life in other.lives}


def test_a_large_population_has_some_of_everything() -> None:
    lives = large().lives
    for kind in (
        "employments",
        "self_employments",
        "unemployments",
        "career_breaks",
        "incapacities",
        "accidents",
        "living_wages",
        "other_aids",
        "child_benefits",
        "decisions",
        "entitlements",
        "pension",
    ):
        assert any(getattr(life, kind) for life in lives), kind
    assert any(life.person.death for life in lives)
    assert any(home.collective for home in large().households)


def test_people_live_where_the_inhabitants_of_2020_do() -> None:
    regions: Counter[str] = Counter()
    for life in large().lives:
        regions[life.residences[-1].place.region] += 1
    shares = {region: count / regions.total() for region, count in regions.items()}
    assert abs(shares["VLG"] - 0.577) < 0.05
    assert abs(shares["WAL"] - 0.317) < 0.05
    assert abs(shares["BRU"] - 0.106) < 0.04


def test_names_fit_the_language_of_the_municipality() -> None:
    at_home = {"nl": ("nl",), "fr": ("fr",), "de": ("de",), "mixed": ("nl", "fr")}
    for life in large().lives:
        place = life.residences[0].place
        if len({residence.place.nis for residence in life.residences}) == 1 and not life.child_benefits:
            assert life.person.language in at_home[place.language]
    local = sum(life.person.origin == life.person.language for life in large().lives)
    assert 0.7 < local / len(large().lives) < 0.95
