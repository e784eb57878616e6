"""Attestations: of a right that is open alone, for no more days than need be, and checked by code and number."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from attestations import MARIE, NOW, PAUL, RIGHT, TODAY, YEAR, Place, drawn, fill, right, write_settings
from crossroads.kernel.errors import InvalidSsin, Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.kernel.period import day as one_day
from crossroads.participant.yamlfile import WrongSetting
from crossroads.statuses.attestation_model import Standing, new_code
from crossroads.statuses.attesting import MOST_UNKNOWN, MOST_WRONG
from crossroads.statuses.verifying import verify
from crossroads.wire.keys import UnsafeKeyFile

YEAR_END = date(2026, 12, 31)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    fill(made.buffer, YEAR)
    return made


def test_an_attestation_says_the_right_and_its_days_from_today(place: Place) -> None:
    made = place.attestations.attest(MARIE, RIGHT, "en")
    said = verify(made.pdf, place.certificate, NOW)
    assert said == made.statement
    assert (said.right, said.name, said.institution) == (RIGHT, "Social tariff", "statuses")
    # Since when it was open before is nobody's business; relied on no longer than the right lasts.
    assert said.days == Period(TODAY, YEAR_END)
    assert (said.made, said.until) == (TODAY, YEAR_END)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ("Statusbank verklaart", "van 22 november 2026 tot en met 31 december 2026")),
        ("fr", ("Banque des statuts atteste", "du 22 novembre 2026 au 31 décembre 2026 inclus")),
        ("de", ("Statusbank bescheinigt", "vom 22. November 2026 bis einschließlich 31. Dezember 2026")),
        ("en", ("Status bank attests", "from 22 November 2026 to 31 December 2026 inclusive")),
    ],
)
def test_it_is_written_in_the_language_of_the_person(place: Place, language: str, words: tuple[str, str]) -> None:
    said = " ".join(place_text(place, language).split())
    assert all(one in said for one in words)


def place_text(place: Place, language: str) -> str:
    """Give the words on a page: each `(…) Tj` of it."""
    page = drawn(place.attestations.attest(MARIE, RIGHT, language).pdf)
    return " ".join(line.split("(", 1)[1].rsplit(")", 1)[0] for line in page.splitlines() if "Tj" in line)


def test_it_holds_neither_the_number_nor_anything_made_of_it_alone(place: Place) -> None:
    one, other = (place.attestations.attest(MARIE, RIGHT, "nl") for _ in range(2))
    kept = b"".join(file.read_bytes() for file in (place.folder / "attestations").iterdir())
    for text in (one.pdf, drawn(one.pdf).encode(), kept):
        assert MARIE.encode() not in text
    assert one.statement.code.encode() not in kept
    with closing(sqlite3.connect(place.folder / "attestations" / "attestations.sqlite")) as database:
        holders = [holder for (holder,) in database.execute("SELECT holder FROM attestation")]
    assert len(set(holders)) == 2, "of one person, and nobody sees that"
    assert all(holder not in text for holder in holders for text in (one.pdf, other.pdf))


def test_of_a_day_that_is_past_it_tells_that_day_alone(place: Place) -> None:
    said = place.attestations.attest(MARIE, RIGHT, "nl", date(2026, 3, 1)).statement
    assert said.days == one_day(date(2026, 3, 1))
    assert said.until == TODAY + timedelta(days=90)


def test_a_right_without_a_last_day_is_attested_for_ninety_days(place: Place) -> None:
    fill(place.buffer, Period(date(2026, 1, 1)))
    said = place.attestations.attest(MARIE, RIGHT, "fr").statement
    assert said.days == Period(TODAY)
    assert said.until == TODAY + timedelta(days=90)
    assert "aucun dernier jour" in place_text(place, "fr")


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 11, 23)])
def test_a_day_on_which_it_is_not_open_or_to_come_is_refused(place: Place, day: date) -> None:
    with pytest.raises(Refused):
        place.attestations.attest(MARIE, RIGHT, "nl", day)


def test_a_right_that_is_not_open_is_refused_alike_for_who_is_known_and_who_is_not(place: Place) -> None:
    with pytest.raises(Refused) as known:
        place.attestations.attest(PAUL, RIGHT, "nl")
    fill(place.buffer, YEAR, known=[MARIE])
    with pytest.raises(Refused) as unknown:
        place.attestations.attest(PAUL, RIGHT, "nl")
    assert str(known.value) == str(unknown.value) == f"The right {RIGHT} is not open for this person on {TODAY}."


def test_a_right_that_is_no_longer_granted_or_unknown_is_refused(place: Place) -> None:
    with pytest.raises(Refused, match="No right `tax` is known here"):
        place.attestations.attest(MARIE, "tax", "nl")
    place.right = right(valid_until=date(2026, 6, 30))
    with pytest.raises(Refused, match="not open"):
        place.attestations.attest(MARIE, RIGHT, "nl")
    place.right = right(valid_until=date(2026, 11, 30))
    assert place.attestations.attest(MARIE, RIGHT, "nl").statement.days == Period(TODAY, date(2026, 11, 30))


def test_without_a_load_or_with_one_whose_time_is_over_nothing_is_attested(place: Place) -> None:
    fill(place.buffer, YEAR, until=date(2026, 11, 21))
    with pytest.raises(Unavailable, match="time of the buffer is over"):
        place.attestations.attest(MARIE, RIGHT, "nl")
    place.buffer.expire(TODAY)
    with pytest.raises(Unavailable, match="No statuses are loaded"):
        place.attestations.attest(MARIE, RIGHT, "nl")


NAMES = [
    "/ByteRange [0 1 2 3]",
    "**Tarif** <b>social</b> __x__",
    ") Tj ET (x\\) \\",
    "[lien](https://example.org)",
    "~~é~~ œuvre € – ’",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_markup_is_printed_letter_by_letter(place: Place, name: str) -> None:
    place.right = right(name)
    pdf = place.attestations.attest(MARIE, RIGHT, "fr").pdf
    assert verify(pdf, place.certificate, NOW).name == name
    page = drawn(pdf)
    escaped = name.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    assert f"({escaped}) Tj" in page
    assert "/URI" not in page


@pytest.mark.parametrize("name", ["two\nlines", "", "x" * 201, "Τιμολόγιο", "right\u202eleft", "nul\0"])
def test_a_name_that_cannot_be_printed_is_refused(place: Place, name: str) -> None:
    place.right = right(name)
    with pytest.raises(Refused, match=r"^The name '.*' (has a letter that )?cannot be printed"):
        place.attestations.attest(MARIE, RIGHT, "nl")


def test_the_longest_name_leaves_it_one_page(place: Place) -> None:
    place.right = right("Wort " * 39 + "Wort")
    pdf = place.attestations.attest(MARIE, RIGHT, "de").pdf
    assert pdf.count(b"/Type /Page\n") == 2, "the page as drawn, and as signed"


def test_a_code_and_a_number_are_answered_with_yes_or_no(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    plain = place.attestations.check(code)
    assert (plain.standing, plain.holder, plain.right) == (Standing.VALID, None, RIGHT)
    assert (plain.days, plain.made, plain.until) == (Period(TODAY, YEAR_END), TODAY, YEAR_END)
    assert place.attestations.check(code, MARIE).holder is True
    assert place.attestations.check(code, PAUL).holder is False
    with pytest.raises(InvalidSsin) as refused:
        place.attestations.check(code, MARIE[:-1])
    assert MARIE[:-1] not in str(refused.value)


def test_a_code_is_read_as_people_type_it(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    mistaken = code.lower().replace("-", " ").replace("o", "0").replace("i", "1").replace("b", "8")
    assert place.attestations.check(mistaken, MARIE).holder is True


def test_an_attestation_expires_after_its_last_day(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    place.clock.moment = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    assert place.attestations.check(code, MARIE).holder is True
    place.clock.moment += timedelta(minutes=1)
    late = place.attestations.check(code, MARIE)
    assert (late.standing, late.holder) == (Standing.EXPIRED, None)


def test_what_is_kept_goes_when_its_time_is_over(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    place.clock.moment = datetime(2027, 1, 30, 12, tzinfo=UTC)
    assert place.attestations.expire() == 0
    place.clock.moment += timedelta(days=1)
    assert place.attestations.expire() == 1
    assert place.attestations.check(code).standing is Standing.UNKNOWN


def test_a_revoked_attestation_is_told_as_such_and_stays_so(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    other = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    for _ in range(2):
        place.attestations.revoke(code)
        told = place.attestations.check(code, MARIE)
        assert (told.standing, told.holder) == (Standing.REVOKED, None)
    assert place.attestations.check(other).standing is Standing.VALID
    with pytest.raises(Refused, match="No attestation has this code"):
        place.attestations.revoke(new_code())


def test_guesses_are_answered_alike_and_end_soon(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    guesses = [new_code(), "", "x" * 100_000, MARIE, code[:-1], "\ud800", "'; DROP TABLE attestation"]
    answers = {place.attestations.check(guess, MARIE) for guess in (guesses * 3)[:MOST_UNKNOWN]}
    assert [answer.standing for answer in answers] == [Standing.UNKNOWN]
    # A right code tells who guesses nothing more now; others are not hindered.
    for one in (code, new_code()):
        with pytest.raises(Unavailable, match="try again in an hour"):
            place.attestations.check(one, MARIE)
    assert place.attestations.check(code, MARIE, peer="another").holder is True
    place.clock.moment += timedelta(hours=1)
    assert place.attestations.check(code, MARIE).holder is True


def test_numbers_can_be_tried_a_few_times_only_also_at_once(place: Place) -> None:
    code = place.attestations.attest(MARIE, RIGHT, "nl").statement.code

    def wrong(number: int) -> bool:
        try:
            return place.attestations.check(code, PAUL, peer=str(number)).holder is False
        except Refused:
            return False

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(wrong, range(3 * MOST_WRONG))) == MOST_WRONG
    with pytest.raises(Refused, match="Too many wrong numbers"):
        place.attestations.check(code, MARIE)
    assert place.attestations.check(code).standing is Standing.VALID
    again = place.attestations.attest(MARIE, RIGHT, "nl").statement.code
    assert place.attestations.check(again, MARIE).holder is True


def test_codes_differ_and_are_long() -> None:
    codes = {new_code() for _ in range(2_000)}
    assert len(codes) == 2_000
    letters = {letter for code in codes for letter in code} - {"-"}
    assert len(letters) == 32, "five bits a letter"
    assert {len(code.replace("-", "")) for code in codes} == {28}


def test_a_key_that_others_can_read_signs_nothing(place: Place) -> None:
    (place.folder / "attestations.key").chmod(0o640)
    with pytest.raises(UnsafeKeyFile, match="others can read it"):
        place.attestations.attest(MARIE, RIGHT, "nl")


def test_a_certificate_of_another_key_or_that_ends_too_soon_signs_nothing(place: Place, tmp_path: Path) -> None:
    place.clock.moment = NOW + timedelta(days=729)
    fill(place.buffer, Period(TODAY), until=date(2030, 1, 1))
    with pytest.raises(Refused, match="certificate is not in force, or ends before"):
        place.attestations.attest(MARIE, RIGHT, "nl")
    (tmp_path / "other").mkdir()
    other = Place(tmp_path / "other")
    (other.folder / "attestations.pem").rename(place.folder / "attestations.pem")
    with pytest.raises(Refused, match="is not the certificate of the key"):
        place.attestations.attest(MARIE, RIGHT, "nl")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"validDays": 91}, r"\$.validDays"),
        ({"names": {"nl": "Statusbank"}}, "the name in fr, de, en is missing"),
        ({"keptFor": 1}, "unknown field `keptFor`"),
    ],
)
def test_wrong_settings_are_refused(place: Place, changes: dict[str, object], told: str) -> None:
    write_settings(place.folder, **changes)
    with pytest.raises(WrongSetting, match=told):
        _ = place.attestations
