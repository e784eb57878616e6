"""Who consulted data about a person: what was logged under that person's keys, page by page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

import msgspec

from crossroads.audit.model import Cursor, UsagePage
from crossroads.audit.reading import Reading
from crossroads.kernel.errors import InvalidValue


async def usage_page(
    reading: Reading, persons: Sequence[int], first: datetime, until: datetime, after: str | None, limit: int
) -> UsagePage:
    """Give one page of lines from `first` until before `until`; one more is read to know whether there is a next."""
    cursor = _decoded(after) if after else Cursor(first, -1, -1)
    found = await reading.usage(persons, first, until, cursor, limit + 1)
    lines = tuple(found[:limit])
    return UsagePage(
        lines=lines, next=_encoded(lines[-1].at, lines[-1].stream, lines[-1].index) if found[limit:] else None
    )


def _encoded(at: datetime, stream: int, index: int) -> str:
    return urlsafe_b64encode(msgspec.json.encode((at, stream, index))).decode()


def _decoded(text: str) -> Cursor:
    try:
        return Cursor(*msgspec.json.decode(urlsafe_b64decode(text), type=tuple[datetime, int, int]))
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidValue("This does not say where a page of the log ended.") from error
