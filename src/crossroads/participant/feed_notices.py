"""What a line of a feed has to be told to the hub: notices in the outbox, and errands that go before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
from sqlalchemy import Connection, insert, select

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.participant import outbox
from crossroads.participant.config import FeedTarget
from crossroads.participant.feed_tables import ERRANDS
from crossroads.wire.mutations import Mutation, MutationKind

INTRODUCE, RENUMBER, DECEASE, NOTIFY = "introduce", "renumber", "decease", "notify"
"""The kinds of errands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The register itself."""

    institution: str
    target: FeedTarget
    environment: Environment


class Notices:
    """Notices and errands, written within the transaction that writes the change."""

    def __init__(self, connection: Connection, own: Own) -> None:
        """Write over a connection whose transaction the caller commits."""
        self._connection, self._own = connection, own

    def mutation(
        self, ssin: str, period: Period, on: date, kind: MutationKind, reference: str, group: str | None = None
    ) -> Mutation:
        """Give the notice of a change; of who the person is, where no other data group is named."""
        target = self._own.target
        return Mutation(
            reference=reference,
            ssin=ssin,
            data_group=group or target.data_group,
            context=target.context,
            period=period,
            kind=kind,
            happened_on=on,
        )

    def tell(self, mutation: Mutation) -> None:
        """Notify a change; behind the errands of the person, where there are any."""
        waiting = select(ERRANDS.c.id).where(ERRANDS.c.ssin == mutation.ssin).limit(1)
        if self._connection.execute(waiting).first() is None:
            outbox.write(self._connection, mutation)
        else:
            self.keep(mutation)

    def keep(self, mutation: Mutation, behind: str | None = None) -> None:
        """Notify a change once the errands of the person are done, or of another where one is named."""
        content = msgspec.json.encode(mutation).decode()
        self._errand(NOTIFY, behind or mutation.ssin, None, mutation.reference, content)

    def ask(
        self, kind: str, ssin: str, reference: str, content: Mapping[str, object], former: str | None = None
    ) -> None:
        """Leave an errand for the hub."""
        self._errand(kind, ssin, former, reference, msgspec.json.encode(content).decode())

    def _errand(self, kind: str, ssin: str, former: str | None, reference: str, content: str) -> None:
        values = {"kind": kind, "ssin": ssin, "former": former, "reference": reference, "content": content}
        self._connection.execute(insert(ERRANDS), values)
