"""What the sources answered about a person, put in order for a page. Pure; nothing of it is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.codes import StatusValue
from crossroads.kernel.period import Period
from crossroads.participant.client import OpenedBlock, Reply
from crossroads.portal.register import Register


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part was seen: what a report of an error in it needs. It holds no data."""

    ticket: UUID
    data_group: str
    source: str
    period: Period


class Table(NamedTuple):
    """Objects of one form, under each other."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Part(NamedTuple):
    """One data group from one source."""

    group: Any
    """The data group as the catalogue has it."""
    source: Any
    facts: Mapping[str, str]
    tables: Mapping[str, Table]
    seen: Seen


class Shown(NamedTuple):
    """What is shown: what came, who failed, and what cannot be believed."""

    parts: Sequence[Part]
    silent: Sequence[Any]
    """Institutions that did not answer."""
    rejected: Sequence[str]
    """Data groups that came and were not validly signed."""


def shown(replies: Iterable[Reply], register: Register) -> Shown:
    """Put answers in order: by data group, then by source."""
    every = list(replies)
    parts = [_part(block, reply.answer.ticket, register) for reply in every for block in reply.blocks]
    failed = {
        one.institution for reply in every for one in reply.answer.sources if one.status is StatusValue.TECHNICAL_ERROR
    }
    return Shown(
        parts=sorted(parts, key=lambda part: (part.seen.data_group, part.seen.source)),
        silent=[register.institution(name) or name for name in sorted(failed)],
        rejected=sorted({one.data_group for reply in every for one in reply.rejected}),
    )


def _part(block: OpenedBlock, ticket: UUID, register: Register) -> Part:
    content = block.json if block.media_type == "application/json" else {}
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    return Part(
        group=register.data_group(block.data_group),
        source=register.institution(block.source),
        facts=_flat({name: value for name, value in content.items() if name not in lists}),
        tables={name: _table(rows) for name, rows in lists.items()},
        seen=Seen(ticket=ticket, data_group=block.data_group, source=block.source, period=block.period),
    )


def _table(rows: Sequence[Any]) -> Table:
    flat = [_flat(row) if isinstance(row, dict) else {"value": _text(row)} for row in rows]
    heads = list(dict.fromkeys(name for row in flat for name in row))
    return Table(heads, [[row.get(head, "") for head in heads] for row in flat])


def _flat(content: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Give fields within fields as one row: `address.city`, say."""
    found: dict[str, str] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name} ")
        else:
            found[f"{before}{name}"] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
