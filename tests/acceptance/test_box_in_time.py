"""What time and the registers do to a box: long unread, expired, replaced, merged, deceased."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from boxes import AGENT, ANNA, BERT, LETTER, Boxes, boxes, message
from crossroads.bootstrap.wiring import services
from crossroads.ebox.reminders import Reminders
from crossroads.identity.model import LINK
from crossroads.kernel.errors import Refused
from crossroads.network.founders import Founders
from crossroads.participant.boxes import Opener
from crossroads.wire.box import BoxEvidence, BoxEvidenceQuery, BoxMessage, BoxPublished, Delivery
from crossroads.wire.registrations import act
from database import Database
from days import today
from looking import CENTRE, OWN, PORTAL
from raw import person

CLARE, DORA, DORA_BEFORE, EVE, EVE_LATER, FRED, GERT = (person(number) for number in (31, 33, 35, 37, 39, 41, 43))
DUE = 15


class Later:
    """A clock that is some days ahead."""

    def __init__(self, days: int) -> None:
        self._ahead = timedelta(days=days)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Boxes]:
    others = [CLARE, DORA, DORA_BEFORE, EVE, FRED, GERT]
    with boxes(tmp_path_factory.mktemp("box"), module_database, others=others) as made:
        yield made


async def days_pass(here: Boxes, days: int) -> None:
    """Do what is done by itself, as it would be done so many days later."""
    async with services(here.built.installation, fills_mailboxes=False) as hub:
        await Reminders(pool=hub.pool, log=hub.log, clock=Later(days)).work()


def evidence(here: Boxes, published: BoxPublished) -> BoxEvidence:
    with here.client(CENTRE) as hub:
        return hub.box.evidence(BoxEvidenceQuery(reference=published.reference))


def listed(here: Boxes, ssin: str, published: BoxPublished) -> BoxMessage:
    (found,) = [one for one in here.listed(ssin).items if one.message == published.message]
    return found


async def test_a_message_that_is_long_unread_is_marked_once_and_provably(here: Boxes) -> None:
    here.activate(ANNA)
    published = here.publish(message(ANNA))
    await days_pass(here, DUE - 1)
    assert listed(here, ANNA, published).reminded_at is None
    await days_pass(here, DUE)
    marked = listed(here, ANNA, published)
    assert marked.reminded_at is not None
    assert len(marked.places) == 2
    proven = evidence(here, published).reminded
    assert proven is not None
    assert proven.opened["event"].value == "box:message:reminded"
    await days_pass(here, DUE + 1)
    assert listed(here, ANNA, published).reminded_at == marked.reminded_at


async def test_what_was_opened_or_is_in_a_box_that_was_ended_is_not_marked(here: Boxes) -> None:
    for ssin in (BERT, CLARE):
        here.activate(ssin)
    read, ended = here.publish(message(BERT)), here.publish(message(CLARE))
    here.open(read, BERT)
    here.activate(CLARE, active=False)
    await days_pass(here, DUE)
    assert listed(here, BERT, read).reminded_at is None
    assert listed(here, CLARE, ended).reminded_at is None
    # It was passed over for good: another activation reminds of nothing old.
    here.activate(CLARE)
    await days_pass(here, DUE + 1)
    assert listed(here, CLARE, ended).reminded_at is None


async def test_a_message_goes_on_its_day_and_what_became_of_it_stays_provable(here: Boxes) -> None:
    here.activate(GERT)
    published = here.publish(message(GERT, expires_on=today() + timedelta(days=3)))
    found = listed(here, GERT, published)
    here.open(published, GERT)
    await days_pass(here, 2)
    assert published.message in {one.message for one in here.listed(GERT).items}
    await days_pass(here, 3)
    assert published.message not in {one.message for one in here.listed(GERT).items}
    with here.client(PORTAL) as hub, pytest.raises(Refused) as refused:
        hub.box.open(Opener(GERT, OWN, AGENT), found, found.documents[0])
    assert refused.value.code == "CR-BOX-UNKNOWN"
    assert evidence(here, published).opened is not None


def test_a_message_is_listed_from_the_day_on_which_it_is_received(here: Boxes) -> None:
    here.activate(FRED)
    here.publish(message(FRED, received_on=today() + timedelta(days=2)))
    assert here.listed(FRED).items == ()


async def test_two_numbers_of_one_person_are_one_box(here: Boxes) -> None:
    here.activate(DORA)
    first = here.publish(message(DORA))
    assert here.publish(message(DORA_BEFORE)).delivery is Delivery.NOT_ACTIVE
    said = {"installation": "crossroads.test", "from": DORA_BEFORE, "into": DORA, "since": "2026-01-01"}
    said |= {"reason": "found twice", "at": datetime.now(UTC).isoformat()}
    async with services(here.built.installation, fills_mailboxes=False) as hub:
        merged = Founders(here.built.installation).sign(act(LINK, said))
        await hub.identity.link(merged, hub.catalogue.current.operators)
    second = here.publish(message(DORA_BEFORE))
    assert second.delivery is Delivery.PUBLISHED
    for number in (DORA, DORA_BEFORE):
        assert {one.message for one in here.listed(number).items} == {first.message, second.message}
        assert here.open(first, number) == here.open(second, number) == LETTER
    here.activate(DORA_BEFORE, active=False)
    assert not here.listed(DORA).active


async def test_who_got_another_number_opens_what_was_sent_under_the_old_one(here: Boxes) -> None:
    here.activate(EVE)
    published = here.publish(message(EVE))
    async with services(here.built.installation, fills_mailboxes=False) as hub:
        await hub.identity.replace_ssin(EVE, EVE_LATER, today() - timedelta(days=1), reason="corrected", actor="test")
    assert here.open(published, EVE_LATER) == LETTER
    assert here.publish(message(EVE)).delivery is Delivery.PUBLISHED


async def test_nobody_writes_to_the_box_of_who_died(here: Boxes) -> None:
    async with services(here.built.installation, fills_mailboxes=False) as hub:
        before = here.publish(message(FRED))
        await hub.identity.decease(FRED, today() - timedelta(days=1), reason="told", actor="test")
    assert before.delivery is Delivery.PUBLISHED
    assert here.publish(message(FRED)).delivery is Delivery.NOT_ACTIVE
    await days_pass(here, DUE)
    assert listed(here, FRED, before).reminded_at is None
