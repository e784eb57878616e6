"""A person's box over HTTP: published, listed, opened at the sender, proven; and what nobody else learns."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from boxes import (
    AGENT,
    ANNA,
    ANNEX,
    BERT,
    CARLA,
    DELIVERY,
    LETTER,
    MANAGED,
    MANAGER,
    NOBODY,
    Boxes,
    boxes,
    card,
    let_a_day_pass,
    message,
)
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.participant.boxes import Opener
from crossroads.participant.boxes_file import shelve
from crossroads.wire.box import MAXIMUM_A_DAY, BoxEvidence, BoxEvidenceQuery, BoxPublication, Delivery
from crossroads.wire.usage import Action, ProofPlace, ProofQuery, UsageList
from database import Database
from days import today
from looking import CENTRE, OTHER, OVERSIGHT, OWN, PORTAL, look, posted, read
from raw import person

DORA, EMIL = person(29), person(31)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Boxes]:
    with boxes(tmp_path_factory.mktemp("box"), module_database, {OTHER: {}}, others=[DORA, EMIL]) as made:
        made.activate(ANNA)
        yield made


def evidence(here: Boxes, reference: str, signer: str = CENTRE, **more: Any) -> BoxEvidence:
    with here.client(signer) as hub:
        return hub.box.evidence(BoxEvidenceQuery(reference=reference, **more))


def body(said: BoxPublication) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(said)
    return found


def test_a_message_is_listed_and_its_documents_come_from_the_sender(here: Boxes) -> None:
    published = here.publish(message())
    assert published.delivery is Delivery.PUBLISHED
    listed = here.listed(ANNA)
    assert listed.active
    (found,) = [one for one in listed.items if one.message == published.message]
    assert (found.sender, found.subject["fr"], found.opened_at) == (CENTRE, "Décision", None)
    assert [one.name for one in found.documents] == ["letter-0.pdf", "letter-1.pdf"]
    assert (here.open(published), here.open(published, number=1)) == (LETTER, ANNEX)
    (after,) = [one for one in here.listed(ANNA).items if one.message == published.message]
    assert after.opened_at is not None


def test_a_message_sent_again_is_published_once_and_another_under_its_reference_is_refused(here: Boxes) -> None:
    said = message()
    first = here.publish(said)
    again = here.publish(said)
    assert (again.message, again.receipt) == (first.message, first.receipt)
    assert len([one for one in here.listed(ANNA).items if one.message == first.message]) == 1
    other = msgspec.structs.replace(said, expires_on=said.expires_on + timedelta(days=1))
    reply = posted(here.built, "/v1/box/messages", body(other), CENTRE)
    assert (reply.status, reply.problem.code) == (409, "CR-REFERENCE-REUSED")


def test_without_an_active_box_the_sender_is_told_and_nothing_is_listed(here: Boxes) -> None:
    said = message(BERT)
    published = here.publish(said)
    assert published.delivery is Delivery.NOT_ACTIVE
    assert here.listed(BERT).items == ()
    shown = evidence(here, said.reference)
    assert (shown.delivery, shown.opened, shown.expires_on) == (Delivery.NOT_ACTIVE, None, None)
    kept = here.shelf().find(CENTRE, said.reference)
    assert kept is not None
    assert here.shelf().content(kept, said.documents[0].digest) is None


def test_a_box_is_active_from_the_consent_until_its_end(here: Boxes) -> None:
    here.activate(BERT, last_day=today() + timedelta(days=3))
    listed = here.listed(BERT)
    assert listed.active
    assert listed.active_until is not None
    before = here.publish(message(BERT))
    here.activate(BERT, active=False)
    assert not here.listed(BERT).active
    assert here.publish(message(BERT)).delivery is Delivery.NOT_ACTIVE
    # What was published while it was active can still be read.
    assert here.open(before, BERT) == LETTER
    for day in ("2020-01-01", "9999-12-31"):
        reply = posted(here.built, "/v1/box/consent", look(BERT, active=True, lastDay=day))
        assert (reply.status, reply.problem.issues[0].name) == (400, "$.lastDay")


@pytest.mark.parametrize("whom", [CARLA, NOBODY], ids=["somebody of others", "nobody"])
def test_who_is_not_on_file_and_who_does_not_exist_are_one_refusal(here: Boxes, whom: str) -> None:
    reply = posted(here.built, "/v1/box/messages", body(message(whom)), CENTRE)
    assert (reply.status, reply.problem.code) == (403, "CR-NOT-INSCRIBED")
    assert whom not in reply.body.decode()


@pytest.mark.parametrize(
    ("signer", "changes", "code"),
    [
        (OTHER, {}, "CR-NOT-INSCRIBED"),
        (PORTAL, {}, "MSG00013"),
        (CENTRE, {"legal_context": "PCSA:SOCIAL_INQUIRY"}, "MSG00015"),
        (CENTRE, {"on_behalf_of": MANAGED}, "CR-NOT-MANAGED"),
        (CENTRE, {"on_behalf_of": "nowhere"}, "CR-NOT-MANAGED"),
    ],
)
def test_only_who_is_authorised_and_knows_the_person_writes(
    here: Boxes, signer: str, changes: dict[str, Any], code: str
) -> None:
    reply = posted(here.built, "/v1/box/messages", body(message(**changes)), signer)
    assert (reply.status, reply.problem.code) == (403, code)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"subject": {"nl": ""}}, "$.subject.nl"),
        ({"subject": {}}, "$.subject"),
        ({"subject": {"nl": f"Brief aan {ANNA}"}}, "$.subject.nl"),
        ({"receivedOn": "2020-01-01"}, "$.receivedOn"),
        ({"expiresOn": "2020-01-01"}, "$"),
        ({"expiresOn": "2099-01-01"}, "$.expiresOn"),
        ({"documents": []}, "$.documents"),
        ({"sort": "advertisement"}, "$.sort"),
        ({"ssin": "12345678901"}, "$.ssin"),
    ],
)
def test_what_is_wrong_with_a_message_is_told_with_its_place(here: Boxes, changes: dict[str, Any], place: str) -> None:
    reply = posted(here.built, "/v1/box/messages", body(message()) | changes, CENTRE)
    assert (reply.status, reply.problem.issues[0].name) == (400, place)
    assert ANNA not in reply.body.decode()


@pytest.mark.parametrize(
    "name",
    [
        *("../x.pdf", ".hidden", "a\\b.pdf", 'a"b.pdf', "a\nb", "x" * 121, f"{ANNA}.pdf"),
        *(f"fdp.{mark}exe" for mark in "\u202e\u061c\u200b\u200c\u200d\u2060\ufeff"),
    ],
)
def test_a_document_has_a_name_that_is_safe(here: Boxes, name: str) -> None:
    documents = [msgspec.to_builtins(card(LETTER, "a.pdf")) | {"name": name}]
    reply = posted(here.built, "/v1/box/messages", body(message()) | {"documents": documents}, CENTRE)
    assert (reply.status, reply.problem.issues[0].name) == (400, "$.documents[0].name")


def test_what_lists_a_message_is_bounded_in_all(here: Boxes) -> None:
    documents = [msgspec.to_builtins(card(bytes([at]), f"{at:02}" + 118 * "\U0001f4e6")) for at in range(16)]
    reply = posted(here.built, "/v1/box/messages", body(message()) | {"documents": documents}, CENTRE)
    assert (reply.status, reply.problem.issues[0].name) == (400, "$")
    assert "4096 bytes" in reply.body.decode()


def test_a_sender_fills_a_day_and_no_more_and_all_stays_within_reach(here: Boxes, module_database: Database) -> None:
    here.activate(DORA)
    said = [message(DORA) for _ in range(MAXIMUM_A_DAY)]
    published = [here.publish(one) for one in said]
    reply = posted(here.built, "/v1/box/messages", body(message(DORA)), CENTRE)
    assert (reply.status, reply.problem.code) == (403, "CR-BOX-FULL-TODAY")
    assert here.publish(said[-1]).message == published[-1].message
    let_a_day_pass(module_database)
    published.append(here.publish(message(DORA)))
    first = here.listed(DORA)
    rest = here.listed(DORA, after=first.items[-1].message)
    assert [one.message for one in first.items + rest.items] == [one.message for one in reversed(published)]
    assert (first.more, rest.more, first.total, rest.total) == (True, False, len(published), len(published))


def test_who_writes_to_somebody_without_an_active_box_has_the_same_limit(
    here: Boxes, module_database: Database
) -> None:
    said = [message(EMIL) for _ in range(MAXIMUM_A_DAY)]
    for one in said:
        assert here.publish(one).delivery is Delivery.NOT_ACTIVE
    reply = posted(here.built, "/v1/box/messages", body(message(EMIL)), CENTRE)
    assert (reply.status, reply.problem.code) == (403, "CR-BOX-FULL-TODAY")
    # What was said before is said again, other people are not concerned, and tomorrow it may be tried once more.
    assert here.publish(said[0]).delivery is Delivery.NOT_ACTIVE
    assert here.publish(message(ANNA)).delivery is Delivery.PUBLISHED
    let_a_day_pass(module_database)
    assert here.publish(message(EMIL)).delivery is Delivery.NOT_ACTIVE


def test_no_day_of_receipt_is_filled_from_the_days_before(here: Boxes, module_database: Database) -> None:
    here.activate(DORA)
    let_a_day_pass(module_database)
    soon = today() + timedelta(days=5)
    for _ in range(MAXIMUM_A_DAY):
        here.publish(message(DORA, received_on=soon))
    let_a_day_pass(module_database)
    full = body(message(DORA, received_on=soon - timedelta(days=1)))
    assert posted(here.built, "/v1/box/messages", full, CENTRE).problem.code == "CR-BOX-FULL-TODAY"
    assert here.publish(message(DORA)).delivery is Delivery.PUBLISHED


def test_one_message_is_listed_alone_and_to_nobody_else(here: Boxes) -> None:
    published = here.publish(message())
    assert [one.message for one in here.listed(ANNA, message=published.message).items] == [published.message]
    for name in ("message", "after"):
        reply = posted(here.built, "/v1/box/query", look(BERT, **{name: str(published.message)}))
        assert (reply.status, reply.problem.code) == (403, "CR-BOX-UNKNOWN")


def test_a_document_of_another_size_than_was_said_is_not_given(here: Boxes) -> None:
    said = message(contents=(LETTER,), documents=(msgspec.structs.replace(card(LETTER, "a.pdf"), size=3),))
    published = here.publish(said, (LETTER,))
    with pytest.raises(Tampered) as refused:
        here.open(published)
    assert refused.value.code is Code.BOX_DOCUMENT_DIFFERS


def test_a_document_that_is_too_large_is_refused(here: Boxes) -> None:
    documents = [msgspec.to_builtins(card(LETTER, "a.pdf")) | {"size": 4 * 1024 * 1024 + 1}]
    reply = posted(here.built, "/v1/box/messages", body(message()) | {"documents": documents}, CENTRE)
    assert reply.status == 400


def test_a_large_document_arrives_whole(here: Boxes) -> None:
    content = bytes(range(256)) * 16 * 1024
    published = here.publish(message(contents=(content,)), (content,))
    assert here.open(published) == content


def test_a_manager_publishes_for_an_institution_that_it_manages(here: Boxes) -> None:
    said = message(on_behalf_of=MANAGED)
    published = here.publish(said, signer=MANAGER)
    (found,) = [one for one in here.listed(ANNA).items if one.message == published.message]
    assert (found.sender, here.open(published)) == (MANAGED, LETTER)
    assert evidence(here, said.reference, MANAGER, on_behalf_of=MANAGED).opened is not None
    with pytest.raises(Refused):
        evidence(here, said.reference, MANAGER)


def test_evidence_is_proven_for_the_sender_alone_and_names_no_person(here: Boxes) -> None:
    said = message()
    published = here.publish(said)
    before = evidence(here, said.reference)
    assert (before.opened_at, before.opened, before.expires_on) == (None, None, said.expires_on)
    here.open(published)
    after = evidence(here, said.reference)
    assert after.opened is not None
    opened = {name: one.value for name, one in after.published.opened.items()}
    assert (opened["event"], opened["reference"]) == ("box:message:published", said.reference)
    assert {"person", "agent"}.isdisjoint(opened)
    assert ANNA.encode() not in msgspec.json.encode(after)
    with pytest.raises(Refused) as other:
        evidence(here, said.reference, OTHER)
    with pytest.raises(Refused) as never:
        evidence(here, "no such reference")
    assert other.value.code == never.value.code == "CR-BOX-UNKNOWN"


def test_nobody_opens_what_is_not_theirs_and_the_attempt_is_seen(here: Boxes) -> None:
    published = here.publish(message())
    (found,) = [one for one in here.listed(ANNA).items if one.message == published.message]
    with here.client(PORTAL) as hub, pytest.raises(Refused) as refused:
        hub.box.open(Opener(BERT, OWN, "session-bert"), found, found.documents[0])
    assert refused.value.code == "CR-BOX-UNKNOWN"
    with here.client(PORTAL) as hub, pytest.raises(Refused):
        hub.box.open(Opener(NOBODY, OWN, "session-bert"), found, found.documents[0])
    seen = read(posted(here.built, "/v1/usage/query", look(BERT, actions=["look-refused"])), UsageList)
    assert seen.usages[0].code == "CR-BOX-UNKNOWN"


@pytest.mark.parametrize("path", ["/v1/box/query", "/v1/box/consent"])
@pytest.mark.parametrize(
    ("caller", "purpose", "code"),
    [
        (CENTRE, OWN, "MSG00013"),
        (PORTAL, OVERSIGHT, "MSG00015"),
        (PORTAL, "NO:SUCH", "MSG00013"),
        (CENTRE, DELIVERY, "MSG00015"),
        (PORTAL, "PERSON:ACTING_PARENT", "CR-NOT-ACTING"),
    ],
)
def test_another_institution_or_purpose_is_refused_alike_for_all(
    here: Boxes, path: str, caller: str, purpose: str, code: str
) -> None:
    more: dict[str, Any] = {"active": True} if path.endswith("consent") else {}
    replies = [posted(here.built, path, look(ssin, purpose, **more), caller) for ssin in (CARLA, NOBODY)]
    assert [(reply.status, reply.problem.code) for reply in replies] == [(403, code)] * 2


def test_the_box_of_nobody_is_empty_and_does_not_become_active(here: Boxes) -> None:
    assert here.listed(NOBODY).total == 0
    with pytest.raises(Refused):
        here.activate(NOBODY)


def test_a_sender_that_is_down_keeps_only_its_own_documents_away(here: Boxes) -> None:
    # Of a sender whose participant never ran here: the list stays, the document does not come.
    published = here.publish(message())
    member = here.built.member(CENTRE)
    here.built.processes.stop(member.institution)
    try:
        assert published.message in {one.message for one in here.listed(ANNA).items}
        with pytest.raises(Unavailable):
            here.open(published)
    finally:
        here.built.start_members([CENTRE])
    shown = read(posted(here.built, "/v1/usage/query", look(ANNA, actions=["box-failed"])), UsageList)
    assert shown.total_usages >= 1
    # An opening that failed is none: the sender cannot prove it.
    with here.client(CENTRE) as hub:
        assert hub.box.evidence(BoxEvidenceQuery(reference=published.reference)).opened is None


def test_a_document_that_is_gone_or_was_changed_is_not_given(here: Boxes) -> None:
    said = message()
    published = here.publish(said)
    (place,) = [one for one in (here.built.member(CENTRE).folder / "state" / "box").iterdir() if _is(one, said)]
    (place / "0").write_bytes(b"another decision")
    (place / "1").unlink()
    for number in (0, 1):
        with pytest.raises(Refused):
            here.open(published, number=number)


def _is(place: Any, said: BoxPublication) -> bool:
    return said.reference in (place / "message.json").read_text()


def test_the_person_sees_who_wrote_and_that_it_was_opened_with_proof(here: Boxes) -> None:
    published = here.publish(message())
    here.open(published)
    (found,) = [one for one in here.listed(ANNA).items if one.message == published.message]
    assert len(found.places) == 2
    wanted = tuple(ProofPlace(stream=one.stream, index=one.index) for one in found.places)
    with here.client(PORTAL) as hub:
        proofs = hub.looks.prove(ProofQuery(ssin=ANNA, legal_context=OWN, agent=AGENT, places=wanted))
    events = [proof.opened["event"].value for proof in proofs]
    assert events == ["box:message:published", "box:document:given"]
    seen = read(posted(here.built, "/v1/usage/query", look(ANNA)), UsageList)
    assert {Action.BOX_PUBLISHED, Action.BOX_OPENED, Action.BOX_SHOWN} <= {one.action for one in seen.usages}
    # Nobody else may have these entries proven.
    reply = posted(here.built, "/v1/usage/proof", look(BERT, places=msgspec.to_builtins(wanted)))
    assert reply.status == 403


def test_a_message_that_was_not_kept_by_the_sender_cannot_be_opened(here: Boxes) -> None:
    said = message()
    with here.client(CENTRE) as hub:
        published = hub.box.publish(said)
    with pytest.raises(Refused):
        here.open(published)


def test_the_shelf_gives_a_reference_to_one_message(here: Boxes) -> None:
    said = message()
    shelve(here.shelf(), CENTRE, said, [LETTER, ANNEX])
    other = msgspec.structs.replace(said, ssin=BERT)
    with pytest.raises(Refused):
        shelve(here.shelf(), CENTRE, other, [LETTER, ANNEX])
