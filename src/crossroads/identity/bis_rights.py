"""Who may do what in the BIS register.

Whoever may find people may create one. Who created a person, or has the person definitively inscribed today, may
change what is recorded; so may the register of persons, which alone may record what a register says, and alone tells of
a death or another number of somebody who has a national number.
"""

from typing import NamedTuple, TypeAlias

from crossroads.identity import bis_store, store
from crossroads.identity.closure import locked_closure
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure
from crossroads.identity.ports import Mandates
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.persons import PersonCorrection, PersonCreation, PersonDeath, PersonReplacement, Truth

_Changing: TypeAlias = PersonCorrection | PersonDeath | PersonReplacement


class Own(NamedTuple):
    """A person whom an institution may change."""

    institution: str
    closure: Closure
    person: int
    """The key of today."""
    ssin: str
    """The number of today."""
    in_bis: bool
    """Whether that number is one of the BIS register."""


class Rights:
    """Holds the rules, with what the rooms above know."""

    def __init__(self, mandates: Mandates) -> None:
        """Ask these what only the rooms above know."""
        self._mandates = mandates

    def creator(self, request: PersonCreation, signed: Signed) -> str:
        """Give the institution that creates a person. Raises Refused."""
        institution = request.institution or signed.institution
        self._mandates.acts_for(signed.institution, institution)
        self._mandates.identifies(signed.institution, institution, None)
        return institution

    async def own(self, connection: Connection, request: _Changing, signed: Signed, new: str | None = None) -> Own:
        """Give the person, locked, when the institution may change it; `new` is a number that must be free.

        Raises Refused, in the same words for a person who is not known, and Conflict.
        """
        numbers = [request.ssin, new] if new else [request.ssin]
        closure, *others = await locked_closure(connection, *numbers)
        own = await self._own(connection, closure, request, signed)
        if others and others[0] is not None:
            same = others[0].persons == own.closure.persons
            raise Conflict(
                "The number is the person's already."
                if same
                else "The number is another person's: link the two persons."
            )
        return own

    async def looked_up(self, connection: Connection, request: _Changing, signed: Signed) -> Own:
        """Give the person, not locked, when the institution may change it. Raises Refused."""
        return await self._own(connection, await store.closure(connection, request.ssin), request, signed)

    async def _own(self, connection: Connection, closure: Closure | None, request: _Changing, signed: Signed) -> Own:
        institution = request.institution or signed.institution
        self._mandates.acts_for(signed.institution, institution)
        if isinstance(request, PersonCorrection) and request.truth is Truth.REGISTER:
            self._require_register(institution)
        if closure is None or not await self._concerns(connection, closure, institution):
            raise Refused(code=Code.PERSON_NOT_OWN)
        present = await store.present(connection, closure.persons)
        in_bis = present.ssin in {given.ssin for given in await bis_store.given(connection, closure.persons)}
        if not in_bis and (isinstance(request, PersonCorrection) or not self._mandates.is_register(institution)):
            raise Refused(code=Code.PERSON_NOT_IN_BIS)
        return Own(institution, closure, present.person, present.ssin, in_bis)

    def _require_register(self, institution: str) -> None:
        if not self._mandates.is_register(institution):
            raise Refused("Only the register of persons records what a register says.", code=Code.NOT_AUTHORISED)

    async def _concerns(self, connection: Connection, closure: Closure, institution: str) -> bool:
        created = {given.creator for given in await bis_store.given(connection, closure.persons)}
        if institution in created or self._mandates.is_register(institution):
            return True
        return await self._mandates.keeps(connection, institution, closure.persons)
