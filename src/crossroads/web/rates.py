"""Limits of rate: so many pages a minute for one peer, in one process. Styles and scripts are not counted."""

import asyncio
from typing import Any

from litestar import Litestar, Request
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.memory import MemoryStore

_STORE = "rate_limit"
_FORGET_SECONDS = 120


def limiting(most_a_minute: int, *, behind_proxy: bool) -> DefineMiddleware:
    """Give what answers 429 beyond the limit."""

    def peer(request: Request[Any, Any, Any]) -> str:
        # The proxy adds its word last, as a part of the header or as a header of its own: what is before anybody wrote.
        if behind_proxy and (forwarded := request.headers.getall("x-forwarded-for", [])):
            return forwarded[-1].rsplit(",", 1)[-1].strip()
        return request.client.host if request.client else ""

    return RateLimitConfig(
        rate_limit=("minute", most_a_minute),
        exclude=["^/static/", "^/health$"],
        identifier_for_request=peer,
        set_rate_limit_headers=False,
        store=_STORE,
    ).middleware


async def forget(app: Litestar) -> None:
    """Forget, now and then, the peers that ask no more: each would be remembered for ever."""
    while True:
        await asyncio.sleep(_FORGET_SECONDS)
        store = app.stores.get(_STORE)
        if isinstance(store, MemoryStore):
            await store.delete_expired()
