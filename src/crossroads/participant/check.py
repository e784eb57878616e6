"""Checking a set-up before it serves: everything that can be tried from here, each with what to do when it is wrong."""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.bulk_sources import ManySource, many_sources
from crossroads.participant.checkpoints import Witness
from crossroads.participant.config import Config, own_schemas, read_config
from crossroads.participant.datagroups import JSON, DataGroups, same
from crossroads.participant.datasources import Database, DataSource, Documents, Wanted, WantedMany, data_sources
from crossroads.participant.findings import NO_HUB, Finding
from crossroads.participant.outbox import REFUSED, Settled, open_outbox
from crossroads.participant.provenkeys import ProvenKeys, institution_ring
from crossroads.participant.register import RegisterOfPersons
from crossroads.participant.settings import KeyFile
from crossroads.participant.steps import Call, Got, Http, Steps
from crossroads.participant.trust import Trust, read_trust
from crossroads.participant.typed import counted
from crossroads.wire.bulk import MAXIMUM_BULK_ANSWER
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.signatures import MAXIMUM_AHEAD

SAMPLE = "80650100082"
"""A number that is nobody's: with it the queries are tried, not the content."""
_TIMEOUT = timedelta(seconds=5)
_EVER = Period(date(1900, 1, 1), date(2100, 12, 31))

_NO_ROW = -1

Try = Callable[[], Awaitable[str]]


class Wrong(CrossroadsError):
    """Something is not as it should be; the message says what to do."""


async def check_config(path: Path, ssin: str = SAMPLE) -> list[Finding]:
    """Check a settings file. Give the `ssin` of somebody for whom there is data, and the content is checked as well."""
    try:
        config = read_config(path)
        trust = read_trust(config.path(config.trust))
        schemas = own_schemas(config)
        database = Database(config) if config.database else None
        sources = data_sources(config, database)
        many = many_sources(config, database)
    except CrossroadsError as error:
        return [Finding("settings", ok=False, detail=str(error))]
    http = Http(_TIMEOUT)
    # What is fetched from the hub is kept apart from the state of a participant that may be running.
    with TemporaryDirectory() as folder:
        groups = DataGroups(config.hub, Path(folder) / "data-groups.json", schemas)
        try:
            settings = Finding("settings", ok=True, detail=f"{trust.installation}, {trust.environment}")
            state = await tried("state folder", partial(_state, config))
            hub = await tried("hub", partial(_hub, config, http))
            # That the hub does not answer is said once.
            without = "" if hub.ok else "not checked: it needs the hub"
            told = [
                await tried(what, attempt, without=without)
                for what, attempt in _told_by_hub(config, trust, http, Path(folder), groups)
            ]
            attempts = (*_inside(config, sources, database, groups, ssin), *_for_many(config, sources, many, ssin))
            inside = [await tried(what, attempt) for what, attempt in attempts]
            return [settings, state, hub, *told, *inside]
        finally:
            await http.close()
            if database:
                database.close()


async def tried(what: str, attempt: Try, *, without: str = "") -> Finding:
    """Try something and tell how it went; `without` is said in place of why something was not there."""
    try:
        return Finding(what, ok=True, detail=await attempt())
    except Unavailable as error:
        return Finding(what, ok=False, detail=without or str(error))
    except CrossroadsError as error:
        return Finding(what, ok=False, detail=str(error))


def _told_by_hub(
    config: Config, trust: Trust, http: Http, folder: Path, groups: DataGroups
) -> Iterator[tuple[str, Try]]:
    proven = ProvenKeys(trust, Witness(trust.log, folder / "checkpoints.json", config.hub))
    seal = [(SealingKey, config.keys.seal)] if config.keys.seal else []
    for kind, key in ((SigningKey, config.keys.sign), *seal, *((SigningKey, key) for key in config.holders.values())):
        yield f"key {key.id}", partial(_key, config, kind, key, proven, http, folder)
    yield "catalogue", partial(_catalogue, config, http, groups)


def _inside(
    config: Config, sources: dict[str, DataSource], database: Database | None, groups: DataGroups, ssin: str
) -> Iterator[tuple[str, Try]]:
    for name, source in sources.items():
        yield name, partial(_data, config, name, source, groups, ssin)
    if database and config.register:
        yield "register", partial(RegisterOfPersons(database, config.register).try_out, ssin)
    if config.outbox:
        yield "outbox", partial(_outbox, config)


