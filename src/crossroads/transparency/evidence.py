"""That somebody is the child of another: what the register signed about the parent today, shown by who asked for it.

That the log says that descent was given would prove that something was given, and not what. Were the hub to ask the
register itself, it would become a reader of data, by a door of its own at each register. The block proves what: the
register signed it, for this question of this agent. Who shows it is who was given it, and the hub keeps nothing of it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from crossroads.audit.statements import statement_under
from crossroads.catalogue.snapshot import Snapshot
from crossroads.exchange.questions import key_in_force
from crossroads.identity.closure import closures_of
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Tampered
from crossroads.wire import blocks, jws
from crossroads.wire.acting import DESCENT, PARENTAL, Descent
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.statements import Statement, read_statement

_content = msgspec.json.Decoder(Descent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who says to be whose parent: the agent of an institution, for the parent, about the child."""

    institution: str
    agent: str
    parent: Closure
    child: Closure


@dataclass(frozen=True, slots=True)
class Evidence:
    """Checks what the register signed."""

    register: str
    """The institution that says who descends from whom."""

    async def holds(
        self, compact: str, claim: Claim, snapshot: Snapshot, now: datetime, connection: Connection
    ) -> bool:
        """Tell whether the child is a minor child of the parent, by a block of today. Raises Tampered, Unavailable."""
        signed = jws.parse(compact)
        signed.verify(key_in_force(snapshot, signed.key_id, now), blocks.KIND)
        statement = await _statement(signed, connection)
        if not (self._is_of_register(signed) and _is_asked(signed, statement, claim, now)):
            return False
        children = {child.ssin: child for child in _read(signed).children}
        asked, *found = await _closures(connection, statement.ssin, *children)
        minors = [one for one, child in zip(found, children.values(), strict=True) if child.minor(brussels_day(now))]
        mine = asked is not None and asked.persons == claim.parent.persons
        return mine and any(one is not None and one.persons == claim.child.persons for one in minors)

    def _is_of_register(self, signed: jws.Jws) -> bool:
        said = (signed.header.get("source"), signed.key_id.split("#")[0], signed.header.get("dataGroup"))
        return said == (self.register, self.register, DESCENT)


def _is_asked(signed: jws.Jws, statement: Statement, claim: Claim, now: datetime) -> bool:
    """Tell whether the block answers a question of this agent, asked today about today, about whom it names."""
    today = brussels_day(statement.issued_at) == statement.reference_date == brussels_day(now)
    same = (statement.asker, statement.agent) == (claim.institution, claim.agent)
    return today and same and statement.legal_context == PARENTAL and signed.header.get("nonce") == statement.nonce


async def _statement(signed: jws.Jws, connection: Connection) -> Statement:
    """Give what the asker signed of the question that the block answers. Raises Tampered."""
    try:
        ticket = UUID(str(signed.header.get("ticket")))
    except ValueError:
        raise Tampered("The block names no question.") from None
    found = await statement_under(connection, ticket)
    if found is None:
        raise Tampered("The question that the block answers is not in the log.")
    return read_statement(found)[1]


async def _closures(connection: Connection, *ssins: str) -> list[Closure | None]:
    found = await closures_of(connection, ssins)
    return [found.get(ssin) for ssin in ssins]


def _read(signed: jws.Jws) -> Descent:
    try:
        return _content.decode(signed.payload)
    except UNREADABLE:
        raise Tampered("The block does not hold what the register says of a descent.") from None
