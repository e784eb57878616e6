"""Who acts for somebody reads that one's box as far as the mandate goes, and decides nothing about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from acting import REGISTER, REGISTERING, begin, chosen, known, line_of, mandate
from boxes import ANNA, BERT, LETTER, Boxes, boxes, message
from crossroads.kernel.errors import Refused
from crossroads.participant.boxes import Opener
from crossroads.wire.acting import AS_MANDATARY
from crossroads.wire.box import BoxConsent, BoxQuery
from crossroads.wire.usage import UsageList
from database import Database
from looking import PORTAL, look, posted, read
from raw import person

FRIEND = person(51)
BORN, SESSION = "1980-03-15", "session-friend"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Boxes]:
    with boxes(tmp_path_factory.mktemp("box"), module_database, {REGISTER: REGISTERING}, others=[FRIEND]) as made:
        known(made.built, [(FRIEND, "Maes", "Jan", BORN), (ANNA, "Peeters", "Anna", BORN)], [])
        made.activate(ANNA)
        yield made


def acting(here: Boxes, giver: str, *scopes: str) -> None:
    """Let the friend act for somebody from now on."""
    given = line_of(mandate(here.built, giver, (FRIEND, "Maes", BORN), *scopes))
    assert chosen(here.built, "accept", FRIEND, given.mandate).status < 300
    begun = begin(here.built, giver, FRIEND, SESSION, mandate=str(given.mandate))
    assert begun.status < 300, begun.body


def of(ssin: str) -> dict[str, Any]:
    return {"ssin": ssin, "legal_context": AS_MANDATARY, "agent": SESSION}


def test_a_mandate_for_the_box_reads_and_opens_and_does_not_decide(here: Boxes) -> None:
    published = here.publish(message(ANNA))
    acting(here, ANNA, "box")
    with here.client(PORTAL) as hub:
        (found,) = hub.box.list(BoxQuery(**of(ANNA))).items
        assert found.message == published.message
        assert hub.box.open(Opener(**of(ANNA)), found, found.documents[0]).content == LETTER
        with pytest.raises(Refused) as refused:
            hub.box.consent(BoxConsent(**of(ANNA), active=False))
    assert refused.value.code == "CR-NOT-ACTING"
    assert here.listed(ANNA).active
    seen = read(posted(here.built, "/v1/usage/query", look(ANNA, actions=["box-opened"])), UsageList)
    assert seen.usages[0].legal_context == AS_MANDATARY


def test_a_mandate_for_something_else_opens_no_box(here: Boxes) -> None:
    acting(here, BERT, "usage")
    with here.client(PORTAL) as hub, pytest.raises(Refused) as refused:
        hub.box.list(BoxQuery(**of(BERT)))
    assert refused.value.code == "CR-NOT-ACTING"
