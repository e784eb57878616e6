"""What stands in the bar of the desk: only what who is logged in may do there today."""

from collections.abc import Callable
from dataclasses import dataclass

from crossroads.participant.desk.model import Standing
from crossroads.web.sessions import Who
from crossroads.web.site import Link

Standings = Callable[[Who | None], Standing]
"""Tells what somebody may do at the desk today, as `Desk.standing` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Link):
    """A part of the desk. Who may do what there the roster says, not the login."""

    open_to: Callable[[Standing], bool]
    standings: Standings

    def shown_to(self, who: Who | None) -> bool:
        """Tell whether somebody sees it."""
        return self.open_to(self.standings(who))


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message


def _known(standing: Standing) -> bool:
    return standing.known


def _staff(standing: Standing) -> bool:
    return standing.staff


def _asking(standing: Standing) -> bool:
    return standing.asks


def _manager(standing: Standing) -> bool:
    return standing.manager


_PARTS = (
    ("/ask", _("Ask"), _asking),
    ("/inscriptions", _("Inscriptions"), _staff),
    ("/mailbox", _("Mailbox"), _staff),
    ("/batches", _("Batches"), _staff),
    ("/reports", _("Error reports"), _staff),
    ("/users", _("Users"), _manager),
    ("/traffic", _("What was done"), _known),
)


def links(standings: Standings) -> tuple[Link, ...]:
    """Give the parts of a desk."""
    return tuple(Part(path=path, text=text, open_to=open_to, standings=standings) for path, text, open_to in _PARTS)
