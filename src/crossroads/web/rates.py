"""Limits of rate: so many pages a minute for one peer, in one process. Styles and scripts are not counted."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.memory import MemoryStore

from crossroads.web.openid import RETURN_PATH

_STORES = "rate_limit", "login_rate_limit"
_EVERY, _LOGIN = _STORES
_FORGET_SECONDS = 120


def limiting(most_a_minute: int, *, behind_proxy: bool) -> list[DefineMiddleware]:
    """Give what answers 429 beyond the limit; of logins, each of which begins a session, a fifth is let through."""

    # Not by the URL: that is put together from a header in which anybody may write what is none.
    def limit(most: int, counts: Callable[[str], bool], store: str) -> DefineMiddleware:
        return RateLimitConfig(
            rate_limit=("minute", most),
            check_throttle_handler=lambda request: counts(request.scope["path"]),
            identifier_for_request=lambda request: peer_of(request, behind_proxy=behind_proxy),
            set_rate_limit_headers=False,
            store=store,
        ).middleware

    return [limit(most_a_minute, _is_page, _EVERY), limit(max(most_a_minute // 5, 1), _is_login, _LOGIN)]


def peer_of(request: Request[Any, Any, Any], *, behind_proxy: bool) -> str:
    """Give the address of who asks; a proxy in front tells whose that is."""
    # The proxy adds its word last, as a part of the header or as a header of its own: what is before anybody wrote.
    if behind_proxy and (forwarded := request.headers.getall("x-forwarded-for", [])):
        return forwarded[-1].rsplit(",", 1)[-1].strip()
    return request.client.host if request.client else ""


def _is_page(path: str) -> bool:
    return not path.startswith("/static/") and path != "/health"


def _is_login(path: str) -> bool:
    return path == RETURN_PATH


async def forget(app: Litestar) -> None:
    """Forget, now and then, the peers that ask no more: each would be remembered for ever."""
    while True:
        await asyncio.sleep(_FORGET_SECONDS)
        for store in map(app.stores.get, _STORES):
            if isinstance(store, MemoryStore):
                await store.delete_expired()
