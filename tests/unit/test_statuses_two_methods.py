"""Both methods, one answer: what is decided for everybody at once is what is decided for each person alone."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.statuses.direct import Direct, Person
from status_facts import DAYS, DIRECT, at_once, facts


@settings(max_examples=settings().max_examples // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_both_methods_give_one_answer(data: st.DataObject) -> None:
    day = data.draw(DAYS)
    people = data.draw(facts(day))
    # Asked alone, only those statuses are known that the table names.
    alone = {
        one
        for direct in DIRECT.values()
        for ssin in people
        for one in direct.entitlements(ssin, looked_for(direct, people), day)
    }
    assert at_once(people, day) == alone


def looked_for(direct: Direct, people: Mapping[str, Person]) -> Mapping[str, Person]:
    """Give people with the statuses that are asked for."""
    return {
        ssin: person._replace(
            holdings=tuple(one for one in person.holdings if direct.statuses is None or one.status in direct.statuses)
        )
        for ssin, person in people.items()
    }


def test_every_table_of_this_country_tells_which_statuses_may_open_its_right() -> None:
    assert all(direct.statuses for direct in DIRECT.values())
    assert DIRECT["de-lijn"].statuses != DIRECT["waste-tax-charleroi"].statuses
