"""The desk of an institution for tests, with the demo login: real processes on ports of this machine."""

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from commands import Ended, typed
from crossroads.catalogue.model import Document, Mode
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from crossroads.participant.desk.acts import Acts, new_agent, new_id
from crossroads.participant.desk.model import COMMAND_LINE, Appoint, Grant, Power, Role, User
from database import Database
from networks import belgium, line, network
from plain import NO_TLS
from portals import hidden_fields, log_in
from raw import INQUIRY, person

CENTRE, OTHER, SOURCE, WORK = "pcsw-gent", "pcsw-liege", "nsso", "employment-relations@1"
REDUCTIONS = "NSSO:CONTRIBUTION_REDUCTIONS"
MARIE, STAN, NORA, LEON, PIET = "marie", "stan", "nora", "leon", "piet"
"""The local manager, staff, a user without a role, one whose role ended yesterday, and somebody who is no user."""
OTTO, SARA = "otto", "sara"
"""The local manager and staff elsewhere: at the source."""
PERSONAS = [
    {"id": MARIE, "name": "Marie Vermeulen", "level": 2},
    {"id": STAN, "name": "Stan Jacobs", "level": 2},
    {"id": NORA, "name": "Nora Lambert", "level": 2},
    {"id": LEON, "name": "Leon Dubois", "level": 2},
    {"id": PIET, "name": "Piet Mertens", "level": 2},
    {"id": OTTO, "name": "Otto Willems", "level": 2},
    {"id": SARA, "name": "Sara Thijs", "level": 2},
    {"id": "weak", "name": "Stan Jacobs", "level": 1},
]
"""Invented."""
ANNA, STRANGER = person(1), person(3)
_RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


class _DaysAgo:
    """A clock that is behind."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDesk:
    """A desk that runs, and its network."""

    built: Network
    url: str
    settings: Path
    port: int

    @property
    def home(self) -> Path:
        """Its own folder."""
        return self.settings.parent / "desk"

    def command(self, *arguments: str) -> Ended:
        """Run `crossroads desk …` with its settings."""
        group, name, *rest = arguments
        return typed("desk", group, name, str(self.settings), *rest)

    @contextmanager
    def browser(self, persona: str | None = None, path: str = "/en/me") -> Iterator["Browser"]:
        """Give a browser without scripts, in which somebody is logged in."""
        english = {"accept-language": "en"}
        # An address of its own, as at work: so many pages a minute are given to each.
        own = httpx.HTTPTransport(verify=NO_TLS, trust_env=False, local_address=f"127.0.0.{2 + secrets.randbelow(250)}")
        with httpx.Client(base_url=self.url, transport=own, timeout=20, headers=english) as http:
            if persona is not None:
                log_in(http, persona, path)
            yield Browser(http)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that fills in forms: the hidden fields as the page has them."""

    http: httpx.Client

    def get(self, path: str, status: int = 200) -> httpx.Response:
        """Open a page of the English desk."""
        page = self.http.get(f"/en{path}")
        assert page.status_code == status, f"{page.status_code}: {words(page)}"
        return page

    def send(self, path: str, at: str | None = None, **fields: Any) -> httpx.Response:
        """Open a page and send its form; `at` is the page where that is another one, or has a query."""
        shown = self.get(at or path)
        return self.http.post(f"/en{path}", data=over(shown, fields))

    def done(self, path: str, at: str | None = None, **fields: Any) -> str:
        """Send a form that is taken, and give where it leads, without language."""
        answer = self.send(path, at, **fields)
        assert answer.status_code == 303, f"{answer.status_code}: {words(answer)}"
        return answer.headers["location"].removeprefix("/en")

    def faults(self, path: str, at: str | None = None, **fields: Any) -> str:
        """Send a form that is not taken, and give the page that says why."""
        answer = self.send(path, at, **fields)
        assert answer.status_code == 422, f"{answer.status_code}: {words(answer)}"
        assert "There is a problem" in answer.text
        return answer.text


