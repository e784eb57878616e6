"""Before the tour the demo says which authorisation somebody suspended."""

from crossroads.demo.authorised import warning
from networks import belgium


def listed(but: str = "") -> list[dict[str, str]]:
    return [{"reference": one.reference} for one in belgium().authorisations if one.reference != but]


def test_where_nothing_was_taken_away_nothing_is_said() -> None:
    assert warning(belgium(), listed()) is None


def test_what_was_suspended_is_named_with_the_way_to_begin_anew() -> None:
    gone = next(one for one in belgium().authorisations if one.valid_until is None)
    said = warning(belgium(), listed(gone.reference))
    assert said is not None
    assert gone.reference in said
    assert said.endswith("demo --fresh")
