"""Who grants rights in the demo: their customers are on file, and each asks for what it is authorised to learn."""

import csv
from datetime import date
from pathlib import Path

from crossroads.demo import clients, rights_pages
from crossroads.demo.clients import CLIENTS, STATUSES
from crossroads.demo.population.casting import cast
from crossroads.demo.population.generation import generate
from crossroads.demo.population.model import Relation
from crossroads.demo.status_groups import ROWS
from crossroads.network.logins import Login
from crossroads.statuses.attestation_signing import Signing
from crossroads.statuses.pages.settings import read_pages_settings
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import read_status_settings
from networks import BELGIUM, belgium

ON = date(2026, 3, 2)
RIGHTS = BELGIUM.parents[1] / "rights" / "belgium"


def test_each_client_asks_for_its_own_right_by_its_own_authorisation() -> None:
    rights = {right.id: right for right in read_rights(RIGHTS)}
    granted = {one.reference: one for one in belgium().authorisations}
    for name, client in CLIENTS.items():
        right = rights[client.right]
        given = granted[right.authorisation]
        assert (right.data_group, right.owner) == (client.data_group, name)
        assert client.data_group in given.data_groups
        assert client.legal_context in given.legal_contexts
        assert client.context in given.inscription_contexts


def test_customers_are_heads_of_households_who_live_and_on_file_but_not_the_first_citizen(tmp_path: Path) -> None:
    population = generate(200, 7, ON)
    members = clients.members(tmp_path, 20_000)
    for member in members:
        member.folder.mkdir()
    clients.make(members, population, RIGHTS)
    lives = {str(life.person.ssin): life for life in population.lives}
    on_file = {(one.institution, str(one.ssin)) for one in clients.inscriptions(population)}
    listed = set()
    for name in CLIENTS:
        with (tmp_path / name / clients.CUSTOMERS).open(newline="") as file:
            listed |= {(name, row["ssin"]) for row in csv.DictReader(file)}
    assert listed == on_file
    invited = cast(population).granted.person.ssin
    assert str(invited) not in {ssin for _, ssin in listed}
    for _, ssin in listed:
        life = lives[ssin]
        assert any(stay.relation is Relation.HEAD and stay.period.end_date is None for stay in life.stays)
        assert life.person.death is None or life.person.death > ON
    assert len({ssin for name, ssin in listed if name == "de-lijn"}) < len({ssin for _, ssin in listed})


def test_the_institution_that_keeps_statuses_asks_for_those_that_sources_answer(tmp_path: Path) -> None:
    members = clients.members(tmp_path, 20_000)
    for member in members:
        member.folder.mkdir()
    clients.make(members, generate(200, 7, ON), RIGHTS)
    keeper = next(member for member in members if member.institution == STATUSES)
    settings = read_status_settings(clients.settings(keeper))
    assert set(settings.statuses.values()) == ROWS.keys()
    loading = next(one for one in belgium().authorisations if settings.legal_context in one.legal_contexts)
    assert {*settings.statuses.values(), settings.identification, settings.household} <= set(loading.data_groups)
    assert (keeper.folder / clients.CANDIDATES).read_text("utf-8").split()


def test_the_pages_about_rights_have_all_they_need_and_keep_their_key(tmp_path: Path) -> None:
    login = Login(folder=tmp_path / "login", port=20_001)
    pages = rights_pages.RightsPages(folder=tmp_path, port=20_002)
    login.make([login.client(rights_pages.RIGHTS, pages.url)], [])
    pages.make(login, "http://127.0.0.1:20000")
    key, certificate = tmp_path / "keys" / "attestations.pem", tmp_path / "attestations-certificate.pem"
    pages.certify()
    first = key.read_bytes()
    pages.certify()
    assert key.read_bytes() == first
    # As after a start that was stopped between the two.
    certificate.unlink()
    pages.certify()
    settings = read_pages_settings(tmp_path)
    assert settings
    settings.check()
    assert (settings.url, settings.portal) == (pages.url, "http://127.0.0.1:20000")
    assert Signing(key, certificate)
