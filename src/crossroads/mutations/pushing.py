"""The rule of who is told, as it is now: made anew only when the catalogue or the day is another."""

from datetime import date

from crossroads.access.push import Pushing
from crossroads.catalogue.snapshot import Snapshot


class CurrentRule:
    """Keeps the rule, and so what the rule found out: to make it takes as long as to tell of many items."""

    def __init__(self) -> None:
        """Have none yet."""
        self._pushing: Pushing | None = None

    def under(self, snapshot: Snapshot, today: date) -> Pushing:
        """Give the rule under a catalogue, on a day."""
        kept = self._pushing
        if kept is None or (kept.snapshot, kept.on) != (snapshot, today):
            kept = self._pushing = Pushing(snapshot, today)
        return kept
