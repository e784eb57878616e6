"""What tests of boxes share: a network with a portal and senders, and messages for invented people."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from typer.testing import CliRunner, Result

from crossroads.network.service import Network
from crossroads.participant import box_command
from crossroads.participant.boxes import Opener
from crossroads.participant.boxes_file import settle, shelve
from crossroads.participant.boxes_shelf import Shelf
from crossroads.participant.client import SyncClient
from crossroads.wire.box import (
    BoxConsent,
    BoxList,
    BoxPublication,
    BoxPublished,
    BoxQuery,
    DocumentCard,
    Sort,
    Subject,
    digest_of,
)
from database import Database, execute
from days import today
from looking import CENTRE, OWN, PORTAL
from networks import belgium, line, network
from raw import person

ANNA, BERT, CARLA, NOBODY = person(21), person(23), person(25), person(27)
"""Anna and Bert are known to the centre, Carla is not; nobody has the last number."""
MANAGER, MANAGED = "pps-social-integration", "pcsw-hasselt"
DELIVERY = "BOX:DELIVERY"
LETTER, ANNEX = b"%PDF-1.7 a decision", b"an annex"
AGENT = "session-test"


def card(content: bytes, name: str) -> DocumentCard:
    return DocumentCard(name=name, media_type="application/pdf", size=len(content), digest=digest_of(content))


def message(ssin: str = ANNA, contents: tuple[bytes, ...] = (LETTER, ANNEX), **changes: Any) -> BoxPublication:
    """Give a message with documents, as its sender writes it."""
    given: dict[str, Any] = {
        "reference": uuid4().hex,
        "legal_context": DELIVERY,
        "subject": Subject(nl="Beslissing", fr="Décision", de="Entscheidung", en="Decision"),
        "sort": Sort.DECISION,
        "received_on": today(),
        "expires_on": today() + timedelta(days=30),
        "documents": tuple(card(content, f"letter-{at}.pdf") for at, content in enumerate(contents)),
    }
    return BoxPublication(ssin=ssin, **(given | changes))


def let_a_day_pass(database: Database) -> None:
    """Have what was published, and is to be received, be a day earlier: a sender has a limit for each day."""
    earlier = "UPDATE box_message SET published_at = published_at - interval '1 day', received_on = received_on - 1"
    asyncio.run(execute(database.url("crossroads_owner"), earlier))
    not_taken = "UPDATE box_reference SET published_at = published_at - interval '1 day'"
    asyncio.run(execute(database.url("crossroads_owner"), not_taken))


@dataclass(frozen=True, slots=True)
class Boxes:
    """The parties of a network."""

    built: Network

    def client(self, institution: str) -> SyncClient:
        """Give a client of an institution."""
        return SyncClient(self.built.member(institution).client(self.built.installation.settings.public_url))

    def shelf(self, institution: str = CENTRE) -> Shelf:
        """Give where an institution keeps its documents."""
        return Shelf(self.built.member(institution).folder / "state" / "box")

    def publish(
        self, said: BoxPublication, contents: tuple[bytes, ...] = (LETTER, ANNEX), signer: str = CENTRE
    ) -> BoxPublished:
        """Have an institution publish a message, and keep its documents."""
        kept = shelve(self.shelf(signer), signer, said, list(contents))
        with self.client(signer) as hub:
            published = hub.box.publish(said)
        settle(self.shelf(signer), kept, published)
        return published

    def activate(self, ssin: str, *, active: bool = True, **more: Any) -> None:
        """Have a person activate the box, or end that."""
        with self.client(PORTAL) as hub:
            hub.box.consent(BoxConsent(ssin=ssin, legal_context=OWN, agent=AGENT, active=active, **more))

    def listed(self, ssin: str, **more: Any) -> BoxList:
        """Give what a person sees."""
        with self.client(PORTAL) as hub:
            return hub.box.list(BoxQuery(ssin=ssin, legal_context=OWN, agent=AGENT, **more))

    def open(self, published: BoxPublished, ssin: str = ANNA, number: int = 0) -> bytes:
        """Have a person open a document."""
        (found,) = [one for one in self.listed(ssin).items if one.message == published.message]
        with self.client(PORTAL) as hub:
            return hub.box.open(Opener(ssin, OWN, AGENT), found, found.documents[number]).content


@contextmanager
def boxes(
    folder: Path, database: Database, members: Mapping[str, Any] | None = None, others: Sequence[str] = ()
) -> Iterator[Boxes]:
    """Start a network in which the centre has Anna, Bert and others on file, and a managed centre Anna."""
    given: dict[str, Any] = {PORTAL: {}, CENTRE: {}, MANAGER: {"holders": (MANAGED,)}, **(members or {})}
    lines = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in (ANNA, BERT, *others)),
        line(ANNA, MANAGED, "17:4", "2020-01-01"),
    ]
    with network(
        folder,
        database,
        given,
        document=belgium(),
        persons=[ANNA, BERT, CARLA, *others],
        inscriptions=lines,
    ) as built:
        if CENTRE not in built.processes.names:
            # It answers for no data group, and gives documents.
            built.start_members([CENTRE])
        yield Boxes(built)


def letter(folder: Path, **changes: Any) -> Path:
    """Write a message as people write it down, with a document beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "decision.pdf").write_bytes(LETTER)
    said = {
        "reference": uuid4().hex,
        "ssin": ANNA,
        "legalContext": DELIVERY,
        "subject": {"nl": "Beslissing"},
        "sort": "decision",
        "documents": [{"file": "decision.pdf"}],
    }
    file = folder / "letter.yaml"
    file.write_text(yaml.safe_dump(said | changes))
    return file


def command(*arguments: str) -> Result:
    """Run `crossroads box` within this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(box_command.app, arguments)
