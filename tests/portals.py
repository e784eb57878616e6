"""The portal of a network for tests, with the demo login: real processes on ports of this machine."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import yaml

from crossroads.catalogue.model import Document
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database
from networks import network
from plain import NO_TLS

CITIZEN = "anna"
NUMBER = "80631512393"
PERSONAS: list[dict[str, Any]] = [
    {"id": CITIZEN, "name": "Anna Peeters", "ssin": NUMBER, "story": {"en": "A citizen."}},
    {"id": "bert", "name": "Bert Claes", "ssin": "75620814572", "level": 1},
    {"id": "olga", "name": "Olga Martens", "roles": ["officer"], "level": 2},
]
"""Invented, with mock numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """A portal that runs, and its network."""

    built: Network
    url: str
    login_url: str

    def client(self, **options: Any) -> httpx.Client:
        """Give a browser without scripts, that follows no redirect by itself."""
        return httpx.Client(base_url=self.url, verify=NO_TLS, trust_env=False, timeout=20, **options)


@contextmanager
def portal(
    folder: Path,
    database: Database,
    *,
    document: Document | None = None,
    settings: Mapping[str, Any] | None = None,
    login: Mapping[str, Any] | None = None,
    members: Mapping[str, Mapping[str, Any]] | None = None,
    personas: Sequence[Mapping[str, Any]] = PERSONAS,
    **people: Any,
) -> Iterator[Portal]:
    """Found a network, and start its portal and the demo login; the hub itself need not run for them.

    `people` are the persons and inscriptions of the network.
    """
    port, login_port = free_ports(2)
    url, login_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{login_port}"
    (folder / "login").mkdir(parents=True)
    secret = folder / "login" / "portal.secret"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(32))
    client = {
        "id": "portal",
        "secretFile": "portal.secret",
        "returnUrl": f"{url}/login/return",
        "backChannel": f"{url}/logout/back-channel",
    }
    offered = {"clients": [client], "personas": list(personas)}
    (folder / "login" / "login.yaml").write_text(yaml.safe_dump(offered))
    given = {
        "portal": {
            "port": port,
            "public_url": url,
            "database_url": database.url("crossroads_portal"),
            "login": {"issuer": login_url, "client_id": "portal", "client_secret": secret} | dict(login or {}),
            "most_a_minute": 100_000,
        }
        | dict(settings or {}),
        "demo_login": {"port": login_port, "file": folder / "login" / "login.yaml"},
    }
    named = {"document": document, "settings": given, "start": False, **people}
    with network(folder / "network", database, members or {}, **named) as built:
        addresses = {"portal": url, "demo-login": login_url}
        for role in addresses:
            log = built.home / "logs" / f"{role}.log"
            built.processes.start(role, ["serve", "--role", role], log, built.environment)
        for role, address in addresses.items():
            built.processes[role].wait_for(f"{address}/health")
        yield Portal(built=built, url=url, login_url=login_url)


def hidden_fields(html: str) -> dict[str, str]:
    """Give the hidden fields of the forms of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


def log_in(browser: httpx.Client, persona: str, path: str = "/en/me") -> httpx.Response:
    """Log in as a persona by the demo login, and give the page that was asked for."""
    answer = browser.get(path)
    if answer.status_code == 303:
        answer = browser.get(answer.headers["location"])
    choice = browser.get(answer.headers["location"])
    chosen = browser.post(
        str(choice.url.copy_with(query=None)), data={**hidden_fields(choice.text), "persona": persona}
    )
    back = browser.get(chosen.headers["location"])
    return browser.get(back.headers["location"])
