"""By which rule a right is open is told to the person where that says nothing of somebody who lives with it.

A rule names statuses: of a right that is open by another of the household, its number would tell whose status that is.
"""

from collections.abc import Collection
from functools import lru_cache

from crossroads.dmn.naming import named_by_rule
from crossroads.dmn.reading import read
from crossroads.statuses.model import Entitlement
from crossroads.statuses.rights import Right

_KEPT = 512
"""Rules that are read once: there are a few of each right."""


def is_own_rule(one: Entitlement, right: Right, statuses: Collection[str]) -> bool:
    """Tell whether the rule names a status that the person has. Where that cannot be told from its table, it is not."""
    if one.version != right.version:
        return False
    return bool(_named(right.xml, right.decision, one.rule) & set(statuses))


@lru_cache(maxsize=_KEPT)
def _named(xml: bytes, decision: str, rule: int) -> frozenset[str]:
    return named_by_rule(read(xml), decision, rule, "status", "opens") or frozenset()
