"""Who grants rights in the demo, to whom, and who says whether a right is open. Customers are invented."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import yaml

from crossroads.demo.population import casting
from crossroads.demo.population.model import Life, Population, Relation, Stay
from crossroads.demo.population.records import Inscription
from crossroads.demo.status_groups import STATUSES as NAMES
from crossroads.demo.status_groups import has_any
from crossroads.network.members import Member

STATUSES = "statuses"
OWN_VIEW = "statuses-and-rights@1"
SETTINGS, CANDIDATES, CUSTOMERS = "statuses.yaml", "candidates.txt", "customers.csv"


class Client(NamedTuple):
    """An institution that grants a right to its customers."""

    context: str
    """In which it has them on file."""
    data_group: str
    legal_context: str
    right: str
    """As its table is named."""
    region: str | None
    """Where its customers live; anywhere when absent."""


CLIENTS: Mapping[str, Client] = {
    "fod-economie": Client("70:1", "social-tariff-client@1", "ECONOMY:SOCIAL_TARIFF", "social-tariff", None),
    "water-company": Client("40:3", "right-water-flanders@1", "WATER:PROTECTED_CUSTOMER", "water-flanders", "VLG"),
    "de-lijn": Client("64:1", "right-de-lijn@1", "DELIJN:REDUCED_FARE", "de-lijn", "VLG"),
}
PORTS = 1 + len(CLIENTS)
_CANDIDATES, _MEMBERS = "25:1", "25:5"


def members(folder: Path, first_port: int) -> tuple[Member, ...]:
    """Give the institution that says whether a right is open, and its clients, on ports from the first one on."""
    answering = {client.data_group: "right" for client in CLIENTS.values()} | {OWN_VIEW: "own"}
    groups = {group: {"function": f"crossroads.statuses.answering:{name}"} for group, name in answering.items()}
    clients = (
        Member(institution=name, port=port, folder=folder / name) for port, name in enumerate(CLIENTS, first_port + 1)
    )
    return Member(institution=STATUSES, port=first_port, folder=folder / STATUSES, groups=groups), *clients


def settings(member: Member) -> Path:
    """Give where the settings of the institution that keeps statuses are."""
    return member.folder / SETTINGS


def make(members: Sequence[Member], population: Population, rights: Path) -> None:
    """Write settings that name the folder of the rights, who may have a right, and the customers of each client."""
    by_name = {member.institution: member for member in members}
    keeper = by_name[STATUSES]
    settings(keeper).write_text(yaml.safe_dump(_settings(rights)), "utf-8")
    candidates = (str(life.person.ssin) for life in population.lives if has_any(life) and _lives(life, population.on))
    (keeper.folder / CANDIDATES).write_text("".join(f"{ssin}\n" for ssin in candidates), "utf-8")
    for name, client in CLIENTS.items():
        found = (life.person.ssin for life, _ in _customers(population, client))
        lines = "".join(f"{name}-{number},{ssin}\n" for number, ssin in enumerate(found, 1))
        (by_name[name].folder / CUSTOMERS).write_text(f"reference,ssin\n{lines}", "utf-8")


def inscriptions(population: Population) -> Iterator[Inscription]:
    """Give the lines by which clients have their customers on file."""
    for name, client in CLIENTS.items():
        for life, stay in _customers(population, client):
            yield Inscription(life.person.ssin, name, client.context, stay.period)


def _customers(population: Population, client: Client) -> Iterator[tuple[Life, Stay]]:
    """Give who has a contract: the reference person of each household, but for one who can be invited to have one."""
    invited = casting.cast(population).granted
    for life in population.lives:
        if life is invited:
            continue
        for stay in life.stays:
            if stay.relation is Relation.HEAD and stay.period.end_date is None and _lives(life, population.on):
                at = next((home.place for home in life.residences if home.period.end_date is None), None)
                if client.region is None or (at and at.region == client.region):
                    yield life, stay


def _lives(life: Life, on: date) -> bool:
    return life.person.death is None or life.person.death > on


def _settings(rights: Path) -> dict[str, object]:
    return {
        "rights": str(rights),
        "client": "participant.yaml",
        "legalContext": "STATUSES:LOAD",
        "candidates": _CANDIDATES,
        "members": _MEMBERS,
        "statuses": dict(NAMES),
        "identification": "identification@1",
        "household": "household@1",
        "patience": "PT5M",
    }
