"""The installation of `bench portal`: the portal and its login beside the hub, a full log and a full directory."""

import asyncio
import dataclasses
from datetime import timedelta

import asyncpg
import msgspec

from crossroads.bench.installation import Place, analyze, people, store_employments
from crossroads.bench.population import SOURCE
from crossroads.bench.portal_log import fill
from crossroads.bench.report import progress
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation
from crossroads.bootstrap.wiring import Services
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.network.founders import Founders
from crossroads.network.logins import Login
from crossroads.network.ports import free_ports
from crossroads.web.demo_provider.personas import Persona
from crossroads.web.settings import LoginSettings

PORTAL, CITIZEN = "portal", "citizen"
_LOGIN = "demo-login"
_MOST_A_MINUTE = 100_000
_DAYS = 700
_COUNTED = """
    INSERT INTO service_level SELECT day, 20000, 20000, 1, 19000, 19900, 600, 1, 4, 3 FROM unnest($1::date[]) AS day
"""


def with_pages(bare: Place) -> tuple[Place, str]:
    """Give the same place with a portal in its settings, and where that is."""
    port, login_port = free_ports(2)
    url, network = f"http://127.0.0.1:{port}", bare.network
    login = Login(folder=bare.folder / "login", port=login_port)
    settings = msgspec.structs.replace(
        network.installation.settings,
        portal=PortalSettings(
            port=port,
            public_url=url,
            client=network.member(PORTAL).settings,
            login=LoginSettings(issuer=login.url, client_id=PORTAL, client_secret=login.secret(PORTAL)),
            most_a_minute=_MOST_A_MINUTE,
        ),
        demo_login=login.settings,
    )
    installation = Installation(settings, network.installation.home)
    return bare._replace(network=dataclasses.replace(network, installation=installation)), url


def found(place: Place, entries: int, inscriptions: int) -> None:
    """Found it, fill log and directory, and start all that pages need."""
    made, load = people(place, inscriptions)
    citizen = made.asked[0]

    async def fill_all(services: Services, founders: Founders) -> None:
        await load(services, founders)
        progress.print(f"Logging {entries:,} entries.")
        await fill(services.log, place.dsn(), citizen, entries)
        await services.log.sign_checkpoint()

    place.found(fill_all)
    store_employments(place, made)
    asyncio.run(_count_levels(place.dsn()))
    asyncio.run(analyze(place))
    place.network.start_members([SOURCE])
    place.network.start_hub()
    _start_pages(place, citizen)


def _start_pages(place: Place, citizen: str) -> None:
    """Start the login and the portal, and wait until both answer."""
    network, settings = place.network, place.network.installation.settings
    portal, demo = settings.portal, settings.demo_login
    if portal is None or demo is None:
        raise AssertionError("The place has pages.")
    login = Login(folder=place.folder / "login", port=demo.port)
    login.make([login.client(PORTAL, portal.public_url)], [Persona(id=CITIZEN, name="Anna Peeters", ssin=citizen)])
    for role, url in ((_LOGIN, login.url), (PORTAL, portal.public_url)):
        log = network.home / "logs" / f"{role}.log"
        network.processes.start(role, ["serve", "--role", role], log, network.environment)
        network.processes[role].wait_for(f"{url}/health")


async def _count_levels(dsn: str) -> None:
    """Have two years of service levels: they are counted from a log that is older than this one."""
    connection = await asyncpg.connect(dsn)
    today = brussels_day(SystemClock().now())
    try:
        await connection.execute(_COUNTED, [today - timedelta(number) for number in range(1, _DAYS)])
    finally:
        await connection.close()
