"""What the hub refuses, it says in the language of the page that asked."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from crossroads.participant.steps import LANGUAGE
from crossroads.web.languages import LANGUAGES


class Speaking:
    """An application whose pages begin with their language: calls to the hub that serve a page ask for it."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around it."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        first = scope["path"].split("/")[1] if scope["type"] == ScopeType.HTTP else ""
        before = LANGUAGE.set(first if first in LANGUAGES else None)
        try:
            await self._app(scope, receive, send)
        finally:
            LANGUAGE.reset(before)
