"""A right is decided by the table on which its authorisation rests, or not at all."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from crossroads.statuses.granting import Authorisation, Granted, NotGranted, Table
from crossroads.statuses.model import Reach
from crossroads.statuses.rights import Right, read_rights
from networks import BELGIUM, belgium

DAY = date(2026, 2, 2)
RIGHTS = {right.id: right for right in read_rights(BELGIUM.parents[1] / "rights" / "belgium")}
TARIFF = RIGHTS["social-tariff"]
RESTING = Authorisation(
    reference=TARIFF.authorisation, data_groups=(TARIFF.data_group,), decision_table="social-tariff"
)
DECIDING = Table(id="social-tariff", decision="right", reach=Reach.HOUSEHOLD, sha256=TARIFF.version)


def granted(authorisation: Authorisation | None = RESTING, table: Table | None = DECIDING) -> Granted:
    """Give what a catalogue with one authorisation and one table has in force."""
    return Granted(
        DAY,
        {authorisation.reference: authorisation} if authorisation else {},
        {table.id: table} if table else {},
    )


def test_the_belgian_rights_are_decided_by_the_tables_of_the_belgian_catalogue() -> None:
    document = belgium()
    resting = {
        one.reference: Authorisation(
            reference=one.reference, data_groups=one.data_groups, decision_table=one.decision_table
        )
        for one in document.authorisations
        if one.in_force(DAY)
    }
    tables = {
        one.id: Table(id=one.id, decision=one.decision, reach=Reach(one.reach.value), sha256=one.sha256)
        for one in document.decision_tables
        if one.in_force(DAY)
    }
    for right in RIGHTS.values():
        Granted(DAY, resting, tables).check(right)
    assert {one.decision_table for one in resting.values() if one.decision_table} == set(tables) == set(RIGHTS)


def test_what_stands_twice_says_the_same() -> None:
    tables = {one.id: one for one in belgium().decision_tables}
    for right in RIGHTS.values():
        table = tables[right.id]
        names = {"nl": table.names.nl, "fr": table.names.fr, "de": table.names.de, "en": table.names.en}
        assert (table.owner, names, table.valid_from) == (right.owner, dict(right.names), right.valid_from)


@pytest.mark.parametrize(
    ("found", "right", "why"),
    [
        (granted(authorisation=None), {}, "the authorisation CR-ILL/social-tariff-2 is not in force then"),
        (granted(replace(RESTING, data_groups=("other@1",))), {}, "is not for social-tariff-client@1"),
        (granted(replace(RESTING, decision_table=None)), {}, "rests on no decision table"),
        (granted(replace(RESTING, decision_table="other")), {}, "the decision table other is not in force then"),
        (granted(table=None), {}, "the decision table social-tariff is not in force then"),
        (granted(), {"xml": TARIFF.xml + b" "}, "its table social-tariff is"),
        (granted(), {"reach": Reach.PERSON}, "it decides by `right`, reach household, not `right`, person"),
        (granted(), {"decision": "other"}, "not `other`, household"),
        (granted(), {"authorisation": "CR-ILL/other"}, "the authorisation CR-ILL/other is not in force then"),
    ],
)
def test_any_difference_refuses(found: Granted, right: dict[str, Any], why: str) -> None:
    granted().check(TARIFF)
    other: Right = replace(TARIFF, **right)
    with pytest.raises(NotGranted, match="The right social-tariff is not decided for 2026-02-02") as refused:
        found.check(other)
    assert why in str(refused.value)
