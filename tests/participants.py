"""A participant on a throw-away folder, as its tests need one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml
from litestar.testing import TestClient

from crossroads.kernel.clock import Clock, SystemClock
from crossroads.participant.config import read_config
from crossroads.participant.participant import Participant
from crossroads.participant.routes import Application
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import DataAnswer, Problem
from crossroads.wire.signatures import Request, verify_answer
from fakehub import FakeHub, Question, signed_headers
from forking import warm_pages

SSIN = "80650112345"
"""Of the form of a mock number; a participant does not check the digits, the hub does."""
OTHER_SSIN = "81650112399"
WAGE = "living-wage@1"
FILE = "handicap-file@1"
NAME = "pps-si"
URL = "https://pps-si.example/crossroads"

WAGE_SCHEMA = {
    "type": "object",
    "required": ["amounts"],
    "properties": {
        "amounts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["month", "eurocents"],
                "properties": {"month": {"type": "string"}, "eurocents": {"type": "integer", "minimum": 0}},
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
WAGE_SQL = """
select month, eurocents from amount
where ssin = :ssin and month between :start_date and :end_date and holder = :holder order by month
"""


WAGE_MANY = {
    "sql": WAGE_SQL,
    "sqlMany": WAGE_SQL.replace("select", "select ssin,").replace("= :ssin", "in :ssins"),
    "list": "amounts",
}


def published(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": WAGE, "schema": WAGE_SCHEMA, **changes}, {"id": FILE, "mediaType": "application/xml"}]


def make_database(folder: Path, *holders: str) -> None:
    with sqlite3.connect(folder / "data.sqlite") as connection:
        connection.execute("create table amount (ssin text, holder text, month text, eurocents integer)")
        rows = [
            (ssin, holder, f"2026-0{month}-01", 100_000 + month)
            for ssin in (SSIN, OTHER_SSIN)
            for holder in (NAME, *holders)
            for month in (1, 2, 7)
        ]
        connection.executemany("insert into amount values (?, ?, ?, ?)", rows)
        connection.execute("create table person (ssin text, birth text, name text)")
        connection.execute("insert into person values (?, '1980-05-01', 'Lefèvre-D''Hondt')", (SSIN,))
    connection.close()


def write_config(folder: Path, hub: FakeHub, port: int = 1, **changes: Any) -> Path:
    """Write keys, trust, data and settings; the key is registered at the hub."""
    key = SigningKey.generate(f"{NAME}#sign-1")
    key.write(folder / "keys" / "sign.pem")
    hub.keep(key)
    hub.groups = hub.groups or published()
    hub.write_trust(folder)
    make_database(folder, *changes.get("holders", {}))
    (folder / "files").mkdir()
    (folder / "files" / f"{SSIN}.xml").write_bytes(b"<file  a='1'/>\r\n")
    settings = {
        "institution": NAME,
        "listen": {"port": port},
        "url": URL,
        "state": "state",
        "keys": {"sign": {"id": key.key_id, "file": "keys/sign.pem"}},
        "trust": "trust.json",
        "hub": hub.url,
        "database": "sqlite:///data.sqlite",
        "groups": {
            WAGE: {"sql": WAGE_SQL, "list": "amounts"},
            FILE: {"documents": "files", "mediaType": "application/xml"},
        },
        "register": {"sql": "select birth as birth_date, name as last_name from person where ssin = :ssin"},
    }
    file = folder / "participant.yaml"
    file.write_text(yaml.safe_dump(settings | changes))
    return file


class Running:
    """A running participant, seen from the hub."""

    def __init__(self, client: TestClient[Any], participant: Participant, hub: FakeHub) -> None:
        """Keep the participant, what talks to it, and its hub."""
        self.client = client
        self.participant = participant
        self.key = VerifyKey(participant.key.jwk)
        self.hub = hub

    def post(self, body: bytes, headers: dict[str, str], path: str = "/v1/data-requests") -> httpx.Response:
        """Post as it stands."""
        return self.client.post(path, content=body, headers=headers)

    def ask(self, question: Question, **signing: Any) -> httpx.Response:
        """Sign and post."""
        body = question.body()
        return self.post(body, signed_headers(self.hub.permit, f"{URL}/v1/data-requests", body, **signing))

    def answer(self, question: Question) -> DataAnswer:
        """Ask, and check that the answer is signed."""
        body = question.body()
        headers = signed_headers(self.hub.permit, f"{URL}/v1/data-requests", body)
        got = self.post(body, headers)
        assert got.status_code == 200, got.text
        request = Request("POST", f"{URL}/v1/data-requests", headers, body)
        verify_answer(self.key, request, 200, {name.lower(): value for name, value in got.headers.items()}, got.content)
        return msgspec.json.decode(got.content, type=DataAnswer)

    def refusal(self, question: Question, **signing: Any) -> tuple[int, str | None]:
        """Ask, and give status and code of the refusal."""
        return refused(self.ask(question, **signing))


def refused(got: httpx.Response) -> tuple[int, str | None]:
    """Give the status and code of a refusal, which is a signed problem that names no person."""
    assert got.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(got.content, type=Problem)
    assert SSIN not in got.text
    return problem.status, problem.code


def said_twice(body: bytes, member: str, other: str) -> bytes:
    """Write a text into the first object that has this member, once more and before it."""
    return body.replace(f'"{member}":'.encode(), f'"{member}":"{other}","{member}":'.encode(), 1)


def repeated(got: httpx.Response) -> str:
    """Give which member of a body was refused because it stands there twice."""
    assert refused(got) == (400, None)
    (issue,) = got.json()["issues"]
    assert issue["detail"] == "A member of the JSON object is repeated."
    return str(issue["name"])


@contextmanager
def running(config: Path, hub: FakeHub, clock: Clock | None = None) -> Iterator[Running]:
    """Run a participant within this process."""
    participant = Participant(read_config(config), clock or SystemClock())
    # It is plain ASGI, and says so in simpler types than the client.
    application: Any = Application(participant)
    with warm_pages(), TestClient(application) as client:
        yield Running(client, participant, hub)
