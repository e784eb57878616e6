"""What tests of what a person may know share: the portal of a network, and how it asks the hub."""

import time
from typing import Any, TypeVar

import msgspec

from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.model import Authorisation, Document, Embargo, LegalContext, Mode
from crossroads.network.service import Network
from crossroads.wire.messages import Answer
from crossroads.wire.mutations import Item, MailboxPage
from raw import Asker, Reply, send

PORTAL, CENTRE, OTHER, SOURCE = "portal", "pcsw-gent", "pcsw-liege", "nsso"
WORK = "employment-relations@1"
OWN, OVERSIGHT, INSPECTION = "PERSON:OWN_ACCESS", "OVERSIGHT:INQUIRY", "TEST:INSPECTION"

T = TypeVar("T")
_DATED: dict[str, Any] = {"provenance": Provenance.ILLUSTRATIVE, "source": "ours: invented for a test"}


def with_inspection(document: Document, **end: Any) -> Document:
    """Give a catalogue in which an institution asks for a purpose that is under an embargo."""
    since = document.legal_contexts[0].valid_from
    party, names = Party(institution=OTHER), Text(en="Inspection")
    purpose = LegalContext(id=INSPECTION, names=names, assigned_to=(party,), valid_from=since, **_DATED)
    granted = Authorisation(
        reference="TEST/inspection-1",
        names=names,
        parties=(party,),
        legal_contexts=(INSPECTION,),
        data_groups=(WORK,),
        modes=(Mode.ONLINE,),
        no_inscription_because="It is a test.",
        valid_from=since,
        **_DATED,
    )
    later = Embargo(
        id="inspection", legal_context=INSPECTION, names=names, valid_from=since, **(end or {"days": 30}), **_DATED
    )
    return msgspec.structs.replace(
        document,
        legal_contexts=(*document.legal_contexts, purpose),
        authorisations=(*document.authorisations, granted),
        embargoes=(*document.embargoes, later),
    )


def posted(built: Network, path: str, content: dict[str, Any], caller: str = PORTAL) -> Reply:
    """Post a look, by the portal unless said otherwise, and check that the hub signed what it answers."""
    asker = Asker(built, caller)
    request = asker.signed_post(path, content)
    reply = send(request)
    if reply.status < 300:
        asker.verify(request, reply)
    return reply


def look(ssin: str, legal_context: str = OWN, **more: Any) -> dict[str, Any]:
    """Give what every look says."""
    return {"ssin": ssin, "legalContext": legal_context, "agent": "session-1", **more}


def read(reply: Reply, kind: type[T]) -> T:
    """Give what was answered; fails on a problem."""
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body, type=kind)


def given(built: Network, ssin: str, institution: str = CENTRE) -> Answer:
    """Ask until the source gives something: where it is late, nothing was given, and nothing can be wrong with it."""
    for _ in range(20):
        answer = Asker(built, institution).ask(ssin, WORK).answer
        if answer.status.code == "MSG00000":
            return answer
        time.sleep(1)
    raise AssertionError(answer.status)


def delivered(built: Network, institution: str) -> tuple[Item, ...]:
    """Give what an institution is told of, once there is something; it stays in the mailbox."""
    for _ in range(200):
        page = read(posted(built, "/v1/mailbox/pull", {"count": 10}, institution), MailboxPage)
        if page.items:
            return page.items
        time.sleep(0.1)
    return ()
