"""The pages of the institution that keeps statuses, with the demo login: real processes; the hub is not needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from attestations import MARIE, PAUL, write_settings
from commands import Ended, typed
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.network.logins import Login
from crossroads.network.ports import free_ports
from crossroads.network.processes import Processes
from crossroads.participant.desk.published import Authorisation, Catalogue, DataGroup, Institution, Party, Text
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.model import Holding, Home, Load, Resident
from crossroads.statuses.placing import place
from crossroads.statuses.rights import read_rights
from crossroads.statuses.staging import Round
from crossroads.web.demo_provider.personas import Persona
from crossroads.wire.keys import SealingKey, SigningKey
from desks import Browser
from fakehub import FakeHub
from plain import NO_TLS
from portals import log_in
from warm import warm

_RIGHTS = Path(__file__).parents[1] / "rights" / "belgium"
TODAY = brussels_day(datetime.now(UTC))
TARIFF = "social-tariff"
PERSONAS = (
    Persona(id="marie", name="Marie Vermeulen", ssin=MARIE, level=2),
    Persona(id="paul", name="Paul Claes", ssin=PAUL, level=2),
    Persona(id="weak", name="Marie Vermeulen", ssin=MARIE, level=1),
    Persona(id="nameless", name="Somebody", level=3),
)
"""Invented. Marie has a living wage, and Paul lives with her."""
PORTAL = "https://portal.example"
NAMES = Catalogue(
    institutions=(
        Institution(id="pcsw-gent", sector=17, names=Text(en="Public welfare centre of Gent", nl="OCMW Gent")),
        Institution(id="fod-economie", sector=70, names=Text(en="FPS Economy", nl="FOD Economie")),
    ),
    data_groups=(
        DataGroup(
            id="status-living-wage@1",
            names=Text(en="Living wage", nl="Leefloon"),
            description=Text(),
            authentic_source=17,
            temporality="period",
        ),
    ),
    authorisations=(
        Authorisation(
            reference="CR-ILL/social-tariff-2",
            names=Text(en="Social tariff"),
            parties=(Party(institution="fod-economie"),),
            legal_contexts=("ECONOMY:SOCIAL_TARIFF",),
            data_groups=("social-tariff-client@1",),
            modes=("online", "batch"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPages:
    """Pages that run."""

    url: str
    folder: Path
    processes: Processes
    arguments: tuple[str, ...]

    @property
    def settings(self) -> Path:
        """The settings of the institution."""
        return self.folder / "statuses.yaml"

    @property
    def buffer(self) -> Buffer:
        """What is held."""
        return Buffer(self.folder / "buffer")

    @property
    def log(self) -> Path:
        """What the process writes."""
        return self.folder / "pages.log"

    def command(self, verb: str, *arguments: str, text: str = "") -> Ended:
        """Type a command of the institution."""
        return typed("statuses", verb, str(self.settings), *arguments, text=text)

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        self.processes.start("pages", list(self.arguments), self.log, {})
        self.processes["pages"].wait_for(f"{self.url}/health")

    def again(self) -> None:
        """Stop it and start it."""
        self.processes.stop("pages")
        self.start()

    @contextmanager
    def browser(self, persona: str | None = None, path: str = "/en/me") -> Iterator[Browser]:
        """Give a browser without scripts, in which somebody is logged in."""
        headers = {"accept-language": "en", "origin": self.url}
        with httpx.Client(base_url=self.url, verify=NO_TLS, trust_env=False, timeout=20, headers=headers) as http:
            if persona is not None:
                log_in(http, persona, path)
            yield Browser(http)


@contextmanager
def status_pages(folder: Path, hub: FakeHub) -> Iterator[StatusPages]:
    """Set up an institution with a load, and start its pages and the login."""
    port, login_port = free_ports(2)
    login, url = Login(folder=folder / "login", port=login_port), f"http://127.0.0.1:{port}"
    login.make([login.client("statuses", url)], PERSONAS)
    block = {"port": login_port, "file": str(login.settings.file)}
    (folder / "crossroads.yaml").write_text(yaml.safe_dump({"environment": "test", "demo_login": block}))
    write_right(folder)
    _write(folder, hub, login, port)
    load(folder)
    arguments = ("statuses", "pages", str(folder / "statuses.yaml"))
    with warm() as processes:
        opened = StatusPages(url=url, folder=folder, processes=processes, arguments=arguments)
        certified = opened.command("certify")
        assert certified.code == 0, certified.stderr
        here = {"CROSSROADS_HOME": str(folder)}
        processes.start("demo-login", ["serve", "--role", "demo-login"], folder / "login.log", here)
        opened.start()
        processes["demo-login"].wait_for(f"{login.url}/health")
        yield opened


def write_right(folder: Path, **changes: Any) -> None:
    """Write the one right that is granted: one is decided on sooner than seven."""
    file = _RIGHTS / "social-tariff.yaml"
    right = yaml.safe_load(file.read_text("utf-8"))
    table = file.parent / right["table"]
    (folder / "rights").mkdir(exist_ok=True)
    (folder / "rights" / table.name).write_bytes(table.read_bytes())
    (folder / "rights" / file.name).write_text(yaml.safe_dump(right | {"table": table.name} | changes), "utf-8")


def _write(folder: Path, hub: FakeHub, login: Login, port: int) -> None:
    hub.write_trust(folder)
    keys = {kind: {"id": f"statuses#{kind}", "file": f"{kind}.pem"} for kind in ("sign", "seal")}
    for kind, key in (("sign", SigningKey), ("seal", SealingKey)):
        key.generate(f"statuses#{kind}").write(folder / f"{kind}.pem")
    (own,) = free_ports(1)
    files: dict[str, dict[str, Any]] = {
        "participant.yaml": {
            "institution": "statuses",
            "listen": {"port": own},
            "url": f"http://127.0.0.1:{own}",
            "hub": hub.url,
            "trust": "trust.json",
            "keys": keys,
            "state": "state",
        },
        "statuses.yaml": {
            "rights": "rights",
            "client": "participant.yaml",
            "legalContext": "STATUSES:LOAD",
            "candidates": "25:1",
            "members": "25:5",
            "statuses": {"living-wage": "status-living-wage@1"},
            "identification": "identification@1",
            "household": "household@1",
        },
        "pages.yaml": {
            "listen": {"port": port},
            "url": f"http://127.0.0.1:{port}",
            "state": "pages",
            "login": {
                "issuer": login.url,
                "clientId": "statuses",
                "clientSecretFile": str(login.secret("statuses")),
            },
            "portal": PORTAL,
            "mostAMinute": 100_000,
        },
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    write_settings(folder)
    (folder / "pages").mkdir(mode=0o700)
    (folder / "pages" / "catalogue.json").write_bytes(msgspec.json.encode(NAMES))


def load(folder: Path, day: date = TODAY) -> None:
    """Load that Marie has a living wage, and lives with Paul."""
    year = Period(day.replace(month=1, day=1), day.replace(month=12, day=31))
    buffer = Buffer(folder / "buffer")
    with buffer.loading() as (number, facts):
        with Round(facts, 1) as found:
            for ssin in (MARIE, PAUL):
                found.reside(Resident(ssin=ssin, birth=date(1980, 1, 1), postcode="9000"))
                found.share(Home(ssin=ssin, members=frozenset((MARIE, PAUL)), collective=False))
            one = Holding(ssin=MARIE, status="living-wage", source="pcsw-gent", period=year, extracted=day)
            found.hold(one)
        said = {"pcsw-gent": day}
        place(
            buffer,
            Load(number=number, day=day, until=day + timedelta(days=90), sources=said),
            facts,
            read_rights(folder / "rights"),
        )
