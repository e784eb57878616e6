"""Acts of operators on people: signed by two, carried out once."""

from collections.abc import Mapping
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from crossroads.identity import store
from crossroads.identity.database import Connection
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.decoding import decode
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import SignedAct, operator_name

C = TypeVar("C", bound="Content")

_FOUR_EYES = 2


def two_operators(act: SignedAct, operators: Mapping[str, VerifyKey]) -> str:
    """Give the names of the operators whose signature holds.

    Raises Refused for less than two, Tampered for a signature that does not hold.
    """
    names = sorted({operator_name(key_id) for key_id in act.verified(operators.get)})
    if len(names) < _FOUR_EYES:
        raise Refused(f"An act {act.kind} needs the signatures of two different operators; it has {len(names)}.")
    return ", ".join(names)


def operator(act: SignedAct, operators: Mapping[str, VerifyKey]) -> str:
    """Give the names of the operators whose signature holds; one is enough. Raises Refused for none, Tampered."""
    names = sorted({operator_name(key_id) for key_id in act.verified(operators.get)})
    if not names:
        raise Refused(f"An act {act.kind} needs the signature of an operator.")
    return ", ".join(names)


class Content(Protocol):
    """What every act on people says."""

    @property
    def installation(self) -> str:
        """The installation that it is for: one signed for a test is worth nothing elsewhere."""
        ...


def content_of(act: SignedAct, kind: str, struct: type[C], installation: str) -> C:
    """Give the content of an act of this kind, for this installation. Raises Refused, or Malformed for its form."""
    if act.kind != kind:
        raise Refused(f"This is an act {act.kind}, where an act {kind} is needed.")
    content = decode(act.content, msgspec.json.Decoder(struct))
    if content.installation != installation:
        raise Refused(f"The act is for another installation than {installation}.")
    return content


async def use(connection: Connection, act: SignedAct, ticket: UUID) -> None:
    """Note, in the transaction that carries it out, that the act is used. Raises Conflict when it was before."""
    if not await store.use_act(connection, act.digest, act.kind, ticket):
        raise Conflict("This act was carried out before. For the same again, sign a new one.")
