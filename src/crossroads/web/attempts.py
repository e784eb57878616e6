"""Logins under way: the browser itself keeps them, sealed. Who only visits leaves nothing here."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from crossroads.web.sealing import NotSealed, seal, unseal
from crossroads.web.sessions import Level

LIFE = timedelta(minutes=15)
LONGEST_PATH = 1000
"""Characters of an address to come back to; who comes from a longer one goes home."""
_MOST = 5
_LONGEST = 3500
"""Characters that every browser keeps in a cookie."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A login under way."""

    nonce: str
    verifier: str
    next: str
    level: Level
    began: datetime


_decode = msgspec.json.Decoder(dict[str, Attempt]).decode


def sealed(attempts: Mapping[str, Attempt], key: bytes) -> str:
    """Give the text that the browser keeps, by state: of the newest few; "" where there are none."""
    newest = dict(list(attempts.items())[-_MOST:])
    while newest:
        text = urlsafe_b64encode(seal(msgspec.json.encode(newest), key)).decode()
        if len(text) <= _LONGEST:
            return text
        del newest[next(iter(newest))]
    return ""


def opened(text: str, key: bytes, now: datetime) -> dict[str, Attempt]:
    """Give the logins that are not too old; none of a text that is not ours."""
    try:
        every = _decode(unseal(urlsafe_b64decode(text), key))
    except (NotSealed, msgspec.MsgspecError, ValueError):
        return {}
    return {state: one for state, one in every.items() if now - one.began <= LIFE}
