"""The manners of every answer: security headers, the cookie, and that pages about people are kept nowhere."""

from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from crossroads.web.attempts import LIFE
from crossroads.web.guard import path_without_language, settle
from crossroads.web.passage import Passage, put_passage
from crossroads.web.site import Site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers would then call the origin of our own forms null.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
_TRANSPORT = "max-age=31536000; includeSubDomains"
_NOWHERE = "no-store"
_SHORTLY = "public, max-age=60"


class Manners:
    """An application with manners. `app` is the one inside."""

    def __init__(self, app: Litestar) -> None:
        """Stand around it."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and add what every answer has."""
        inside: ASGIApp = self.app
        if scope["type"] != ScopeType.HTTP:
            await inside(scope, receive, send)
            return
        passage = Passage()
        put_passage(scope, passage)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                site = self.app.state.get("site")
                await _finish(site, passage, scope["path"], message)
            await send(message)

        await inside(scope, receive, sending)


async def _finish(site: Site | None, passage: Passage, path: str, message: Any) -> None:
    given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
    added = {name: value for name, value in _ALWAYS.items() if name not in given}
    if "cache-control" not in given:
        added |= {"cache-control": _NOWHERE if _private(passage, message["status"]) else _SHORTLY, "vary": "cookie"}
    if site is not None:
        await settle(site, passage, path_without_language(path), message["status"], given.get("location"))
        if site.secure:
            added["strict-transport-security"] = _TRANSPORT
    message["headers"] = [
        *message["headers"],
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in added.items()),
        *((b"set-cookie", cookie.encode("latin-1")) for cookie in _cookies(site, passage)),
    ]


def _private(passage: Passage, status: int) -> bool:
    told = passage.cookie is not None or passage.login_cookie is not None
    return passage.private or passage.visit is not None or told or status != 200  # noqa: PLR2004


def _cookies(site: Site | None, passage: Passage) -> Iterator[str]:
    if site is not None and passage.cookie is not None:
        yield _cookie(site, site.cookie, passage.cookie)
    if site is not None and passage.login_cookie is not None:
        yield _cookie(site, site.login_cookie, passage.login_cookie, LIFE)


def _cookie(site: Site, name: str, content: str, life: timedelta | None = None) -> str:
    """Give a cookie: until the browser ends, or for some time; one without content is forgotten."""
    cookie: SimpleCookie = SimpleCookie({name: content})
    morsel: Any = cookie[name]
    morsel.update({"path": "/", "httponly": True, "samesite": "Lax", "secure": site.secure})
    if life is not None or not content:
        morsel["max-age"] = int(life.total_seconds()) if life is not None and content else 0
    return str(morsel.OutputString())
