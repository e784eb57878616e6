"""Who may write to a box, who may show it, and what a statement says of a document."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.access.boxes import BoxSight, Held, Posting, box_sight, opening, posting
from crossroads.catalogue.kinds import listed
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import day
from crossroads.wire.box import BOX, DOCUMENT, POSTING, Subject, digest_of, document_digest
from networks import belgium

SNAPSHOT = Snapshot(Facts(1, 1, None, tuple(listed(belgium())), (), (), {}))
ON = date(2026, 6, 1)
INSTITUTIONS = [one.id for one in belgium().institutions]
PURPOSES = st.just("BOX:DELIVERY") | st.sampled_from([one.id for one in belgium().legal_contexts])
AUTHORISATIONS = {one.reference: one for one in belgium().authorisations}


@given(signer=st.sampled_from(INSTITUTIONS), sender=st.sampled_from(INSTITUTIONS), purpose=PURPOSES)
def test_who_writes_has_a_purpose_and_must_know_the_person(signer: str, sender: str, purpose: str) -> None:
    try:
        found = posting(SNAPSHOT, signer, sender, purpose, ON)
    except Refused:
        return
    institution = SNAPSHOT.institution(sender, ON)
    assert institution is not None
    assert institution.sector in {5, 17, 25}
    assert signer in {sender, institution.manager(purpose, ON)}
    assert found.ways
    for way in found.ways:
        authorisation = AUTHORISATIONS[way.authorisation]
        assert POSTING in authorisation.data_groups
        assert way.contexts
        assert any(party.includes(institution) for party in authorisation.parties)


@given(institution=st.sampled_from(INSTITUTIONS), purpose=PURPOSES, on=st.dates())
def test_nobody_but_the_portal_shows_a_box(institution: str, purpose: str, on: date) -> None:
    try:
        found = box_sight(SNAPSHOT, institution, purpose, BOX, on)
    except Refused:
        return
    assert (found.institution, found.authorisation) == ("portal", "CR-ILL/my-box-1")


@pytest.mark.parametrize(
    ("signer", "sender", "purpose", "code"),
    [
        ("pcsw-gent", "pcsw-antwerpen", "BOX:DELIVERY", Code.NOT_MANAGED),
        ("nsso", "nsso", "BOX:DELIVERY", Code.LEGAL_CONTEXT_NOT_ALLOWED),
        ("pcsw-gent", "pcsw-gent", "PCSA:SOCIAL_INQUIRY", Code.NOT_AUTHORISED),
        ("nobody", "nobody", "BOX:DELIVERY", Code.INSTITUTION_INACTIVE),
        ("pcsw-gent", "nobody", "BOX:DELIVERY", Code.NOT_MANAGED),
    ],
)
def test_who_may_not_write_learns_why_and_nothing_of_others(signer: str, sender: str, purpose: str, code: Code) -> None:
    with pytest.raises(Refused) as refused:
        posting(SNAPSHOT, signer, sender, purpose, ON)
    assert refused.value.code is code


def test_a_sender_is_asked_under_the_number_that_it_knows() -> None:
    sight = box_sight(SNAPSHOT, "portal", "PERSON:OWN_ACCESS", DOCUMENT, ON)
    held = Held(7, "80631512393", "pcsw-hasselt", "BOX:DELIVERY")
    same, other = (opening(SNAPSHOT, sight, held, asked, ON) for asked in ("80631512393", "75620814572"))
    assert (same.ssin, same.known_as) == ("80631512393", None)
    assert (other.ssin, other.known_as) == ("80631512393", "75620814572")
    assert (same.holder, same.audience) == ("pcsw-hasselt", "pps-social-integration")
    assert same.data_groups == {DOCUMENT: day(ON)}


def test_only_access_lets_anybody_write_or_look() -> None:
    with pytest.raises(TypeError):
        Posting(sender="pcsw-gent", ways=())
    with pytest.raises(TypeError):
        BoxSight(institution="portal", legal_context="X:Y", data_group=BOX, authorisation="none")


@given(
    one=st.binary(), other=st.binary(), salt=st.text("abc", min_size=22, max_size=44), more=st.text("xyz", min_size=1)
)
def test_a_statement_names_one_document_and_shows_it_to_who_has_the_salt_alone(
    one: bytes, other: bytes, salt: str, more: str
) -> None:
    stated = document_digest(digest_of(one), salt)
    assert (stated == document_digest(digest_of(other), salt)) == (one == other)
    assert stated != document_digest(digest_of(one), salt + more)


def test_a_subject_is_given_in_one_language_at_least() -> None:
    assert Subject(nl="Brief", de="Brief").words == {"nl": "Brief", "de": "Brief"}
    with pytest.raises(ValueError, match="at least one"):
        Subject()
