"""People, homes and statuses that tests of the institution that keeps statuses draw, and what tables decide of them."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from crossroads.kernel.period import Period
from crossroads.statuses.deciding import Decider
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.model import Entitlement, Holding, Home, Resident
from crossroads.statuses.rights import read_rights
from crossroads.statuses.staging import Round

RIGHTS = read_rights(Path(__file__).parents[1] / "rights" / "belgium")
DIRECT = {right.id: Direct(right) for right in RIGHTS}
PEOPLE = tuple(f"person-{number}" for number in range(12))
STATUSES = ("living-wage", "increased-reimbursement", "income-replacement", "income-guarantee-elderly", "care-budget")
EDGES = (date(2023, 6, 30), date(2023, 7, 1), date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 1))
DAYS = st.one_of(st.sampled_from(EDGES), st.dates(date(2020, 1, 1), date(2026, 12, 31)))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Give days."""
    start = draw(DAYS)
    end = draw(st.none() | st.integers(0, 800).map(lambda days: start + timedelta(days=days)))
    return Period(start, end)


@st.composite
def facts(draw: st.DrawFn, day: date) -> Mapping[str, Person]:
    """Give people and homes, of which some do not fit together, as no register should have them."""
    homes = draw(st.lists(st.frozensets(st.sampled_from(PEOPLE), min_size=1, max_size=5), max_size=5))
    people = {}
    for ssin in PEOPLE:
        resident = Resident(
            ssin=ssin,
            birth=draw(st.none() | st.dates(date(1930, 1, 1), date(2024, 6, 1)) | st.just(day)),
            death=draw(st.none() | st.none() | DAYS | st.just(day)),
            postcode=draw(st.sampled_from(("9000", "6000", "1000", "3999", None))),
        )
        own = [one for one in homes if ssin in one]
        home = draw(st.sampled_from(own)) if own else frozenset((ssin,))
        collective = draw(st.sampled_from((False, False, True)))
        held = draw(st.lists(st.tuples(st.sampled_from(STATUSES), periods()), max_size=3))
        holdings = [Holding(ssin=ssin, status=s, source="source", period=p, extracted=day) for s, p in held]
        people[ssin] = Person(resident, Home(ssin=ssin, members=home, collective=collective), tuple(holdings))
    return people


def at_once(people: Mapping[str, Person], day: date) -> set[Entitlement]:
    """Decide about all, as a load does."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Round(folder, 1) as found:
            for person in people.values():
                if person.resident:
                    found.reside(person.resident)
                if person.home:
                    found.share(person.home)
                for one in person.holdings:
                    found.hold(one)
        with Decider(folder, day) as decider:
            return {one for right in RIGHTS for one in decider.entitlements(right)}
