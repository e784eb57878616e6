"""What the pages of the portal say in words: events, kinds of changes, jobs, results, and names of institutions."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import crossroads.portal
from crossroads.audit.events import Event
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.kinds import Kind
from crossroads.kernel.clock import brussels_day
from crossroads.portal.citizen_data import named
from crossroads.portal.citizen_words import CITIZEN
from crossroads.portal.draft_words import DraftWords
from crossroads.portal.office_words import OFFICE
from crossroads.portal.register import Register
from crossroads.portal.told_words import TOLD
from crossroads.web.contents import contents
from crossroads.web.languages import LANGUAGES, words_of
from crossroads.web.look import HERE
from crossroads.wire.mutations import MutationKind, NoticeKind
from crossroads.wire.usage import Action, Outcome, Usage
from mutating import snapshot_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = words_of([HERE / "locale", Path(crossroads.portal.__file__).parent / "locale"])
FUND = Institution(
    id="test-fund",
    sector=11,
    type=1,
    names=Text(nl="Een fonds", fr="Une caisse", de="Eine Kasse", en="A fund"),
    valid_from=brussels_day(NOW),
    provenance=Provenance.ILLUSTRATIVE,
    source="ours: invented for a test",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_and_kind_of_change_is_in_words(language: str) -> None:
    words = WORDS[language]
    assert [event for event in Event if OFFICE["happened"](words, event) == event] == []
    raw = [kind.value.replace("-", " ") for kind in (*NoticeKind, *MutationKind)]
    said = [CITIZEN["choice"](words, kind.value) for kind in (*NoticeKind, *MutationKind)]
    assert [one for one, other in zip(said, raw, strict=True) if one == other] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_of_the_hub_is_told_in_a_sentence_of_its_own(language: str) -> None:
    words = WORDS[language]
    told = [TOLD["told"](words, kind, "<b>", "") for kind in (*NoticeKind, None)]
    assert len(set(told)) == len(NoticeKind) + 1
    assert all("&lt;b&gt;" in sentence for sentence in told)
    assert all(TOLD["told_because"](words, kind, "") for kind in NoticeKind)
    changed, mended = (TOLD["told"](words, kind, "A fund", "A source") for kind in (MutationKind.CHANGED, "corrected"))
    assert all(who in sentence for who in ("A fund", "A source") for sentence in (changed, mended))
    assert len({changed, mended, *told}) == len(told) + 2


@pytest.mark.parametrize(
    ("action", "institution", "outcome", "shown"),
    [
        (Action.QUESTION, "test-fund", Outcome.GRANTED, True),
        (Action.CHANGE_TOLD, "test-fund", Outcome.GRANTED, False),
        (Action.ERROR_ANSWERED, "test-fund", Outcome.GRANTED, False),
        (Action.IDENTITY_RECORDED, None, Outcome.GRANTED, False),
        (Action.INSCRIPTION_REFUSED, "test-fund", Outcome.REFUSED, True),
    ],
)
def test_a_result_stands_where_somebody_asked(
    action: Action, institution: str | None, outcome: Outcome, shown: bool
) -> None:
    one = Usage(at=NOW, action=action, outcome=outcome, institution=institution)
    assert CITIZEN["was_asked"](WORDS["en"], one) is shown


def test_an_institution_in_a_content_has_its_name_where_the_schema_says_that_it_is_one() -> None:
    register = Register(snapshot_of([(Kind.INSTITUTION, FUND)]), brussels_day(NOW))
    row = {"properties": {"fund": {"type": "string", "x-form": "institution"}, "note": {"type": "string"}}}
    schema = named({"properties": {"rows": {"type": "array", "items": row}}}, register)
    given = {"rows": [{"fund": "test-fund", "note": "test-fund"}, {"fund": "unknown-fund"}]}
    (table,) = contents(WORDS["fr"], given, schema).tables
    assert [str(row[0].striptags()) for row in table.rows] == ["Une caisse", "unknown-fund"]
    assert table.rows[0][1].striptags() == "test-fund"
    assert "x-values" not in row["properties"]["fund"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("names", {"nl": "Eén", "fr": "Un"}, "nl: Eén\nfr: Un"),
        (
            "askers",
            [{"institution": "test-fund"}, {"sector": 17}, {"sector": 17, "type": 2}],
            "Eine Kasse (test-fund)\nSektor 17\nSektor 17, Typ 2",
        ),
        ("notes", ["a", "b"], "a\nb"),
        ("validFrom", "2026-03-01", "1. März 2026"),
        ("modes", ["online", "unknown"], "Einzeln gefragt\nunknown"),
        ("notes", 36, "36"),
        ("notes", None, ""),
    ],
)
def test_a_draft_says_names_and_parties_in_words(field: str, value: object, said: str) -> None:
    register = Register(snapshot_of([(Kind.INSTITUTION, FUND)]), brussels_day(NOW))
    assert re.sub("<[^>]+>", "", DraftWords(register, WORDS["de"]).value(field, value)) == said
