"""How many mandates one human being gives, and how often he may guess to whom: held under the lock of his persons."""

from collections.abc import Sequence
from datetime import date, timedelta

from crossroads.identity import acting_store
from crossroads.identity.database import Connection
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.wire.acting import MAXIMUM_BETWEEN, MAXIMUM_GIVEN, MAXIMUM_MANDATES, MAXIMUM_TRIES

_YEAR = timedelta(days=365)


async def require_room(connection: Connection, giver: Sequence[int], today: date) -> None:
    """Refuse who gave as many as may be, today or in all. Raises Refused."""
    if await acting_store.given_on(connection, giver, today) >= MAXIMUM_GIVEN:
        raise Refused(code=Code.MANDATES_TODAY)
    if await acting_store.open_mandates(connection, giver, today) >= MAXIMUM_MANDATES:
        raise Refused(code=Code.MANDATES_TOO_MANY)


async def require_tries(connection: Connection, giver: Sequence[int], today: date) -> None:
    """Refuse who tried in vain as often as may be today. Raises Refused."""
    if await acting_store.tries(connection, giver, today) >= MAXIMUM_TRIES:
        raise Refused(code=Code.MANDATES_TODAY)


async def require_between(connection: Connection, giver: Sequence[int], receiver: Sequence[int], today: date) -> None:
    """Refuse who gave the same other as many as may be within a year. Raises Refused."""
    if await acting_store.given_to(connection, giver, receiver, today - _YEAR) >= MAXIMUM_BETWEEN:
        raise Refused(code=Code.MANDATES_TOO_MANY)
