"""Names and birth dates compared: who must be found, who must not be taken for whom, and rules that always hold."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.names.comparison import DUPLICATE, POSSIBLE, compare
from crossroads.kernel.names.normal import MAXIMUM_LETTERS, MAXIMUM_WORD, MAXIMUM_WORDS, fold, form
from crossroads.kernel.names.particulars import Particulars, Sex
from crossroads.kernel.names.phonetics import codes
from crossroads.kernel.names.reasons import Reason

NAMES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["Van de Velde", "Şahin", "El Amrani", "Amrani", "Müller-Weiß", "D'Haye", "Jan Willem", "Velde", "O", "h"]
    ),
    st.lists(
        st.sampled_from(["Youssef", "yusuf", "Chahin", "Jan", "J", "Johan", "de", "Maes", "Maas"]), max_size=3
    ).map(" ".join),
)
DATES = st.one_of(
    st.sampled_from(
        ["", "1980", "1980-00-00", "1980-05-00", "1980-01-01", "1980-05-03", "1980-03-05", "x-y-z", "19-8", "9" * 5000]
    ),
    st.dates().map(str),
)
PEOPLE = st.builds(Particulars, NAMES, NAMES, DATES, st.sampled_from([None, *Sex]))


def who(last: str, first: str = "", date: str = "1980-03-17", sex: Sex | None = None) -> Particulars:
    return Particulars(last, first, date, sex)


@given(PEOPLE, PEOPLE)
def test_a_comparison_is_the_same_both_ways_round(one: Particulars, other: Particulars) -> None:
    assert compare(one, other).score == compare(other, one).score


@given(PEOPLE, PEOPLE)
def test_a_score_lies_between_nothing_and_one_and_has_reasons(one: Particulars, other: Particulars) -> None:
    match = compare(one, other)
    assert 0 <= match.score <= 1
    assert match.reasons
    assert len(set(match.reasons)) == len(match.reasons)


@given(NAMES, NAMES, st.sampled_from([None, *Sex]))
def test_who_is_known_in_full_and_the_same_scores_one(last: str, first: str, sex: Sex | None) -> None:
    person = Particulars(last, f"{first} An", "1980-03-17", sex)
    assert compare(person, person) == (1.0, (Reason.NAME_SAME, Reason.FIRST_NAMES_SAME, Reason.DATE_SAME))


@given(PEOPLE)
def test_the_same_particulars_are_at_least_possibly_one_person(person: Particulars) -> None:
    assert compare(person, person).score >= POSSIBLE


@given(PEOPLE, PEOPLE)
def test_a_sex_that_is_not_known_never_counts_against_a_person(one: Particulars, other: Particulars) -> None:
    unknown = msgspec.structs.replace(one, sex=None)
    assert compare(unknown, other).score >= compare(one, other).score


@given(PEOPLE, PEOPLE)
def test_what_is_unknown_never_makes_a_duplicate(one: Particulars, other: Particulars) -> None:
    first_unknown = msgspec.structs.replace(one, first_names="")
    year_only = msgspec.structs.replace(one, birth_date=one.birth_date[:4] + "-00-00")
    assert compare(first_unknown, other).score < DUPLICATE
    assert compare(year_only, other).score < DUPLICATE


@given(st.text())
def test_the_plain_form_of_a_plain_form_is_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=20))
def test_case_and_marks_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.casefold().upper())


@pytest.mark.parametrize("letter", ["a", "\N{LATIN SMALL LIGATURE FFI}", "\ufdf2", "\ufdfa"])
@pytest.mark.parametrize("spaces", [0, 1, 5, 11])
def test_no_text_has_a_form_without_end(letter: str, spaces: int) -> None:
    made = form(" ".join([letter * (200 // (spaces + 1))] * (spaces + 1)))
    assert 0 < len(made.words) <= MAXIMUM_WORDS
    assert max(map(len, made.words)) <= MAXIMUM_WORD
    assert len(made.joined) <= MAXIMUM_LETTERS
    assert len(fold(letter * 200_000)) < 10 * MAXIMUM_LETTERS


def test_two_long_names_are_compared_by_how_they_begin() -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff von der Haarlemmermeer"
    assert compare(who(long, "Jan"), who(long + " Dromedarissen", "Jan")).score >= POSSIBLE
    assert compare(who("Vermeulen " + "x" * 180, "Jan"), who("Vermeulen " + "y" * 180, "Jan")).score < POSSIBLE


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Van de Velde", "velde"),
        ("van 't Hoof", "hoof"),
        ("D'Haye", "haye"),
        ("El-Amrani", "amrani"),
        ("Peeters-Janssens", "peetersjanssens"),
        ("Van", "van"),
        ("", ""),
    ],
)
def test_prefixes_that_stand_apart_are_not_the_stem_of_a_name(name: str, core: str) -> None:
    assert form(name).stem == core


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mohamed", "muhammad"),
        ("youssef", "yusuf"),
        ("youssef", "joesoef"),
        ("sahin", "chahin"),
        ("celik", "tchelik"),
        ("khalid", "chalid"),
        ("djamal", "jamal"),
        ("hendrickx", "hendriks"),
        ("thijs", "tys"),
        ("mueller", "muller"),
        ("schmidt", "schmitt"),
        ("philippe", "filip"),
        ("catherine", "katrien"),
        ("ouali", "wali"),
        ("alaoui", "alawi"),
        ("ayoub", "ayub"),
        ("leclercq", "leklerk"),
        ("wouters", "wauters"),
    ],
)
def test_names_that_sound_alike_share_a_code(one: str, other: str) -> None:
    assert codes(one) & codes(other)


@pytest.mark.parametrize(
    "pair", [("peeters", "janssens"), ("mohamed", "ahmed"), ("lambert", "lamotte"), ("maes", "claes")]
)
def test_names_that_sound_otherwise_share_no_code(pair: tuple[str, str]) -> None:
    assert not codes(pair[0]) & codes(pair[1])


DUPLICATES = {
    "accents": (who("Lefèvre", "Éric"), who("LEFEVRE", "Eric")),
    "German letters": (who("Groß", "Jürgen"), who("Gross", "Juergen")),
    "Turkish letters": (who("Kılıç", "Şükrü"), who("Kilic", "Sukru")),
    "glued prefix": (who("Van den Broeck", "An"), who("Vandenbroeck", "An")),
    "prefix absent": (who("El Amrani", "Fatima"), who("Amrani", "Fatima")),
    "apostrophe": (who("D'Haye", "Luc"), who("Dhaye", "Luc")),
    "hyphen": (who("Peeters-Maes", "Jean-Pierre"), who("Peeters Maes", "Jean Pierre")),
    "transliteration": (who("Ouali", "Mohamed"), who("Wali", "Mohammed")),
    "transposed": (who("Youssef", "Mansouri"), who("Mansouri", "Youssef")),
    "one first name of two": (who("Maes", "Jan Willem"), who("Maes", "Jan")),
    "first names in another order": (who("Maes", "Jan Willem"), who("Maes", "Willem Jan")),
    "day and month swapped": (who("Maes", "Jan", "1980-03-05"), who("Maes", "Jan", "1980-05-03")),
    "sex known to one only": (who("Maes", "Dominique", sex=Sex.MALE), who("Maes", "Dominique")),
}
POSSIBLES = {
    "typing error in each name": (who("Vermeuken", "Stijm"), who("Vermeulen", "Stijn")),
    "first name missing": (who("Vermeulen"), who("Vermeulen", "Stijn")),
    "initials": (who("Vermeulen", "S."), who("Vermeulen", "Stijn Jan")),
    "year only": (who("Vermeulen", "Stijn", "1980-00-00"), who("Vermeulen", "Stijn")),
    "month only": (who("Vermeulen", "Stijn", "1980-03-00"), who("Vermeulen", "Stijn")),
    "no birth date": (who("Vermeulen", "Stijn", ""), who("Vermeulen", "Stijn")),
    "first of January for unknown": (who("Vermeulen", "Stijn", "1980-01-01"), who("Vermeulen", "Stijn")),
    "the same with a year only": (who("Vermeulen", "Stijn", "1980-00-00"), who("Vermeulen", "Stijn", "1980-00-00")),
    "day mistyped": (who("Vermeulen", "Stijn", "1980-03-18"), who("Vermeulen", "Stijn")),
    "year mistyped": (who("Vermeulen", "Stijn", "1908-03-17"), who("Vermeulen", "Stijn")),
    "one part of a compound": (who("García", "Ana"), who("García Fernández", "Ana")),
    "sex differs": (who("Maes", "Dominique", sex=Sex.MALE), who("Maes", "Dominique", sex=Sex.FEMALE)),
    "year only, transposed and misspelt": (who("Yusuf", "Chahin", "1980-00-00"), who("Şahin", "Yusuf")),
}
DIFFERENT = {
    "twins": (who("Vermeulen", "Stijn"), who("Vermeulen", "Bart")),
    "twins of whom one has the other's second name": (who("Maes", "Bart Jan"), who("Maes", "Tom Pieter")),
    "father and son": (who("Haddad", "Ali", "1951-02-11"), who("Haddad", "Ali", "1980-03-17")),
    "brothers": (who("Haddad", "Omar", "1978-10-02"), who("Haddad", "Said", "1980-03-17")),
    "namesakes born in one year": (who("Maes", "Jan", "1980-11-25"), who("Maes", "Jan", "1980-03-17")),
    "neighbours of one birth date": (who("Peeters", "Jan"), who("Janssens", "Jan")),
    "another name and year": (who("Rossi", "Marco"), who("Nowak", "Piotr", "1961-07-30")),
}


@pytest.mark.parametrize("pair", DUPLICATES.values(), ids=DUPLICATES)
def test_one_person_written_in_two_ways_is_a_duplicate(pair: tuple[Particulars, Particulars]) -> None:
    assert compare(*pair).score >= DUPLICATE


@pytest.mark.parametrize("pair", POSSIBLES.values(), ids=POSSIBLES)
def test_with_less_certainty_it_is_possible(pair: tuple[Particulars, Particulars]) -> None:
    assert POSSIBLE <= compare(*pair).score < DUPLICATE


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_different_people_are_not_possible(pair: tuple[Particulars, Particulars]) -> None:
    assert compare(*pair).score < POSSIBLE


def test_twins_with_one_name_and_one_date_cannot_be_told_apart() -> None:
    assert compare(who("Maes", "Jan", sex=Sex.MALE), who("Maes", "Jan", sex=Sex.MALE)).score == 1


def test_father_and_son_of_one_birthday_are_possible_and_no_duplicate() -> None:
    assert POSSIBLE <= compare(who("Haddad", "Ali", "1950-03-17"), who("Haddad", "Ali", "1980-03-17")).score < DUPLICATE


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (who("Van Damme", "Jan"), who("Damme", "Jan"), {Reason.NAME_SAME, Reason.PREFIX_DIFFERS}),
        (who("Maes", "Jan"), who("Jan", "Maes"), {Reason.NAMES_TRANSPOSED}),
        (who("Şahin", "Ali"), who("Chahin", "Ali"), {Reason.NAME_SOUNDS_ALIKE, Reason.FIRST_NAMES_SAME}),
        (who("Vermeulen", "Jan"), who("Vermeuken", "Jan"), {Reason.NAME_SIMILAR}),
        (who("Maes", "Jan Piet"), who("Maes", "J."), {Reason.FIRST_NAMES_INITIALS, Reason.FIRST_NAMES_FEWER}),
        (who("Maes"), who("Maes", "Jan"), {Reason.FIRST_NAMES_UNKNOWN}),
        (who("Maes-Claes", "Jan"), who("Claes", "Jan"), {Reason.NAME_PARTLY_SAME}),
        (who("Maes", "Jan", "1980-00-00"), who("Maes", "Jan"), {Reason.DATE_INCOMPLETE}),
        (who("Maes", "Jan", ""), who("Maes", "Jan"), {Reason.DATE_UNKNOWN}),
        (who("Maes", "Jan", "1980-03-05"), who("Maes", "Jan", "1980-05-03"), {Reason.DATE_SWAPPED}),
        (who("Maes", "Jan", "1980-03-16"), who("Maes", "Jan"), {Reason.DATE_CLOSE}),
        (who("Maes", "Jan", "1961-12-30"), who("Maes", "Jan"), {Reason.DATE_DIFFERS}),
        (who("Maes", "An", sex=Sex.MALE), who("Maes", "An", sex=Sex.FEMALE), {Reason.SEX_DIFFERS}),
        (who("Maes", "Bart"), who("Peeters", "Tom"), {Reason.NAME_DIFFERS, Reason.FIRST_NAMES_DIFFER}),
    ],
)
def test_a_match_says_what_agreed_and_what_differed(one: Particulars, other: Particulars, reasons: set[Reason]) -> None:
    assert reasons <= set(compare(one, other).reasons)


def test_nothing_of_a_person_shows_where_a_program_prints_it() -> None:
    assert "Maes" not in repr(who("Maes", "Jan")) + str(who("Maes", "Jan"))
