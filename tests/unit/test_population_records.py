"""What institutions hold about the invented people, the inscriptions that say so, and the cast of the tour."""

import re
from collections import defaultdict
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, column, create_engine, select, text
from sqlalchemy.pool import StaticPool

from crossroads.demo.databases import table_of
from crossroads.demo.employers import put_right
from crossroads.demo.population.casting import CENTRE, cast
from crossroads.demo.population.generation import generate
from crossroads.demo.population.model import Population
from crossroads.demo.population.records import KEYS, TABLES, Inscription, inscriptions, records, records_of
from crossroads.demo.population.rows import Record
from crossroads.demo.questions import EMPLOYMENT, WAGES
from crossroads.kernel.period import Period, covered

CATALOGUE = Path(__file__).parents[2] / "catalogue" / "belgium"
EXCLUSIVE = {"17:2", "7:101", "11:1"}
WITHOUT_DATA_GROUP = {"dimona_worker", "other_aid"}
"""Held, but no data group: Sigedis is not asked for Dimona, nor a centre for other aid."""
populations = st.builds(
    generate,
    persons=st.integers(50, 400),
    seed=st.integers(0, 2**32),
    on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)
few = settings(max_examples=settings().max_examples // 5, deadline=None)
"""A whole population is a large example."""
Key = tuple[str, str, str]


@cache
def large() -> Population:
    return generate(2_000, 7, date(2026, 11, 20))


@cache
def catalogue() -> dict[str, list[dict[str, Any]]]:
    entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(CATALOGUE.rglob("*.yaml")):
        for kind, listed in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).items():
            entries[kind].extend(listed)
    return entries


def key(line: Record | Inscription) -> Key:
    return (line.ssin, line.institution, line.context)


def days_by_key(population: Population) -> tuple[dict[Key, list[Period]], dict[Key, list[Period]]]:
    held: dict[Key, list[Period]] = defaultdict(list)
    inscribed: dict[Key, list[Period]] = defaultdict(list)
    for record in records(population):
        held[key(record)].append(record.period)
    for line in inscriptions(population):
        inscribed[key(line)].append(line.period)
    return held, inscribed


def data_groups(record: Record) -> list[str]:
    name = record.table.replace("_", "-")
    return [f"{name}-{record.institution}@1" if name == "job-seeker" else f"{name}@1"]


def camel(column: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), column)


@given(populations)
@few
def test_an_inscription_exists_exactly_where_a_source_has_a_record(population: Population) -> None:
    held, inscribed = days_by_key(population)
    assert held.keys() == inscribed.keys()
    for who, lines in inscribed.items():
        assert all(covered(period, lines) for period in held[who])
        assert all(covered(line, held[who]) for line in lines)


@given(populations)
@few
def test_lines_of_one_file_neither_overlap_nor_touch(population: Population) -> None:
    _, inscribed = days_by_key(population)
    for lines in inscribed.values():
        assert all((later.start_date - earlier.last).days > 1 for earlier, later in pairwise(lines))


@given(populations)
@few
def test_nobody_is_inscribed_before_birth_or_after_death(population: Population) -> None:
    people = {life.person.ssin: life.person for life in population.lives}
    for line in inscriptions(population):
        person = people[line.ssin]
        assert person.birth <= line.period.start_date <= population.on
        assert line.period.last <= (person.death or date.max)
        assert line.phase == "000"


@given(populations)
@few
def test_exclusive_contexts_never_overlap_at_two_institutions(population: Population) -> None:
    taken: dict[tuple[str, str], list[tuple[Period, str]]] = defaultdict(list)
    for line in inscriptions(population):
        if line.context in EXCLUSIVE:
            taken[line.ssin, line.context].append((line.period, line.institution))
    for lines in taken.values():
        lines.sort(key=lambda line: line[0].start_date)
        assert not any(one[0].overlaps(other[0]) for one, other in pairwise(lines))


@given(populations)
@few
def test_the_register_knows_everybody_for_life(population: Population) -> None:
    known = {line.ssin: line.period for line in inscriptions(population) if line.context == "0:1"}
    expected = {life.person.ssin: Period(life.person.birth, life.person.death) for life in population.lives}
    assert known == expected


@given(st.integers(0, 2**32))
@settings(max_examples=2, deadline=None)
def test_there_are_eleven_to_thirteen_inscriptions_a_person(seed: int) -> None:
    population = generate(2_000, seed, date(2026, 11, 20))
    assert 11 <= sum(1 for _ in inscriptions(population)) / 2_000 <= 13


def test_rows_have_the_columns_of_their_table_and_plain_values() -> None:
    seen = set()
    for record in records(large()):
        seen.add(record.table)
        assert tuple(record.row) == KEYS + TABLES[record.table]
        assert all(type(value) in (str, int, bool, type(None)) for value in record.row.values())
    assert seen == TABLES.keys()


def test_every_holder_and_context_is_in_the_catalogue() -> None:
    sectors = {entry["id"]: entry["sector"] for entry in catalogue()["institutions"]}
    contexts = {entry["id"] for entry in catalogue()["inscriptionContexts"]}
    for line in {(record.institution, record.context) for record in records(large())}:
        institution, context = line
        assert context in contexts
        assert context.split(":")[0] == str(sectors[institution])


