"""Keys of the index: whoever is written otherwise, in each of the ways people are, shares a key with themself."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.bench.registered import people
from crossroads.bench.variants import Kind, changed, variant
from crossroads.kernel.names.index import keys, probes
from crossroads.kernel.names.particulars import Particulars

MAXIMUM_KEYS = 400
REGISTERED = list(people(Random(11), 2000))
FULL = [one for one in REGISTERED if one.particulars.first_names and not one.particulars.birth_date.endswith("-00")]
TEXTS = st.text(max_size=200)
PEOPLE = st.builds(Particulars, TEXTS, TEXTS, st.one_of(TEXTS, st.dates().map(str)), st.none())


def all_probes(asked: Particulars) -> set[str]:
    return {key for group in probes(asked) for key in group}


@given(PEOPLE)
def test_everybody_finds_themself_by_their_own_particulars(person: Particulars) -> None:
    assert all_probes(person) & set(keys(person)) or not keys(person)


@given(PEOPLE)
def test_keys_are_sorted_each_once_and_not_without_end(person: Particulars) -> None:
    assert keys(person) == sorted(set(keys(person)))
    assert len(keys(person)) <= MAXIMUM_KEYS


def test_a_name_made_to_have_many_keys_has_not_too_many() -> None:
    last, first = "van cha bachi cechu dicho fuchy gochi", "chala chemi chino chopi churi chysa"
    found = keys(Particulars(last, first, "1980-03-17"))
    assert len(found) <= MAXIMUM_KEYS
    assert len(max(all_probes(Particulars(last * 9, first * 9, "1980-03-17")), key=len)) < MAXIMUM_KEYS


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.SPELLING, Kind.TYPING}))
def test_a_person_written_otherwise_shares_a_key_with_themself(kind: Kind) -> None:
    rng = Random(12)
    for person in FULL:
        asked = changed(rng, kind, person.particulars, person.origin)
        assert asked is None or all_probes(asked) & set(keys(person.particulars))


@pytest.mark.parametrize("kind", [Kind.SPELLING, Kind.TYPING])
def test_a_person_misspelt_shares_a_key_with_themself_but_for_one_in_two_hundred(kind: Kind) -> None:
    rng = Random(13)
    variants = [(changed(rng, kind, one.particulars, one.origin), one) for one in FULL]
    missed = [one for asked, one in variants if asked and not all_probes(asked) & set(keys(one.particulars))]
    assert len(missed) <= len(variants) / 200


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (("Van de Velde", "Jan", "1980-03-17"), ("Vandevelde", "Jan", "1980-03-17")),
        (("'t Hoof", "An", "1980-03-17"), ("Van 't Hoof", "", "1980-03-17")),
        (("El Amrani", "", "1980-00-00"), ("Elamrani", "Fatima", "1980-03-17")),
        (("Amrani", "", "1980-00-00"), ("Elamrani", "Fatima", "1980-03-17")),
        (("Joesoef", "Şahin", "1981-03-17"), ("Chahin", "Youssef", "1980-03-17")),
        (("Peeters", "", "1980-05-00"), ("Peeters-Janssens", "Lotte", "1980-03-17")),
        (("Peeters", "Lotte", ""), ("Peeters", "Lotte", "1980-03-17")),
        (("Peeters", "", ""), ("Peeters", "Lotte", "1980-03-17")),
        (("Peeters", "Lotte", "1980-03-17"), ("Peeters", "", "0000-00-00")),
        (("Vermeuken", "", "1980-03-17"), ("Vermeulen", "Stijn", "1980-03-17")),
        (("Vermeuken", "", "1980-10-03"), ("Vermeulen", "Stijn", "1980-03-10")),
        (("O", "", "1980-00-00"), ("O", "Min", "1980-03-17")),
    ],
)
def test_who_is_asked_for_so_is_found_so(asked: tuple[str, str, str], stored: tuple[str, str, str]) -> None:
    assert all_probes(Particulars(*asked)) & set(keys(Particulars(*stored)))


def test_few_strangers_share_a_key() -> None:
    asked = REGISTERED[0].particulars
    shared = [one for one in REGISTERED[1:] if all_probes(asked) & set(keys(one.particulars))]
    assert len(shared) < len(REGISTERED) / 50


def test_a_seed_decides_everything() -> None:
    def drawn(seed: int) -> list[object]:
        rng = Random(seed)
        return [variant(rng, Kind.SPELLING, one) for one in people(rng, 50)]

    assert drawn(4) == drawn(4) != drawn(5)


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_variant_differs_from_the_person(kind: Kind) -> None:
    rng = Random(14)
    made = [(one, changed(rng, kind, one.particulars, one.origin)) for one in REGISTERED]
    assert any(asked for _, asked in made)
    assert kind is Kind.SAME or all(asked != one.particulars for one, asked in made)


def test_the_people_of_the_bench_have_a_number_each() -> None:
    assert len({one.ssin for one in REGISTERED}) == len(REGISTERED)
