"""The queries of the demo's institutions: about many people they say what they say about each."""

from datetime import date
from pathlib import Path

import msgspec

from crossroads.demo.institutions import furnished, members
from crossroads.demo.loading import fill_databases
from crossroads.demo.population.generation import generate
from crossroads.kernel.period import Period
from crossroads.participant.bulk_sources import ManyQuery, many_sources
from crossroads.participant.config import Config, GroupSource, Listen, OwnKeys
from crossroads.participant.datasources import Database, Wanted, WantedMany, data_sources
from crossroads.participant.settings import KeyFile
from networks import belgium

ON = date(2026, 3, 2)
PERIOD = Period(date(2025, 1, 1), ON)


async def test_every_query_about_many_agrees_with_the_one_about_each(tmp_path: Path) -> None:
    population = generate(60, 7, ON)
    document = belgium()
    network = [furnished(member, document) for member in members(tmp_path, 20_000)]
    for member in network:
        member.folder.mkdir()
    fill_databases(population, network, document, lambda: None)
    people = tuple(str(life.person.ssin) for life in population.lives)
    given = 0
    for member in network:
        config = Config(
            institution=member.institution,
            listen=Listen(port=1),
            url="https://source.example",
            state="state",
            keys=OwnKeys(sign=KeyFile(id=f"{member.institution}#sign-1", file="sign.pem")),
            trust="trust.json",
            hub="https://hub.example",
            database="sqlite:///data.sqlite",
            groups={name: msgspec.convert(dict(group), GroupSource) for name, group in member.groups.items()},
            folder=member.folder,
        )
        database = Database(config)
        many = many_sources(config, database)
        for name, source in data_sources(config, database).items():
            assert isinstance(many[name], ManyQuery)
            found = await many[name].read(WantedMany(people, member.institution, PERIOD, 10**9))
            alone = {ssin: await source.read(Wanted(ssin, member.institution, PERIOD)) for ssin in people}
            assert found == {ssin: content for ssin, content in alone.items() if content is not None}
            given += len(found)
        database.close()
    assert given > len(people)
