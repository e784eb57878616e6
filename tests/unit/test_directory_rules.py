"""Who may keep lines for whom."""

from datetime import date

import msgspec
import pytest

from crossroads.catalogue.institutions import Management
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.directory.rules import may_keep
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from people import MANAGED, MANAGER, institution

TODAY = date(2026, 6, 1)


def catalogue(*managed_by: Management) -> Snapshot:
    """Give a catalogue in which the one is managed like this."""
    managed = msgspec.structs.replace(institution(MANAGED, 17, MANAGER), managed_by=managed_by)
    entries = tuple((Kind.INSTITUTION, entry) for entry in (institution(MANAGER), managed))
    return Snapshot(Facts(1, 1, None, entries, (), (), {}))


WHOLE = Management(manager=MANAGER, start_date=date(2020, 1, 1))
PART = msgspec.structs.replace(WHOLE, legal_contexts=("PCSA:SOCIAL_INQUIRY",))
PAST = msgspec.structs.replace(WHOLE, end_date=date(2026, 5, 31))


@pytest.mark.parametrize("managed_by", [(WHOLE,), (PART, WHOLE), (PAST, WHOLE)])
def test_a_manager_for_all_legal_contexts_keeps_lines(managed_by: tuple[Management, ...]) -> None:
    assert may_keep(catalogue(*managed_by), MANAGER, MANAGED, TODAY).id == MANAGED


@pytest.mark.parametrize("managed_by", [(PART,), (PAST,), (PART, PAST), ()])
def test_a_manager_for_some_of_them_or_of_the_past_does_not(managed_by: tuple[Management, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        may_keep(catalogue(*managed_by), MANAGER, MANAGED, TODAY)
    assert refusal.value.code is Code.NOT_MANAGED
    assert may_keep(catalogue(*managed_by), MANAGED, MANAGED, TODAY).id == MANAGED