def _for_many(
    config: Config, sources: dict[str, DataSource], many: dict[str, ManySource], ssin: str
) -> Iterator[tuple[str, Try]]:
    for name, source in sources.items():
        if config.groups[name].sql_many:
            yield f"{name} for many", partial(_alike, config, source, many[name], ssin)


async def _state(config: Config) -> str:
    folder = config.path(config.state)
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not os.access(place, os.W_OK):
        raise Wrong(f"{place} cannot be written: give it to the user that runs the participant.")
    return str(folder)


async def _hub(config: Config, http: Http) -> str:
    try:
        got = await http.run(_call(f"{config.hub}/.well-known/crossroads-keys"))
    except Unavailable as error:
        raise Wrong(f"{NO_HUB.format(config.hub)} {error}") from error
    told = got.headers.get("date")
    if not told:
        return "reachable; it does not tell the time"
    skew = abs((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    if skew > MAXIMUM_AHEAD:
        raise Wrong(f"The clocks are {skew:.0f} s apart: synchronise this machine (NTP).")
    return "reachable, the clocks agree"


async def _key(
    config: Config,
    kind: type[SigningKey] | type[SealingKey],
    key: KeyFile,
    proven: ProvenKeys,
    http: Http,
    folder: Path,
) -> str:
    jwk = kind.read(key.id, config.path(key.file)).jwk
    now = datetime.now(UTC)
    ring = institution_ring(config.hub, key.id.split("#")[0], proven, folder)
    found = await http.run(ring.get(key.id, now))
    if found is None:
        raise Wrong("It is not registered at the hub: have two operators sign its registration.")
    if found.registration.jwk != jwk:
        raise Wrong("The hub knows another key under this id: register this one under a new id.")
    if not found.in_force(now):
        raise Wrong(f"It is in force only until {found.registration.valid_until:%Y-%m-%d}: register a new one.")
    return f"mode 0600, registered until {found.registration.valid_until:%Y-%m-%d}"


async def _catalogue(config: Config, http: Http, groups: DataGroups) -> str:
    await http.run(groups.refresh(datetime.now(UTC)))
    missing = [group for group in config.groups if groups.find(group) is None]
    if missing:
        raise Wrong(f"It does not have {', '.join(missing)}: correct the name, or have the data group published.")
    return f"has the {len(config.groups)} data groups that are served here"


async def _data(config: Config, name: str, source: DataSource, groups: DataGroups, ssin: str) -> str:
    if isinstance(source, Documents) and not os.access(source.folder, os.R_OK | os.X_OK):
        raise Wrong(f"{source.folder} cannot be read: give the participant's user access.")
    content = await source.read(Wanted(ssin, config.institution, _EVER))
    group = groups.find(name)
    if group and group.media_type != source.media_type:
        raise Wrong(f"The catalogue says {group.media_type}: change mediaType, or use sql.")
    if content is None:
        return "can be read; there is nothing for this person, so the content was not checked (give --ssin)"
    faults = list(group.faults(content)) if group else []
    if faults:
        raise Wrong(f"The content is out of schema: {'; '.join(faults)}")
    return f"{counted(len(content), 'byte', 'bytes')}, " + ("within its schema" if group else "schema not known")


async def _alike(config: Config, source: DataSource, many: ManySource, ssin: str) -> str:
    one = await source.read(Wanted(ssin, config.institution, _EVER))
    people = tuple({ssin: None, SAMPLE: None})
    of_all = (await many.read(WantedMany(people, config.institution, _EVER, MAXIMUM_BULK_ANSWER))).get(ssin)
    if isinstance(of_all, CrossroadsError):
        raise of_all
    if one is None and of_all is None:
        return "the query runs; there is nothing for this person to compare (give --ssin)"
    if one is None or of_all is None or not same(JSON, one, of_all):
        raise Wrong("sqlMany gives other content than sql: make them say the same of each person.")
    return "says what sql says"


async def _outbox(config: Config) -> str:
    with closing(open_outbox(config)) as outbox:
        counts = outbox.counts()
        outbox.settle([Settled(_NO_ROW, REFUSED)], datetime.now(UTC))  # changes nothing, but needs the right to
    return f"{counted(counts['waiting'], 'change waits', 'changes wait')}; refused: {counts[REFUSED]:,}"


def _call(url: str) -> Steps[Got]:
    return (yield Call("GET", url))
