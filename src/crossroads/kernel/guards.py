"""How a route is guarded. Every HTTP route declares one; `api` resolves it and a test walks all routes."""

from enum import StrEnum
from typing import NamedTuple


class Guard(StrEnum):
    """Who may come through a route."""

    PUBLIC = "public"
    """Anyone: the catalogue, proofs of the log, keys, health. Nothing about a person."""
    INSTITUTION = "institution"
    """An institution of the network, by its signature over the request."""
    OPERATOR = "operator"
    """An operator of the hub, by a signature over the act."""


class Signed(NamedTuple):
    """A request that came through `Guard.INSTITUTION`: who signed it, with which key, and the bytes signed."""

    institution: str
    key_id: str
    body: bytes
    signature: dict[str, str]
    """What the log keeps of it: who wants to can check the signature again."""