def test_every_record_is_available_as_a_data_group_in_its_context() -> None:
    available = {(entry["dataGroup"], entry["inscriptionContext"]) for entry in catalogue()["availabilities"]}
    for record in records(large()):
        if record.table not in WITHOUT_DATA_GROUP:
            assert all((group, record.context) in available for group in data_groups(record))


def test_rows_follow_the_schema_of_their_data_group() -> None:
    schemas = {entry["id"]: entry.get("schema") for entry in catalogue()["dataGroups"]}
    validators: dict[str, tuple[set[str], jsonschema_rs.Validator]] = {}
    for group, schema in schemas.items():
        if schema:
            lists = [each["items"] for each in schema["properties"].values() if each.get("type") == "array"]
            item = lists[0] if lists else schema
            validators[group] = (set(item["properties"]), jsonschema_rs.validator_for(item))
    for record in records(large()):
        for group in () if record.table in WITHOUT_DATA_GROUP | {"household", "descent"} else data_groups(record):
            fields, validator = validators[group]
            assert {camel(column) for column in TABLES[record.table]} <= fields
            named = {camel(column): value for column, value in record.row.items() if value is not None}
            validator.validate({field: value for field, value in named.items() if field in fields})


def test_the_members_of_a_household_follow_its_schema() -> None:
    schema = next(entry["schema"] for entry in catalogue()["dataGroups"] if entry["id"] == "household@1")
    homes: dict[str, list[Record]] = defaultdict(list)
    for record in records(large()):
        if record.table == "household":
            homes[str(record.columns["household"])].append(record)
    for members in homes.values():
        fields = [
            {"ssin": one.row["ssin"], "position": one.row["position"], "startDate": one.row["start_date"]}
            for one in members
        ]
        content = {"collective": members[0].columns["collective"], "members": fields}
        jsonschema_rs.validate(schema, content)


@given(st.integers(200, 400), st.integers(0, 2**32))
@few
def test_the_cast_is_what_it_says(persons: int, seed: int) -> None:
    population = generate(persons, seed, date(2026, 11, 20))
    found = cast(population)
    lines: dict[str, list[Inscription]] = defaultdict(list)
    for line in inscriptions(population):
        lines[line.ssin].append(line)

    def at(ssin: str, institution: str) -> list[Period]:
        return [line.period for line in lines[ssin] if line.institution == institution]

    quarter = Period(date(2026, 7, 1), date(2026, 9, 30))
    assert covered(quarter, at(found.granted.person.ssin, CENTRE))
    held: dict[str, list[Period]] = defaultdict(list)
    for line in lines[found.granted.person.ssin]:
        held[line.context].append(line.period)
    # Together: a person may go from one sickness fund to another in the middle of the quarter.
    asked = {context for context, periods in held.items() if covered(quarter, periods)}
    assert {"0:1", "11:1", "12:10", "12:30", "16:1", "16:3", "17:4"} <= asked
    unemployed = [line.period for line in lines[found.granted.person.ssin] if line.context == "18:1"]
    assert unemployed
    assert all(period.last < quarter.start_date for period in unemployed)
    helped = {line.context for line in lines[found.helped.person.ssin] if line.institution == CENTRE}
    assert helped == {"17:2"}
    assert at(found.recent.person.ssin, CENTRE)
    assert not covered(Period(date(2026, 1, 1), date(2026, 11, 20)), at(found.recent.person.ssin, CENTRE))
    assert lines[found.stranger.person.ssin]
    assert not at(found.stranger.person.ssin, CENTRE)
    assert {line.institution for line in lines[found.twice.person.ssin] if line.context == "17:2"} > {CENTRE}
    assert found.spare not in {life.person.ssin for life in population.lives}
    assert found.spare.birth == found.granted.person.ssin.birth


WORK = ("employment_relations", "wages_working_time")


def worked(engine: Engine, ssin: str) -> list[list[Any]]:
    """Give the contracts and the wages that the source has of somebody."""
    with engine.connect() as connection:
        return [list(connection.execute(select(table_of(name)).where(column("ssin") == ssin))) for name in WORK]


def hang_together(jobs: list[Any], wages: list[Any]) -> bool:
    """Tell whether all wages are of an employer for whom the person worked then."""
    return all(
        any(job.employer_number == wage.employer_number and job.start_date <= wage.end_date for job in jobs)
        for wage in wages
    )


@given(st.data())
def test_wages_are_of_an_employer_for_whom_one_works_also_after_a_correction(data: st.DataObject) -> None:
    employed = [life for life in large().lives if [job.period.end_date for job in life.employments].count(None) == 1]
    life = data.draw(st.sampled_from(employed))
    ssin = str(life.person.ssin)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        for name in WORK:
            connection.execute(text(f"create table {name} ({', '.join((*KEYS, *TABLES[name]))})"))
        for record in records_of(life, large()):
            if record.table in WORK:
                connection.execute(table_of(record.table).insert().values(**record.row))
    before = worked(engine, ssin)
    assert hang_together(*before)
    with engine.begin() as connection:
        changed = put_right(connection, ssin)
    after = worked(engine, ssin)
    assert hang_together(*after)
    groups = [name for name, rows, others in zip((EMPLOYMENT, WAGES), before, after, strict=True) if rows != others]
    assert [one.data_group for one in changed] == groups
    engine.dispose()
