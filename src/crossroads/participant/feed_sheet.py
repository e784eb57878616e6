"""The count sheet of a feed: what was announced, read, applied and refused, by kind, and which lines were refused."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import Refused
from crossroads.participant.feed_events import KINDS, UNREADABLE_KIND
from crossroads.participant.feed_tables import FEEDS, REFUSED, failed

_counts = msgspec.json.Decoder(dict[str, int])


class Counted(NamedTuple):
    """The lines of one kind."""

    kind: str
    announced: int
    read: int
    applied: int
    refused: int


class RefusedLine(NamedTuple):
    """A line between header and trailer, the first is 1, and what is wrong with it; never whom it is about."""

    line: int
    kind: str
    reason: str


class Sheet(NamedTuple):
    """The count sheet. A feed that was interrupted is not `finished`: give it again."""

    sequence: int
    day: date
    finished: bool
    kinds: tuple[Counted, ...]

    @property
    def right(self) -> bool:
        """Whether all was applied, and was what the trailer announces."""
        return self.finished and all(kind.announced == kind.applied for kind in self.kinds)


def read_counts(text: str) -> dict[str, int]:
    """Give counts by kind, as they are stored."""
    return _counts.decode(text)


def sheet(engine: Engine, sequence: int | None = None) -> Sheet:
    """Give the sheet of a feed, the newest unless one is named. Raises Refused where there is none, Unavailable."""
    wanted = select(FEEDS).order_by(FEEDS.c.sequence.desc()).limit(1)
    if sequence is not None:
        wanted = wanted.where(FEEDS.c.sequence == sequence)
    try:
        with engine.connect() as connection:
            feed = connection.execute(wanted).mappings().first()
            if feed is None:
                raise Refused("There is no such feed here.")
            of = REFUSED.c.sequence == feed["sequence"]
            bad = connection.execute(select(REFUSED.c.kind, func.count()).where(of).group_by(REFUSED.c.kind))
            refused = {str(kind): int(count) for kind, count in bad}
    except SQLAlchemyError as error:
        raise failed(error) from None
    kinds = _counted(read_counts(feed["announced"]), read_counts(feed["read"]), refused)
    return Sheet(feed["sequence"], feed["day"], feed["finished_at"] is not None, kinds)


def refused_lines(engine: Engine, sequence: int, most: int) -> Iterator[RefusedLine]:
    """Give the first lines of a feed that were refused. Raises Unavailable."""
    wanted = select(REFUSED.c.line, REFUSED.c.kind, REFUSED.c.reason).where(REFUSED.c.sequence == sequence)
    try:
        with engine.connect() as connection:
            for row in connection.execute(wanted.order_by(REFUSED.c.line).limit(most)):
                yield RefusedLine(*row)
    except SQLAlchemyError as error:
        raise failed(error) from None


def _counted(announced: Mapping[str, int], read: Mapping[str, int], refused: Mapping[str, int]) -> tuple[Counted, ...]:
    counted = []
    for kind in (*KINDS, UNREADABLE_KIND):
        of = read.get(kind, 0)
        bad = refused.get(kind, 0)
        counted.append(Counted(kind, announced.get(kind, 0), of, of - bad, bad))
    return tuple(counted)