def over(page: httpx.Response, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a page's forms send when fields are typed over; a whole day is typed into the first of its three."""
    beside = {f"{name}-{part}": "" for name in fields for part in ("month", "year")}
    return {**filled(page), **beside, **fields}


def filled(page: httpx.Response) -> dict[str, str]:
    """Give what stands in the fields of a page's forms as it is shown."""
    typed_in = re.findall(r'<input [^>]*name="([^"]+)" type="(?:text|date)" value="([^"]*)"', page.text)
    return {**hidden_fields(page.text), **{name: unescape(value) for name, value in typed_in}}


def words(page: httpx.Response) -> str:
    """Give what a page says, without its frame."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


@contextmanager
def desks(
    folder: Path, database: Database, *, people: Sequence[str] = (), workers: int = 0
) -> Iterator[tuple[RunningDesk, RunningDesk]]:
    """Found a network with a centre and a source, and start all of it with the desks of both."""
    login_port, *ports = free_ports(3)
    login_url, urls = f"http://127.0.0.1:{login_port}", [f"http://127.0.0.1:{port}" for port in ports]
    (folder / "login").mkdir(parents=True)
    secret = folder / "login" / "desk.secret"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(32))
    clients = [
        {"id": f"desk-{name}", "secretFile": "desk.secret", "returnUrl": f"{url}/login/return"}
        for name, url in zip((CENTRE, SOURCE), urls, strict=True)
    ]
    (folder / "login" / "login.yaml").write_text(yaml.safe_dump({"clients": clients, "personas": PERSONAS}))
    known = [ANNA, *people]
    inscriptions = [line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in (*known, STRANGER)]
    inscriptions += [line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in known]
    members: dict[str, Any] = {
        CENTRE: {},
        SOURCE: {"groups": {WORK: {"sql": _RELATIONS, "list": "relations"}}, "outbox": True},
    }
    opened = network(
        folder / "network",
        database,
        members,
        document=_with_batches(belgium()),
        persons=[*known, STRANGER],
        inscriptions=inscriptions,
        settings={"demo_login": {"port": login_port, "file": folder / "login" / "login.yaml"}, "job_workers": workers},
    )
    with opened as built:
        built.member(SOURCE).store({"relations": (("ssin", "start_date"), [(ssin, "2024-01-01") for ssin in known])})
        _start(built, "demo-login", ["serve", "--role", "demo-login"], login_url)
        centre, source = (
            _written(built, name, port, login_url, secret) for name, port in zip((CENTRE, SOURCE), ports, strict=True)
        )
        asyncio.run(_before_today(centre.home))
        for one, manager, context in ((centre, MARIE, INQUIRY), (source, OTTO, REDUCTIONS)):
            options = ("--subject", manager, "--name", manager.title(), "--legal-context", context)
            appointed = one.command("user", "appoint", *options)
            assert appointed.code == 0, appointed.stderr
            _start(built, f"desk-{one.port}", ["desk", "serve", str(one.settings)], one.url)
        yield centre, source


def _written(built: Network, institution: str, port: int, login_url: str, secret: Path) -> RunningDesk:
    """Write the settings of a desk."""
    settings, url = built.member(institution).folder / "desk.yaml", f"http://127.0.0.1:{port}"
    login = {"issuer": login_url, "clientId": f"desk-{institution}", "clientSecretFile": str(secret)}
    said = {"client": "participant.yaml", "listen": {"port": port}, "url": url, "login": login, "state": "desk"}
    settings.write_text(yaml.safe_dump(said))
    return RunningDesk(built=built, url=url, settings=settings, port=port)


def _start(built: Network, name: str, arguments: Sequence[str], url: str) -> None:
    built.processes.start(name, arguments, built.home / "logs" / f"{name}.log", built.environment)
    built.processes[name].wait_for(f"{url}/health")


def _with_batches(document: Document) -> Document:
    """Give a catalogue in which centres may send batches as well for their social inquiries."""
    granted = tuple(
        msgspec.structs.replace(one, modes=(*one.modes, Mode.BATCH)) if INQUIRY in one.legal_contexts else one
        for one in document.authorisations
    )
    return msgspec.structs.replace(document, authorisations=granted)


async def _before_today(home: Path) -> None:
    """Do what was done some days ago: somebody was manager, and gave Leon a role, both until yesterday."""
    clock, here = _DaysAgo(), frozenset({INQUIRY})
    acts = Acts(home / "acts", CENTRE, clock)
    await acts.open()
    today = brussels_day(clock.now())
    period = Period(today, brussels_day(datetime.now(UTC)) - timedelta(days=1))
    boss, leon = (User(agent=new_agent(), subject=name, name=name.title()) for name in ("gone", LEON))
    await acts.do(Appoint(user=boss), COMMAND_LINE, here)
    first = Role(id=new_id(), agent=boss.agent, power=Power.MANAGER, legal_context=INQUIRY, period=period)
    await acts.do(Grant(role=first), COMMAND_LINE, here)
    await acts.do(Appoint(user=leon), boss.agent, here)
    ended = Role(id=new_id(), agent=leon.agent, power=Power.STAFF, legal_context=INQUIRY, period=period)
    await acts.do(Grant(role=ended), boss.agent, here)
