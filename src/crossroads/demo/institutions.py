"""The institutions of the demo that are connected themselves, and the SQL by which each answers from its own database.

A query is made from the schema that the catalogue gives its data group: the tables of the demo have the same fields.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crossroads.catalogue.model import DataGroup, Document
from crossroads.demo.population.parameters import CHILD_BENEFIT_FUNDS, SICKNESS_FUNDS, WELFARE_CENTRES
from crossroads.demo.population.records import KEYS, TABLES
from crossroads.demo.status_groups import ROWS
from crossroads.network.members import Member

HUB = "cbss"
REGISTER = "national-register"
_NOTIFYING = (REGISTER, "nsso")
"""Who tells of changes of its own data, from an outbox beside them."""
_LIVING_WAGE = ("living-wage@1", "status-living-wage@1")
CONNECTED: Mapping[str, tuple[str, ...]] = {
    REGISTER: ("identification@1", "household@1", "descent@1"),
    "nsso": ("employment-relations@1", "wages-working-time@1"),
    "dgph": ("handicap-file@1", "status-income-replacement@1", "status-elderly-assistance@1"),
    "nic": ("health-insurability@1", "incapacity@1", "status-increased-reimbursement@1"),
    "pcsw-gent": _LIVING_WAGE,
    "pcsw-antwerpen": _LIVING_WAGE,
    "pps-social-integration": _LIVING_WAGE,
    "sigedis": ("pension-account@1",),
    "annual-holidays": ("holiday-pay@1",),
    "nisse": ("self-employed-career@1",),
    "neo": ("unemployment-benefit@1", "unemployment-periods@1", "career-break@1"),
    "pension-service": ("pension-rights@1", "pensioner-status@1", "status-income-guarantee-elderly@1"),
    "family-benefits": ("child-benefit@1",),
    "fedris-accidents": ("work-interruption-accident@1",),
    "pcsw-brussel": _LIVING_WAGE,
    "pcsw-charleroi": _LIVING_WAGE,
    "pcsw-liege": _LIVING_WAGE,
    "vdab": ("job-seeker-vdab@1",),
    "actiris": ("job-seeker-actiris@1",),
    "forem": ("job-seeker-forem@1",),
    "adg": ("job-seeker-adg@1",),
}
"""Who is connected, with the data groups it answers for; those that the tour asks first come first."""
_KEEPERS = {*SICKNESS_FUNDS, *CHILD_BENEFIT_FUNDS, *WELFARE_CENTRES.values()}

_ONE, _MANY = "ssin = :ssin", "ssin IN :ssins"
_HELD = f"{_ONE} AND institution = :holder"
_THEN = "start_date <= :end_date AND (end_date IS NULL OR end_date >= :start_date)"
_HOUSEHOLD = f"""
SELECT CASE WHEN collective THEN 'true' ELSE 'false' END AS collective,
  (SELECT json_group_array(json_object('ssin', ssin, 'position', position, 'startDate', start_date))
   FROM household AS member WHERE member.household = own.household AND {_THEN}) AS members
FROM household AS own WHERE {_HELD} AND {_THEN}
"""  # noqa: S608 - constants of this file
_DESCENT = f"""
SELECT
  (SELECT json_group_array(json_object('ssin', up.relative))
   FROM descent AS up WHERE up.ssin = own.ssin AND up.relation = 'parent') AS parents,
  (SELECT json_group_array(json_object('ssin', child.ssin, 'lastName', child.last_name,
     'firstNames', child.first_names, 'birthDate', child.birth_date))
   FROM descent AS down JOIN identification AS child ON child.ssin = down.relative
   WHERE down.ssin = own.ssin AND down.relation = 'child' AND child.start_date = (
     SELECT max(newest.start_date) FROM identification AS newest WHERE newest.ssin = child.ssin)) AS children
