"""Whether what the tour asks is still allowed: a visitor who was the committee may have suspended it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from crossroads.catalogue.model import Document
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.participant.typed import program


def taken_away(document: Document, listed: Iterable[Mapping[str, Any]], today: date) -> dict[str, str]:
    """Give the names of the authorisations of the set-up that are not in force any more, by reference."""
    in_force = {one["reference"] for one in listed}
    return {
        one.reference: one.names.in_language("en")
        for one in document.authorisations
        if one.in_force(today) and one.reference not in in_force
    }


def warning(document: Document, listed: Iterable[Mapping[str, Any]]) -> str | None:
    """Say which authorisations were taken away, and how to begin anew; None where none was."""
    missing = taken_away(document, listed, brussels_day(SystemClock().now()))
    if not missing:
        return None
    named = "; ".join(f"“{name}” ({reference})" for reference, name in missing.items())
    return (
        f"Suspended or withdrawn at the portal of this demo, and not in force today: {named}. Steps of the tour that "
        f"need it are refused. To begin anew, with everything allowed as at first: {program()} demo --fresh"
    )
