"""What is known of one request on its way through: the session, the form, and what becomes of the cookie."""

from typing import Any

from crossroads.web.forms import Form
from crossroads.web.sessions import Visit

_KEY = "crossroads.passage"


class Passage:
    """Of one request. `cookie` is what the browser is told: a token, "" to forget it, None for nothing."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.visit: Visit | None = None
        self.form: Form | None = None
        self.number: str | None = None
        """Of the form, while it is being treated."""
        self.cookie: str | None = None
        self.login_cookie: str | None = None
        """What the browser is told to keep of logins under way, likewise."""
        self.private = False
        """Whether the answer is for this browser alone."""

    def begin(self, visit: Visit) -> None:
        """Go on with another session, and tell the browser."""
        self.visit, self.cookie = visit, visit.token

    def leave(self) -> None:
        """Go on without a session, and tell the browser."""
        self.visit, self.cookie = None, ""


def put_passage(scope: Any, passage: Passage) -> None:
    """Keep it with the request."""
    scope[_KEY] = passage


def passage_of(scope: Any) -> Passage:
    """Give that of a request."""
    found: Passage = scope[_KEY]
    return found
