"""Acts of operators on people: signed by two, carried out once."""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

import msgspec

from crossroads.identity import store
from crossroads.identity.database import Connection
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.decoding import decode
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import SignedAct, operator_name

T = TypeVar("T")

_FOUR_EYES = 2


def two_operators(act: SignedAct, operators: Mapping[str, VerifyKey]) -> str:
    """Give the names of the operators whose signature holds.

    Raises Refused for less than two, Tampered for a signature that does not hold.
    """
    names = sorted({operator_name(key_id) for key_id in act.verified(operators.get)})
    if len(names) < _FOUR_EYES:
        raise Refused(f"An act {act.kind} needs the signatures of two different operators; it has {len(names)}.")
    return ", ".join(names)


def content_of(act: SignedAct, kind: str, struct: type[T]) -> T:
    """Give the content of an act of this kind. Raises Refused for another kind, Malformed for another form."""
    if act.kind != kind:
        raise Refused(f"This is an act {act.kind}, where an act {kind} is needed.")
    return decode(act.content, msgspec.json.Decoder(struct))


async def use(connection: Connection, act: SignedAct, ticket: UUID) -> None:
    """Note, in the transaction that carries it out, that the act is used. Raises Conflict when it was before."""
    if not await store.use_act(connection, act.digest, act.kind, ticket):
        raise Conflict("This act was carried out before. For the same again, sign a new one.")
