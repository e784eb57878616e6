"""The outermost door: who counts as the peer, and what does not come through it at all."""

from typing import Any

import pytest

from crossroads.admission.limits import Limits, Turnstile
from crossroads.api.door import Door
from crossroads.kernel.clock import SystemClock
from crossroads.wire.keys import SigningKey

KEY = SigningKey.generate("cbss#message-1")


async def answered(scope: Any, _receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def door(*, behind_proxy: bool) -> Door:
    """Give a door that lets each peer in once a second, by a clock that stands still."""
    turnstile = Turnstile(Limits(unverified_per_second_of_peer=1), seconds=lambda: 0.0)
    return Door(answered, turnstile=turnstile, key=KEY, clock=SystemClock(), behind_proxy=behind_proxy)


async def status(one: Door, *headers: tuple[bytes, bytes], peer: str = "10.0.0.1") -> int:
    """Give the status of the answer to a request of a peer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "headers": list(headers), "client": (peer, 1), "path": "/", "method": "GET"}
    await one(scope, None, send)  # type: ignore[arg-type]  # nobody reads
    return int(sent[0]["status"])


async def test_without_a_proxy_nobody_says_who_it_is() -> None:
    one = door(behind_proxy=False)
    assert await status(one) == 200
    assert await status(one, (b"x-forwarded-for", b"203.0.113.7")) == 429
    assert await status(one, peer="10.0.0.2") == 200


@pytest.mark.parametrize(
    "again",
    [
        [(b"x-forwarded-for", b"203.0.113.7")],
        [(b"x-forwarded-for", b"198.51.100.1, 203.0.113.7")],
        [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.7")],
    ],
    ids=["alone", "after what it sent itself", "after a header that it sent itself"],
)
async def test_behind_a_proxy_the_peer_is_who_the_proxy_saw(again: list[tuple[bytes, bytes]]) -> None:
    one = door(behind_proxy=True)
    assert await status(one, (b"x-forwarded-for", b"203.0.113.7")) == 200
    assert await status(one, *again) == 429
    assert await status(one, (b"x-forwarded-for", b"203.0.113.8")) == 200


async def test_what_is_no_request_is_passed_over() -> None:
    scope: Any = {"type": "websocket", "headers": [], "client": ("10.0.0.1", 1), "path": "/"}
    await door(behind_proxy=False)(scope, None, None)  # type: ignore[arg-type]  # nothing is read or sent