FROM identification AS own WHERE {_HELD} AND {_THEN}
"""  # noqa: S608 - as above
_FEED = {
    "context": "0:1",
    "dataGroup": "identification@1",
    "householdGroup": "household@1",
    "descentGroup": "descent@1",
}
_REGISTER = "SELECT DISTINCT birth_date, last_name FROM identification WHERE ssin = :ssin"


def members(folder: Path, first_port: int) -> tuple[Member, ...]:
    """Give the institutions of the demo, each with its folder, and ports from the first one on."""
    return tuple(
        Member(institution=name, port=first_port + number, folder=folder / name)
        for number, name in enumerate(CONNECTED)
    )


def furnished(member: Member, document: Document) -> Member:
    """Give the institution with what its settings need: how it answers, and for whom."""
    if member.institution not in CONNECTED:
        return member
    groups = {group.id: group for group in document.data_groups}
    return replace(
        member,
        groups={group: _source(groups[group]) for group in CONNECTED[member.institution]},
        holders=tuple(managed_by(document, member.institution)),
        register=_REGISTER if member.institution == REGISTER else None,
        outbox=member.institution in _NOTIFYING,
        feed=_FEED if member.institution == REGISTER else None,
    )


def managed_by(document: Document, manager: str) -> Iterator[str]:
    """Give the institutions of the secondary network that keep files and are reached through this one."""
    for institution in document.institutions:
        if institution.id in _KEEPERS and any(managed.manager == manager for managed in institution.managed_by):
            yield institution.id


def tables_of(member: Member) -> set[str]:
    """Give the tables that an institution answers from."""
    return {_table(group) for group, source in member.groups.items() if "sql" in source}


def _source(group: DataGroup) -> dict[str, Any]:
    """Give the settings by which a participant answers for a data group."""
    if group.id == "household@1":
        return _both(_HOUSEHOLD.strip()) | {"one": True, "json": ["collective", "members"]}
    if group.id == "descent@1":
        return _both(_DESCENT.strip()) | {"one": True, "json": ["parents", "children"]}
    fields = (group.json_schema or {})["properties"]
    lists = [(name, field["items"]["properties"]) for name, field in fields.items() if "items" in field]
    if not lists:
        return _both(_query(_table(group.id), fields) + " DESC") | {"one": True}
    ((name, fields),) = lists
    condition = ROWS[group.id].condition if group.id in ROWS else ""
    source: dict[str, Any] = _both(_query(_table(group.id), fields, condition)) | {"list": name}
    if booleans := [name for name in _held(_table(group.id), fields) if fields[name].get("type") == "boolean"]:
        source["json"] = booleans
    return source


def _both(sql: str) -> dict[str, Any]:
    """Give the query about one person, and the same about many."""
    return {"sql": sql, "sqlMany": sql.replace("SELECT", "SELECT ssin,", 1).replace(_ONE, _MANY)}


def _query(table: str, fields: Mapping[str, Any], condition: str = "") -> str:
    columns = ", ".join(_column(name, fields[name]) for name in _held(table, fields))
    where = f"{_HELD} AND {_THEN}" + (f" AND {condition}" if condition else "")
    return f"SELECT {columns} FROM {table} WHERE {where} ORDER BY start_date"  # noqa: S608 - names of ours


def _held(table: str, fields: Mapping[str, Any]) -> list[str]:
    """Give the fields of a schema that the table has."""
    columns = {*KEYS, *TABLES[table]}
    return [name for name in fields if _snake(name) in columns]


def _column(name: str, field: Mapping[str, Any]) -> str:
    column = _snake(name)
    if field.get("type") == "boolean":
        column = f"CASE WHEN {column} THEN 'true' ELSE 'false' END"
    return f'{column} AS "{name}"'


def _table(group: str) -> str:
    """Give the table of a data group; job seekers have one data group for each placement service, statuses none."""
    if group in ROWS:
        return ROWS[group].table
    name = group.split("@", maxsplit=1)[0].replace("-", "_")
    return "job_seeker" if name.startswith("job_seeker") else name


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda upper: f"_{upper[1].lower()}", name)
