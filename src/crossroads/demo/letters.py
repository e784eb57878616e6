"""The step of the tour in which a centre writes to a person's box, and the person opens the letter at the portal."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from crossroads.demo.home import Part
from crossroads.demo.pages import PORTAL
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import GENT, Stage
from crossroads.kernel.clock import brussels_day, in_brussels
from crossroads.kernel.errors import Refused
from crossroads.participant.boxes import Opener
from crossroads.participant.boxes_file import settle, shelve
from crossroads.participant.boxes_shelf import Shelf, shelf_folder
from crossroads.participant.config import read_config
from crossroads.wire.box import (
    BoxConsent,
    BoxEvidence,
    BoxEvidenceQuery,
    BoxMessage,
    BoxPublication,
    BoxPublished,
    BoxQuery,
    DocumentCard,
    Sort,
    Subject,
    digest_of,
)

_AGENT = "tour"
_DELIVERY, _OWN = "BOX:DELIVERY", "PERSON:OWN_ACCESS"
_LISTED = timedelta(days=730)


class _Letter(NamedTuple):
    """What the centre writes. Invented."""

    subject: Subject
    sort: Sort
    name: str
    text: str


_DECISION = _Letter(
    Subject(
        nl="Beslissing over uw aanvraag",
        fr="Décision sur votre demande",
        de="Entscheidung über Ihren Antrag",
        en="Decision on your request",
    ),
    Sort.DECISION,
    "decision.txt",
    "We looked into your request and grant it. This letter is invented, as is everybody in this demo.",
)
_INVITATION = _Letter(
    Subject(
        nl="Uitnodiging voor een gesprek",
        fr="Invitation à un entretien",
        de="Einladung zu einem Gespräch",
        en="Invitation to a talk",
    ),
    Sort.INVITATION,
    "invitation.txt",
    "We would like to talk with you. This letter is invented, as is everybody in this demo.",
)


def sent(stage: Stage) -> Outcome:
    """Have the person activate the box, the centre write twice, and the person open the first letter."""
    person = stage.made.cast.granted
    stage.screen.say(
        f"{person.name} said at the portal that letters may come to the box. The centre of Gent writes two. The hub "
        "learns for whom they are and what to list; the letters themselves stay in Gent. When one is opened, Gent "
        "gives it then, sealed to the portal, and both sides can prove that."
    )
    said = BoxConsent(ssin=person.ssin, legal_context=_OWN, agent=_AGENT, active=True)
    stage.client(PORTAL).box.consent(said)
    first = _publish(stage, person, _DECISION)
    _publish(stage, person, _INVITATION)
    text = _opened(stage, person, first)
    proven = stage.client(GENT).box.evidence(BoxEvidenceQuery(reference=first.reference))
    _show(stage, proven, text)
    ok = text == _DECISION.text and proven.opened is not None
    return Outcome("the letter as it was written, and a proof that it was opened", f"“{text}”, opened and proven", ok)


def _publish(stage: Stage, person: Part, letter: _Letter) -> BoxPublished:
    content = letter.text.encode()
    card = DocumentCard(name=letter.name, media_type="text/plain", size=len(content), digest=digest_of(content))
    today = brussels_day(datetime.now(UTC))
    publication = BoxPublication(
        reference=f"letter-{uuid4().hex}",
        ssin=person.ssin,
        legal_context=_DELIVERY,
        subject=letter.subject,
        sort=letter.sort,
        received_on=today,
        expires_on=today + _LISTED,
        documents=(card,),
    )
    shelf = Shelf(shelf_folder(read_config(stage.network.member(GENT).settings)))
    kept = shelve(shelf, GENT, publication, [content])
    published = stage.client(GENT).box.publish(publication)
    settle(shelf, kept, published)
    return published


def _opened(stage: Stage, person: Part, published: BoxPublished) -> str:
    box = stage.client(PORTAL).box
    message = _listed(stage, person, published)
    return box.open(Opener(person.ssin, _OWN, _AGENT), message, message.documents[0]).content.decode()


def _listed(stage: Stage, person: Part, published: BoxPublished) -> BoxMessage:
    found = stage.client(PORTAL).box.list(BoxQuery(ssin=person.ssin, legal_context=_OWN, agent=_AGENT))
    for one in found.items:
        if one.message == published.message:
            return one
    raise Refused("The letter is not in the box.")


def _show(stage: Stage, proven: BoxEvidence, text: str) -> None:
    rows = [("Published", f"{in_brussels(proven.published_at):%H:%M:%S}, proven"), ("The letter", text)]
    if proven.opened_at:
        rows.append(("Opened", f"{in_brussels(proven.opened_at):%H:%M:%S}, proven"))
    stage.screen.facts(rows)
