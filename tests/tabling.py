"""Decision tables of the Belgian catalogue, written otherwise for a test."""

from msgspec.structs import replace

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.tables import digest
from networks import belgium

TABLES = {one.id: one for one in belgium().decision_tables}
TARIFF = TABLES["social-tariff"]


def otherwise(*changes: tuple[str, str], table: DecisionTable = TARIFF, **parts: object) -> DecisionTable:
    """Give a table with another text, and what else is said of it."""
    text = table.dmn
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return replace(table, dmn=text, sha256=digest(text), **parts)
