"""A network in which rights are found without asking: what its tests share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from commands import Ended, typed
from crossroads.network.service import Network
from database import Database
from looking import PORTAL
from networks import BELGIUM, line, network
from raw import person

STATUSES, REGISTER, FUND, CENTRE, DISABILITY = "statuses", "national-register", "nic", "pcsw-gent", "dgph"
ENERGY, BUSES, PORTAL_OWN = "fod-economie", "de-lijn", "statuses-and-rights@1"
WATER = "water-company"
TARIFF, FARE, PROTECTED = "social-tariff-client@1", "right-de-lijn@1", "right-water-flanders@1"
WHY = {TARIFF: "ECONOMY:SOCIAL_TARIFF", FARE: "DELIJN:REDUCED_FARE", PROTECTED: "WATER:PROTECTED_CUSTOMER"}
HELPED, CHILD, DISABLED, INSURED, STRANGER = (person(number) for number in range(1, 11, 2))
"""Two who live together, one of whom has a living wage; one with an allowance; one with a reimbursement; nobody's."""
NOBODY = person(99)
NEVER = {"stranger": "no", "nameless": "refused"}
TOLD = {"reference", "verdict", "start_date", "end_date", "reason", "change"}
FIRST = "2026-02-02"
STATUS_SQL = 'SELECT start_date AS "startDate", end_date AS "endDate" FROM held WHERE ssin = :ssin'
GROUPS = {
    "increased-reimbursement": ("status-increased-reimbursement@1", FUND, "11:1", INSURED),
    "living-wage": ("status-living-wage@1", CENTRE, "17:2", HELPED),
    "income-replacement": ("status-income-replacement@1", DISABILITY, "16:1", DISABLED),
}
UNNAMED = "status-care-budget@1"
"""Which nobody has, and only the table of the social tariff names."""
REGISTERED = {
    "identification@1": {
        "sql": "SELECT 'Peeters' AS \"lastName\", 'Anna' AS \"firstNames\", '1980-03-15' AS \"birthDate\", "
        "'FEMALE' AS sex, '9000' AS postcode, 'Gent' AS municipality, '44021' AS \"municipalityCode\" FROM home "
        "WHERE ssin = :ssin",
        "one": True,
    },
    "household@1": {
        "sql": "SELECT 'false' AS collective, (SELECT json_group_array(json_object('ssin', ssin, 'position', 'head', "
        "'startDate', '2020-01-01')) FROM home AS other WHERE other.home = home.home) AS members "
        "FROM home WHERE ssin = :ssin",
        "one": True,
        "json": ["collective", "members"],
    },
}
SETTINGS = {
    "rights": str(BELGIUM.parents[1] / "rights" / "belgium"),
    "client": "participant.yaml",
    "legalContext": "STATUSES:LOAD",
    "candidates": "25:1",
    "members": "25:5",
    "statuses": {name: group for name, (group, *_) in GROUPS.items()} | {"care-budget": UNNAMED},
    "identification": "identification@1",
    "household": "household@1",
}


@contextmanager
def statuses_network(
    folder: Path, database: Database, others: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Network]:
    """Run a register, three sources, the institution that keeps statuses, and its clients.

    `others` are more people who have the status that a source gives, by the source.
    """
    holding = {source: [ssin, *(others or {}).get(source, ())] for _, source, _, ssin in GROUPS.values()}
    people = (HELPED, CHILD, DISABLED, INSURED, STRANGER, *(one for all_ in (others or {}).values() for one in all_))
    inscriptions = [
        *(line(ssin, REGISTER, "0:1", "2020-01-01") for ssin in people),
        *(
            line(ssin, source, context, "2020-01-01")
            for _, source, context, _ in GROUPS.values()
            for ssin in holding[source]
        ),
        *(line(ssin, ENERGY, "70:1", "2020-01-01") for ssin in (CHILD, DISABLED, INSURED, STRANGER)),
        *(line(ssin, BUSES, "64:1", "2020-01-01") for ssin in people),
        *(line(ssin, WATER, "40:3", "2020-01-01") for ssin in people),
    ]
    answering = {TARIFF: "right", FARE: "right", PROTECTED: "right", PORTAL_OWN: "own"}
    functions = {group: {"function": f"crossroads.statuses.answering:{name}"} for group, name in answering.items()}
    periods = {"sql": STATUS_SQL, "list": "periods"}
    members: dict[str, Any] = {
        REGISTER: {"groups": REGISTERED},
        **{source: {"groups": {group: periods}} for group, source, *_ in GROUPS.values()},
        STATUSES: {"groups": functions},
        ENERGY: {},
        BUSES: {},
        WATER: {},
        PORTAL: {},
    }
    with network(
        folder,
        database,
        members,
        persons=people,
        inscriptions=inscriptions,
        settings={"job_workers": 1},
        start=False,
    ) as made:
        homes = [(ssin, "one" if ssin in (HELPED, CHILD) else ssin) for ssin in people]
        made.member(REGISTER).store({"home": (("ssin", "home"), homes)})
        for source, those in holding.items():
            rows = [(ssin, "2025-01-01", None) for ssin in those]
            made.member(source).store({"held": (("ssin", "start_date", "end_date"), rows)})
        settle(made)
        made.start_hub()
        made.start_members([name for name, serves in members.items() if serves and name != STATUSES])
        serve(made)
        yield made


def serve(built: Network) -> None:
    """Start the institution that keeps statuses, by its role."""
    member = built.member(STATUSES)
    log, home = built.home / "logs" / "statuses.log", {"CROSSROADS_HOME": str(member.folder)}
    built.processes.start(STATUSES, ["serve", "--role", "statuses"], log, home)
    built.processes[STATUSES].wait_for(f"{member.url}/health")


def settle(built: Network, **changes: Any) -> Path:
    """Write the settings of the institution, and give their path."""
    path = built.member(STATUSES).folder / "statuses.yaml"
    path.write_text(yaml.safe_dump(SETTINGS | changes))
    return path


def statuses(built: Network, verb: str, *arguments: str, text: str = "") -> Ended:
    """Type a command of the institution."""
    return typed("statuses", verb, str(built.member(STATUSES).folder / "statuses.yaml"), *arguments, text=text)
