"""The outbox: a table in the institution's own database, where a change and its notice are one transaction.

What waits is what has no `sent_at`. To remember the last number sent would skip a row that was committed after a row of
a higher number.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.config import Config, outbox_url
from crossroads.participant.yamlfile import WrongSetting
from crossroads.wire.decoding import UNREADABLE, convert
from crossroads.wire.mutations import Mutation, MutationKind

ACCEPTED, REFUSED = "accepted", "refused"
LOOKED_AT = 100_000
"""Rows, the newest, among which a correction is looked for: the table has no index for it."""

OUTBOX = Table(
    "crossroads_outbox",
    MetaData(),
    # SQLite numbers rows by itself only where the type is INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("ssin", String(11), nullable=False),
    Column("data_group", String(64), nullable=False),
    Column("context", String(7), nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    Column("kind", String(16), nullable=False),
    Column("happened_on", Date, nullable=False),
    # With its offset, as it travels: SQLite keeps none with a timestamp.
    Column("wrong_since", String(40)),
    Column("on_behalf_of", String(40)),
    Column("content", Text),
    Column("sent_at", DateTime(timezone=True)),
    Column("outcome", String(16)),
    Column("reason", Text),
    Column("ticket", String(36)),
)
Index(
    "crossroads_outbox_waiting",
    OUTBOX.c.id,
    postgresql_where=OUTBOX.c.sent_at.is_(None),
    sqlite_where=OUTBOX.c.sent_at.is_(None),
)

# As text where the database has text: a date that is none must not keep the rows beside it from being read.
_WAITING = select(
    *(
        type_coerce(column, String).label(column.name) if isinstance(column.type, Date) else column
        for column in OUTBOX.columns
        if column.name not in {"sent_at", "outcome", "reason", "ticket"}
    )
).where(OUTBOX.c.sent_at.is_(None))
_SETTLE = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("row"), OUTBOX.c.sent_at.is_(None))
    .values(
        sent_at=bindparam("at"),
        outcome=bindparam("how"),
        reason=bindparam("why"),
        ticket=bindparam("under"),
    )
)
_NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(Mutation)}
_COUNT = select(func.coalesce(OUTBOX.c.outcome, "waiting").label("state"), func.count().label("rows")).group_by(
    OUTBOX.c.outcome
)


class Waiting(NamedTuple):
    """A row that was not sent yet, as it stands there."""

    id: int
    fields: dict[str, Any]

    @property
    def mutation(self) -> Mutation:
        """The change that it tells. Raises Malformed with the place of what is wrong."""
        return convert({_NAMES[name]: value for name, value in self._given()}, Mutation)

    def _given(self) -> Iterator[tuple[str, Any]]:
        fields = self.fields
        yield "period", {"startDate": fields["start_date"], "endDate": fields["end_date"]}
        for name in _NAMES.keys() & fields.keys():
            if fields[name] is not None:
                yield name, _json(fields[name]) if name == "content" else fields[name]


class Correction(NamedTuple):
    """A correction that the hub took."""

    ticket: str
    period: Period
    happened_on: date
    sent_at: datetime


class Settled(NamedTuple):
    """What came of a row. A reason is given when it was refused, a ticket when it was accepted."""

    id: int
    outcome: str
    reason: str | None = None
    ticket: str | None = None


class RefusedRow(NamedTuple):
    """A row that the hub, or its own form, refused."""

    id: int
    reference: str
    reason: str


def open_outbox(config: Config) -> "Outbox":
    """Give the outbox that the settings name. Raises WrongSetting."""
    try:
        return Outbox(create_engine(outbox_url(config), hide_parameters=True, pool_pre_ping=True))
    except (SQLAlchemyError, ImportError) as error:
        raise WrongSetting(f"$.outbox.database: {error}") from error


def write(connection: Connection, mutation: Mutation) -> None:
    """Write a notice, within the transaction that writes the change itself."""
    period, content, since = mutation.period, mutation.content, mutation.wrong_since
    row = {name: getattr(mutation, name) for name in _NAMES if name in OUTBOX.columns} | {
        "start_date": period.start_date,
        "end_date": period.end_date,
        "wrong_since": since.isoformat() if since else None,
        "content": msgspec.json.encode(content).decode() if content is not None else None,
    }
    connection.execute(insert(OUTBOX), row)


class Outbox:
    """The outbox, seen by what sends it."""

    def __init__(self, engine: Engine) -> None:
        """Work on a database; its role reads and updates the table."""
        self._engine = engine

    def create(self) -> None:
        """Make the table where it is not there yet. Raises Unavailable."""
        try:
            OUTBOX.create(self._engine, checkfirst=True)
        except SQLAlchemyError as error:
            raise _failed(error) from None

    def waiting(self, most: int) -> Sequence[Waiting]:
        """Give at most so many rows that wait, in the order of their numbers. Raises Unavailable."""
        found = self._rows(_WAITING.order_by(OUTBOX.c.id).limit(most))
        return [Waiting(row.pop("id"), row) for row in found]

    def settle(self, settled: Iterable[Settled], now: datetime) -> None:
        """Write what came of rows; what was written of a row before stands. Raises Unavailable."""
        rows = [
            {"row": one.id, "at": now, "how": one.outcome, "why": one.reason, "under": one.ticket} for one in settled
        ]
        if not rows:
            return
        try:
            with self._engine.begin() as connection:
                connection.execute(_SETTLE, rows)
        except SQLAlchemyError as error:
            raise _failed(error) from None

    def counts(self) -> dict[str, int]:
        """Give how many wait, were accepted and were refused. Raises Unavailable."""
        counted = dict.fromkeys(("waiting", ACCEPTED, REFUSED), 0)
        return counted | {row["state"]: row["rows"] for row in self._rows(_COUNT)}

    def refused(self, most: int) -> list[RefusedRow]:
        """Give the newest rows that were refused, with the reason. Raises Unavailable."""
        query = select(OUTBOX.c.id, OUTBOX.c.reference, OUTBOX.c.reason).where(OUTBOX.c.outcome == REFUSED)
        return [RefusedRow(**row) for row in self._rows(query.order_by(OUTBOX.c.id.desc()).limit(most))]

    def corrections(self, ssins: Collection[str], data_group: str, most: int) -> list[Correction]:
        """Give the newest corrections of a person's data that the hub took. Raises Unavailable."""
        newest = select(func.max(OUTBOX.c.id) - LOOKED_AT).scalar_subquery()
        query = (
            select(OUTBOX.c.ticket, OUTBOX.c.start_date, OUTBOX.c.end_date, OUTBOX.c.happened_on, OUTBOX.c.sent_at)
            .where(OUTBOX.c.id > newest, OUTBOX.c.ssin.in_(ssins), OUTBOX.c.data_group == data_group)
            .where(OUTBOX.c.kind == MutationKind.CORRECTED.value, OUTBOX.c.outcome == ACCEPTED)
            .order_by(OUTBOX.c.id.desc())
        )
        return [
            Correction(
                row["ticket"], Period(row["start_date"], row["end_date"]), row["happened_on"], _aware(row["sent_at"])
            )
            for row in self._rows(query.limit(most))
        ]

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise _failed(error) from None


def _aware(moment: datetime) -> datetime:
    """Give a moment with its offset: SQLite keeps none, and what is written is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(content: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except UNREADABLE:
        return content  # refused as what it is: text, where an object should be


def _failed(error: SQLAlchemyError) -> Unavailable:
    # The driver's own message may quote the values: only its kind is told.
    return Unavailable(
        f"The database of the outbox refused ({type(error).__name__}). Does it run, is the table there, "
        "and may the role read and update it? `crossroads participant outbox create` makes it."
    )
