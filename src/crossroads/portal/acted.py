"""For whom somebody acts: it stands in the session, at the server, until he says otherwise."""

import msgspec
from litestar.status_codes import HTTP_409_CONFLICT

from crossroads.web.sessions import Session
from crossroads.web.view import OwnFailure, View
from crossroads.wire.acting import AS_PARENT, Scope


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """The person for whom somebody acts. The hub looks each time whether that still stands."""

    ssin: str
    name: str
    purpose: str
    """The legal context for which the hub is asked."""
    scopes: tuple[Scope, ...]

    @property
    def as_parent(self) -> bool:
        """Whether a parent acts for a child."""
        return self.purpose == AS_PARENT


class ForSomebodyElse(OwnFailure):
    """The form was shown while one acted for another person than now: another tab changed that."""

    def __init__(self) -> None:
        """Say for whom one acts now."""
        super().__init__(HTTP_409_CONFLICT, "failures/acting.html")


def acted_for(view: View) -> Acted | None:
    """Give for whom the one who looks acts; None for himself."""
    session = view.visit.current if view.visit and view.who else None
    return msgspec.convert(session.acting, Acted) if session and session.acting else None


async def act(view: View, acted: Acted | None) -> None:
    """Note for whom somebody acts from now on; None for himself. What pages kept of the other person is forgotten."""
    if view.visit is None:
        return

    def note(session: Session) -> None:
        session.acting = msgspec.to_builtins(acted) if acted else None
        session.kept.clear()

    await view.site.sessions.change(view.visit, note)
