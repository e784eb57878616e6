"""The file of questions that the tour sends."""

from datetime import date

from crossroads.demo.batches import line_name
from crossroads.kernel.ssin import Environment, is_number_of_person

ANNA = "80631512393"


def test_no_line_of_a_tour_is_named_as_a_person_is() -> None:
    """Tours are named by chance: by digits alone, now and then."""
    today = date(2026, 2, 2)
    assert is_number_of_person(f"{ANNA[:8]}-{ANNA[8:]}", Environment.TEST, today)
    assert not is_number_of_person(line_name(ANNA[:8], int(ANNA[8:])), Environment.TEST, today)
    assert not is_number_of_person(line_name(f"tour-{ANNA[:8]}", int(ANNA[8:])), Environment.TEST, today)
