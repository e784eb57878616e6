"""The tables of a register that reads a daily feed, beside its outbox: what it records, and how far it came."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import Unavailable

_metadata = MetaData()

IDENTIFICATION = Table(
    "identification",
    _metadata,
    Column("institution", String(40), nullable=False),
    Column("context", String(7), nullable=False),
    Column("ssin", String(11), nullable=False, index=True),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    Column("last_name", Text, nullable=False),
    Column("first_names", Text, nullable=False),
    # As it is known: month and day may be 00.
    Column("birth_date", String(10), nullable=False),
    Column("sex", String(10), nullable=False),
    Column("civil_status", String(20)),
    Column("street", Text),
    Column("house_number", Text),
    Column("postcode", String(4)),
    Column("municipality", Text),
    Column("municipality_code", String(5)),
    Column("death_date", Date),
)
"""Who a person is and where they live; the rows of a person are of periods without overlap."""

HOUSEHOLD = Table(
    "household",
    _metadata,
    Column("institution", String(40), nullable=False),
    Column("context", String(7), nullable=False),
    Column("ssin", String(11), nullable=False, index=True),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    Column("household", Text, nullable=False, index=True),
    Column("collective", Boolean, nullable=False),
    Column("position", Text, nullable=False),
)
"""Who lives with whom: those whose rows name one household; the rows of a person are of periods without overlap."""

DESCENT = Table(
    "descent",
    _metadata,
    Column("institution", String(40), nullable=False),
    Column("context", String(7), nullable=False),
    Column("ssin", String(11), nullable=False, index=True),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    # What the relative is of the person: parent or child.
    Column("relation", String(6), nullable=False),
    Column("relative", String(11), nullable=False, index=True),
)
"""Who descends from whom: each pair stands twice, under the parent and under the child."""

FEEDS = Table(
    "crossroads_feed",
    _metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("digest", String(64), nullable=False),
    # Counts by kind, as JSON: what the trailer announces, and what was read up to `line`.
    Column("announced", Text, nullable=False),
    Column("read", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("finished_at", DateTime(timezone=True)),
)
"""How far each feed was applied. It moves in the transaction that applies the lines."""

REFUSED = Table(
    "crossroads_feed_refused",
    _metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False),
)
"""The lines that were refused."""

ERRANDS = Table(
    "crossroads_feed_errand",
    _metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("ssin", String(11), nullable=False, index=True),
    # The number before, where the errand is that the person has another.
    Column("former", String(11), index=True),
    Column("content", Text, nullable=False),
    Column("reason", Text),
)
"""What the hub must do before changes of a person can be notified; those of one person are done in order.

`reason` is why the hub refused; what waits behind it is refused as well.
"""


def create(engine: Engine) -> None:
    """Make the tables that are not there yet. Raises Unavailable."""
    try:
        _metadata.create_all(engine)
    except SQLAlchemyError as error:
        raise failed(error) from None


def begin_writing(connection: Connection) -> None:
    """Take the lock of the whole database where it is SQLite, before anything is read; elsewhere rows are locked."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def failed(error: SQLAlchemyError) -> Unavailable:
    """Give what is told of an error: its kind alone, for the driver's own message may quote the values."""
    return Unavailable(
        f"The database of the register refused ({type(error).__name__}). Does it run, are the tables there, and may "
        "the role write them? `crossroads register create` makes them."
    )
