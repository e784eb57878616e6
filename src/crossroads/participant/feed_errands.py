"""The errands of a register: what the hub must record before it can take changes of a person.

They are done in the order of the feed. Where the hub refuses one, those of the same person behind it are refused too:
the hub would not know whom they are about. Doing one twice does no harm, so it may be interrupted at any moment.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant import outbox
from crossroads.participant.feed_notices import DECEASE, INTRODUCE, NOTIFY, RENUMBER, Own
from crossroads.participant.feed_rows import forget
from crossroads.participant.feed_tables import ERRANDS, begin_writing, failed
from crossroads.participant.register_hub import RegisterHub
from crossroads.participant.steps import Steps, SyncHttp
from crossroads.wire.messages import InscriptionEvidence, InscriptionLine
from crossroads.wire.mutations import Mutation
from crossroads.wire.persons import PersonReplacement

Tell = Callable[[int], None]
"""Is told that so many more errands are dealt with."""

TRIES = 3
"""How often a call is made while the hub is busy; before each but the first there is a pause twice as long."""
_PAUSE = timedelta(seconds=0.25)
_AT_ONCE = 100
_BEHIND = "It waits behind one of the same person that was refused."


class Errand(NamedTuple):
    """One errand."""

    id: int
    reference: str
    kind: str
    ssin: str
    former: str | None
    content: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says."""
        fields: dict[str, Any] = msgspec.json.decode(self.content)
        return fields

    @property
    def since(self) -> date:
        """The day from which it holds."""
        return date.fromisoformat(self.fields["since"])


class RefusedErrand(NamedTuple):
    """An errand that the hub refused. The reference says of which line of which feed it is."""

    reference: str
    kind: str
    reason: str


class Standing(NamedTuple):
    """How many wait, and how many were refused."""

    waiting: int
    refused: int


class Errands:
    """The errands of one register, at one hub."""

    def __init__(self, engine: Engine, own: Own, hub: RegisterHub, http: SyncHttp) -> None:
        """Work on the database of the register."""
        self._engine, self._own, self._hub, self._http = engine, own, hub, http

    def run(self, tell: Tell = lambda _more: None) -> None:
        """Do all that waits. Raises Unavailable or Tampered; what was not done waits on."""
        while found := _waiting(self._engine):
            for errand in found:
                self._do(errand)
                tell(1)

    def _do(self, errand: Errand) -> None:
        try:
            reason = self._asked(errand)
        except Refused as error:
            reason = f"{error} ({error.code})" if error.code else str(error)
        with _transaction(self._engine) as connection:
            if reason is None:
                self._done(connection, errand)
            else:
                connection.execute(update(ERRANDS).where(ERRANDS.c.id == errand.id).values(reason=reason))

    def _asked(self, errand: Errand) -> str | None:
        """Ask the hub, and give why it was not asked. Raises Refused, Unavailable, Tampered."""
        if _is_behind_refused(self._engine, errand):
            return _BEHIND
        if errand.kind == INTRODUCE:
            self._introduce(errand)
        elif errand.kind == RENUMBER:
            self._call(lambda: self._hub.renumber(_replacement(errand)))
        elif errand.kind == DECEASE:
            self._call(lambda: self._hub.decease(errand.reference, errand.ssin, errand.since))
        return None

    def _introduce(self, errand: Errand) -> None:
        fields = errand.fields
        self._call(
            lambda: self._hub.introduce(errand.reference, errand.ssin, fields["last_name"], fields["birth_date"])
        )
        line = InscriptionLine(
            reference=errand.reference,
            institution=self._own.institution,
            ssin=errand.ssin,
            context=self._own.target.context,
            period=Period(errand.since),
            evidence=InscriptionEvidence(kind="reference", value=errand.reference),
        )
        self._call(lambda: self._hub.inscribe(line))

    def _call(self, steps: Callable[[], Steps[object]]) -> None:
        for again in range(1, TRIES + 1):
            try:
                self._http.run(steps())
            except Unavailable:
                if again == TRIES:
                    raise
                time.sleep(_PAUSE.total_seconds() * 2**again)
            else:
                return

    def _done(self, connection: Connection, errand: Errand) -> None:
        if not connection.execute(delete(ERRANDS).where(ERRANDS.c.id == errand.id)).rowcount:
            return  # another process did it
        if errand.kind == NOTIFY:
            outbox.write(connection, msgspec.json.decode(errand.content, type=Mutation))
        if errand.kind == RENUMBER and errand.former:
            forget(connection, self._own.institution, errand.former)


def standing(engine: Engine) -> Standing:
    """Tell how many wait and how many were refused. Raises Unavailable."""
    refused = ERRANDS.c.reason.is_not(None)
    with _transaction(engine) as connection:
        rows = connection.execute(select(refused, func.count()).group_by(refused))
        counted = {bool(was): int(count) for was, count in rows}
    return Standing(counted.get(False, 0), counted.get(True, 0))


def refused_errands(engine: Engine, most: int) -> list[RefusedErrand]:
    """Give the first that were refused. Raises Unavailable."""
    wanted = select(ERRANDS.c.reference, ERRANDS.c.kind, ERRANDS.c.reason).where(ERRANDS.c.reason.is_not(None))
    with _transaction(engine) as connection:
        return [RefusedErrand(*row) for row in connection.execute(wanted.order_by(ERRANDS.c.id).limit(most))]


def take_up_again(engine: Engine) -> None:
    """Let those that were refused wait again. Raises Unavailable."""
    with _transaction(engine) as connection:
        connection.execute(update(ERRANDS).values(reason=None))


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            begin_writing(connection)
            yield connection
    except SQLAlchemyError as error:
        raise failed(error) from None


def _waiting(engine: Engine) -> list[Errand]:
    wanted = select(*(ERRANDS.c[name] for name in Errand._fields)).where(ERRANDS.c.reason.is_(None))
    with _transaction(engine) as connection:
        return [Errand(*row) for row in connection.execute(wanted.order_by(ERRANDS.c.id).limit(_AT_ONCE))]


def _is_behind_refused(engine: Engine, errand: Errand) -> bool:
    same = ERRANDS.c.ssin.in_([number for number in (errand.ssin, errand.former) if number])
    before = select(ERRANDS.c.id).where(same, ERRANDS.c.id < errand.id, ERRANDS.c.reason.is_not(None))
    with _transaction(engine) as connection:
        return connection.execute(before.limit(1)).first() is not None


def _replacement(errand: Errand) -> PersonReplacement:
    fields = errand.fields
    return PersonReplacement(
        reference=errand.reference,
        ssin=errand.former or "",
        national=errand.ssin,
        since=errand.since,
        last_name=fields["last_name"],
        birth_date=fields["birth_date"],
        reason="number replaced in the register",
    )
