"""The main job on real input: the replies of a real integrator, asked for through the hub, come back byte for byte."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import InvalidSsin, Refused
from crossroads.kernel.ssin import Environment, Register, Ssin, parse_ssin
from crossroads.network.service import Network
from crossroads.participant.client import Reply, SyncClient
from database import Database
from networks import line, network

REAL = Path(os.environ.get("CROSSROADS_REAL", Path(__file__).parents[3] / "shared" / "real")) / "magda"
SERVICES = {
    "magda-living-wage@1": "SocZek/GeefLeefloonbedragen/02.00.0000",
    "magda-handicap-file@1": "SocZek/GeefDossierHandicap/03.00.0000",
    "magda-social-statuses@1": "SocZek/GeefSociaalStatuut/03.00.0000",
    "magda-employment-relations@1": "Werk/GeefWerkrelaties/02.00.0000",
    "magda-self-employed-career@1": "Werk/GeefLoopbaanARZA/02.01.0000",
    "magda-person@1": "Persoon/GeefPersoon/02.02.0000",
    "magda-household@1": "Persoon/GeefGezinssamenstelling/02.02.0000",
}
ASKED_ON = date(2026, 11, 1)
WRONG = "01691214397"
WITHOUT_FILE = "80631512393"
NOT_INSCRIBED = "10671200453"
OUTSIDER = "forem"

pytestmark = [
    pytest.mark.skipif(not REAL.is_dir(), reason=f"no real replies at {REAL}: CROSSROADS_REAL names their folder"),
]


def documents() -> dict[tuple[str, str], Path]:
    """Give the file of each person and service."""
    return {
        (group, path.stem): path
        for group, folder in SERVICES.items()
        for path in sorted((REAL / folder).glob("[0-9]*.xml"))
    }


def number(ssin: str) -> Ssin:
    return parse_ssin(ssin, Environment.TEST, brussels_day(SystemClock().now()))


def people() -> list[str]:
    return sorted({ssin for _, ssin in documents()} - {WRONG})


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    groups = {
        group: {
            "documents": str(REAL / folder),
            "mediaType": "application/xml",
            "otherwise": ["default.xml", "notfound.xml"],
        }
        for group, folder in SERVICES.items()
    }
    members = {"flemish-integrator": {"groups": groups}, "pcsw-gent": {}, OUTSIDER: {}}
    everyone = [*people(), WITHOUT_FILE]
    inscriptions = [
        *(line(ssin, "flemish-integrator", "40:1", "2000-01-01") for ssin in [*everyone, NOT_INSCRIBED]),
        *(line(ssin, "pcsw-gent", "17:2", "2000-01-01") for ssin in everyone),
    ]
    with network(
        tmp_path_factory.mktemp("real"),
        module_database,
        members,
        persons=[*everyone, NOT_INSCRIBED],
        inscriptions=inscriptions,
    ) as built:
        yield built


def asked(built: Network, ssin: str, groups: list[str], institution: str = "pcsw-gent") -> Reply:
    config = built.member(institution).client(built.installation.settings.public_url)
    with SyncClient(config) as client:
        return client.ask(
            ssin=ssin,
            legal_context="PCSA:SOCIAL_INQUIRY",
            data_groups=groups,
            reference_date=ASKED_ON,
            agent="acceptance",
        )


def test_every_document_comes_back_byte_for_byte(real: Network) -> None:
    expected = {key: path.read_bytes() for key, path in documents().items() if key[1] != WRONG}
    got: dict[tuple[str, str], bytes] = {}
    for ssin in people():
        groups = sorted(group for group, person in expected if person == ssin)
        reply = asked(real, ssin, groups)
        assert (reply.answer.status.value, reply.rejected) == ("DATA_FOUND", ())
        assert {block.media_type for block in reply.blocks} == {"application/xml"}
        got |= {(block.data_group, ssin): block.content for block in reply.blocks}
    assert len(expected) == 237
    assert got == expected


def test_people_without_a_file_of_their_own_get_what_the_source_answers_then(real: Network) -> None:
    reply = asked(real, WITHOUT_FILE, sorted(SERVICES))
    for block in reply.blocks:
        folder = REAL / SERVICES[block.data_group]
        other = folder / "default.xml"
        assert block.content == (other if other.exists() else folder / "notfound.xml").read_bytes()
    assert {block.data_group for block in reply.blocks} == set(SERVICES)
    assert (REAL / SERVICES["magda-social-statuses@1"] / "default.xml").exists()


def test_the_two_filed_under_a_wrong_number_are_refused(real: Network) -> None:
    assert len([key for key in documents() if key[1] == WRONG]) == 2
    with pytest.raises(Refused, match="check digits") as refusal:
        asked(real, WRONG, ["magda-person@1"])
    assert WRONG not in str(refusal.value)


def test_the_numbers_are_what_is_known_of_them() -> None:
    today = brussels_day(SystemClock().now())
    numbers = [number(ssin) for ssin in people()]
    bis = [ssin for _, ssin in documents() if ssin != WRONG and number(ssin).register is Register.BIS_SEX_KNOWN]
    future = [ssin for ssin in numbers if ssin.birth.year > today.year]
    assert len(bis) == 2
    assert [ssin.birth.year for ssin in future] == [2099]
    with pytest.raises(InvalidSsin):
        number(WRONG)


def test_without_the_inscription_nothing_comes_and_nobody_was_asked(real: Network) -> None:
    answer = asked(real, NOT_INSCRIBED, ["magda-person@1"]).answer
    assert (answer.status.value, answer.status.code, answer.status.detail) == (
        "NO_RESULT",
        "MSG00012",
        "CR-NOT-INSCRIBED",
    )
    assert (answer.blocks, answer.sources) == ((), ())


def test_without_the_authorisation_nothing_comes_and_nobody_was_asked(real: Network) -> None:
    answer = asked(real, people()[0], ["magda-person@1"], OUTSIDER).answer
    assert (answer.status.value, answer.status.code) == ("NO_RESULT", "MSG00013")
    assert (answer.blocks, answer.sources) == ((), ())
