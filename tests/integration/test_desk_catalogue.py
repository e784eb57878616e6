"""What a desk offers to ask is as old as its catalogue: it says of when, and reads it anew where that proves old."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from crossroads.participant.desk.published import TIMEOUT, Published
from crossroads.participant.steps import Http

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CENTRE, INQUIRY, WORK = "pcsw-gent", "PCSA:SOCIAL_INQUIRY", "employment-relations@1"
PARTY = {"institution": CENTRE}


class Hub(ThreadingHTTPServer):
    """The public catalogue of a hub."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        named = {"id": WORK, "description": {}, "authenticSource": 12, "temporality": "period"}
        allowed = {"parties": [PARTY], "legalContexts": [INQUIRY], "dataGroups": [WORK], "modes": ["online"]}
        self.parts = {
            "institutions": [{"id": CENTRE, "sector": 17, "names": {}}],
            "data-groups": [{**named, "names": {}}],
            "authorisations": [{"reference": "CR-ILL/1", "names": {}, **allowed}],
        }


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        body = json.dumps({"items": self.server.parts.get(self.path.rpartition("/")[2], [])}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's name
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_what_was_taken_away_is_offered_no_more_once_a_refusal_showed_it(hub: Hub, tmp_path: Path) -> None:
    http = Http(TIMEOUT)
    published = Published(f"http://127.0.0.1:{hub.server_port}", tmp_path / "catalogue.json", http)
    assert published.of is None
    first = await published.now(NOW)
    assert [group.id for group in first.askable(CENTRE, INQUIRY, "online")] == [WORK]
    hub.parts["authorisations"] = []
    later = NOW + timedelta(seconds=20)
    assert await published.now(later) == first
    assert str(published.of) == str(NOW)
    published.forget()
    assert (await published.now(later)).askable(CENTRE, INQUIRY, "online") == []
    assert str(published.of) == str(later)
    await http.close()
