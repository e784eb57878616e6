"""Every online flow of the Belgian catalogue works from end to end: asked by who may, answered by who holds."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest

from crossroads.catalogue.institutions import Institution, Network
from crossroads.catalogue.model import Authorisation, DataGroup, Evidence, Mode, Temporality
from crossroads.kernel.period import Period
from crossroads.network.service import Network as Built
from crossroads.participant.client import SyncClient
from database import Database
from networks import belgium, line, network
from raw import person

KNOWN = person(1)
PERIOD, DAY = Period(date(2026, 1, 1), date(2026, 1, 31)), date(2026, 1, 15)
# Text for every pattern that a schema of the catalogue gives; the first that fits is taken.
TEXTS = ("x", "2026-01-01", "2026Q1", "2026-01", "100", "1000", "10000", "100000000000", KNOWN, "a b")
CATALOGUE = belgium()
GROUPS = {group.id: group for group in CATALOGUE.data_groups}
HELD = {availability.inscription_context for availability in CATALOGUE.availabilities}
"""Who asks is inscribed otherwise, where it can be: it would be asked for its own data too."""


class Flow(NamedTuple):
    """Who asks what, inscribed how, and who holds it in which context."""

    asker: str
    legal_context: str
    group: str
    inscribed: str
    holder: str
    held: str

    def __str__(self) -> str:
        return f"{self.asker}-{self.group}"


def flows() -> list[Flow]:
    """Give one flow for each online authorisation, party and JSON data group about a person."""
    return [
        flow
        for granted in CATALOGUE.authorisations
        if Mode.ONLINE in granted.modes
        for group in granted.data_groups
        if GROUPS[group].json_schema is not None
        for flow in flows_of(granted, group)
    ]


def flows_of(granted: Authorisation, group: str) -> Iterator[Flow]:
    holding = [one.inscription_context for one in CATALOGUE.availabilities if one.data_group == group]
    held, holder = next((c, one.id) for c in holding for one in primary(int(c.split(":")[0])))
    for party in granted.parties:
        for asker in [found for found in CATALOGUE.institutions if party.includes(found)]:
            inscribed = [c for c in granted.inscription_contexts if loadable(c, asker.sector)]
            if asker.network is Network.PRIMARY and inscribed:
                yield Flow(
                    asker.id, granted.legal_contexts[0], group, min(inscribed, key=HELD.__contains__), holder, held
                )
                break


def loadable(context: str, sector: int) -> bool:
    """Tell whether a first load may inscribe in it: a document is shown in person, an exclusive one is taken."""
    found = next(one for one in CATALOGUE.inscription_contexts if one.id == context)
    return found.sector == sector and found.evidence is not Evidence.DOCUMENT and not found.exclusive


def primary(sector: int) -> list[Institution]:
    return [one for one in CATALOGUE.institutions if one.sector == sector and one.network is Network.PRIMARY]


def sample(schema: dict[str, Any]) -> Any:
    """Give the least that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    kinds = {
        "object": lambda: {name: sample(schema["properties"][name]) for name in schema.get("required", ())},
        "array": lambda: [sample(schema["items"])],
        "integer": lambda: schema.get("minimum", 1),
        "number": lambda: schema.get("minimum", 1),
        "boolean": lambda: True,
        "string": lambda: text(schema),
    }
    return kinds[schema["type"]]()  # type: ignore[no-untyped-call] # lambdas have no types


def text(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date":
        return "2026-01-01"
    return next(one for one in TEXTS if re.search(schema.get("pattern", ""), one))


def served(group: DataGroup) -> dict[str, Any]:
    """Give the settings with which a participant serves the sample of a data group: constants as SQL."""
    content = sample(group.json_schema or {})
    lists = list(content.items()) if group.temporality is Temporality.PERIOD else []
    name, rows = lists[0] if len(lists) == 1 else ("", [content])
    row = rows[0] or {"note": None}
    columns = ", ".join(f"'{json.dumps(value)}' AS \"{column}\"" for column, value in row.items())
    sql = f"SELECT {columns} FROM known WHERE ssin = :ssin"  # noqa: S608 - constants of our own catalogue
    settings: dict[str, Any] = {"sql": sql, "json": list(row)}
    return settings | ({"list": name} if name else {"one": True})


FLOWS = flows()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Built]:
    names = {flow.asker for flow in FLOWS} | {flow.holder for flow in FLOWS}
    known = {(flow.asker, flow.inscribed) for flow in FLOWS} | {(flow.holder, flow.held) for flow in FLOWS}
    # Who asks because it has the person on file may be asked as well, for what is known of people on that file.
    members: dict[str, dict[str, Any]] = {
        name: {"groups": {f.group: served(GROUPS[f.group]) for f in FLOWS if (name, f.held) in known}}
        for name in sorted(names)
    }
    inscriptions = [line(KNOWN, institution, context, "2020-01-01") for institution, context in sorted(known)]
    with network(
        tmp_path_factory.mktemp("flows"),
        module_database,
        members,
        persons=[KNOWN],
        inscriptions=inscriptions,
        start=False,
    ) as made:
        holders = sorted(name for name in names if members[name]["groups"])
        for holder in holders:
            made.member(holder).store({"known": (("ssin",), [(KNOWN,)])})
        made.start_hub()
        made.start_members(holders)
        yield made


def test_the_catalogue_has_flows_for_many_purposes() -> None:
    assert len({flow.legal_context for flow in FLOWS}) >= 5
    assert len({flow.group for flow in FLOWS}) >= 18


@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_flow_works_from_end_to_end(built: Built, flow: Flow) -> None:
    with SyncClient(built.member(flow.asker).client(built.installation.settings.public_url)) as client:
        reply = client.ask(
            ssin=KNOWN,
            legal_context=flow.legal_context,
            data_groups=[flow.group],
            period=PERIOD,
            reference_date=DAY,
            agent="acceptance",
        )
    assert (reply.answer.status.code, reply.rejected) == ("MSG00000", ())
    assert (flow.group, flow.holder) in {(block.data_group, block.source) for block in reply.blocks}
    assert all(block.json == sample(GROUPS[flow.group].json_schema or {}) for block in reply.blocks)
