"""What the sources answered about a person, put in order for a page. Pure; nothing of it is kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import msgspec
from markupsafe import Markup

from crossroads.kernel.codes import StatusValue
from crossroads.kernel.period import Period
from crossroads.participant.client import OpenedBlock, Reply
from crossroads.portal.register import Register
from crossroads.web.contents import WRITTEN, naming
from crossroads.web.languages import Words
from crossroads.web.look import name, path_of


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part was seen: what a report of an error in it needs. It holds no data."""

    ticket: UUID
    data_group: str
    source: str
    period: Period


class Part(NamedTuple):
    """One data group from one source."""

    group: Any
    """The data group as the catalogue has it."""
    source: Any
    schema: Mapping[str, Any] | None
    """That of the data group, with the names of institutions."""
    content: Mapping[str, Any]
    """What came, as its schema in the catalogue puts it into words."""
    seen: Seen


class Shown(NamedTuple):
    """What is shown: what came, who failed, and what cannot be believed."""

    parts: Sequence[Part]
    silent: Sequence[Any]
    """Institutions that did not answer: as the catalogue has them, or the identifier."""
    rejected: Sequence[Any]
    """Data groups that came and were not validly signed."""


def shown(replies: Iterable[Reply], register: Register) -> Shown:
    """Put answers in order: by the names of data group and source."""
    every = list(replies)
    parts = [_part(block, reply.answer.ticket, register) for reply in every for block in reply.blocks]
    failed = {
        one.institution for reply in every for one in reply.answer.sources if one.status is StatusValue.TECHNICAL_ERROR
    }
    return Shown(
        parts=sorted(parts, key=lambda part: (register.called(part.group), register.called(part.source))),
        silent=sorted((register.institution(one) or one for one in failed), key=register.called),
        rejected=sorted(
            {register.data_group(one.data_group) or one.data_group for reply in every for one in reply.rejected},
            key=register.called,
        ),
    )


def named(schema: Any, register: Register) -> Any:
    """Give a schema that names each institution where a field holds one, and leads from each rule to its table."""
    names = naming(schema, lambda: {one.id: msgspec.to_builtins(one.names) for one in register.institutions()})
    return _leading(names, partial(_rule, register))


def _leading(schema: Any, rule: Callable[[Words, Mapping[str, Any]], Markup]) -> Any:
    if not isinstance(schema, dict):
        return schema
    own = {WRITTEN: rule} if schema.get("x-form") == "rule" else {}
    return {key: _leading(one, rule) for key, one in schema.items()} | own


def _rule(register: Register, words: Words, row: Mapping[str, Any]) -> Markup:
    """Write by which rule a right is open, and lead to it. Which rule it is stays in the browser: after the `#`."""
    number, right, version = (str(row.get(key, "")) for key in ("rule", "right", "table"))
    text = words.text("Rule %(number)s", number=number)
    table = register.deciding(right, version)
    if table is None:
        return name(text)
    href = f"{path_of(f'/{words.language}/decision-tables/{table}', version=version)}#rule-{quote(number)}"
    return Markup('<a class="govuk-link" href="%s">%s</a>') % (href, text)


def _part(block: OpenedBlock, ticket: UUID, register: Register) -> Part:
    group = register.data_group(block.data_group)
    return Part(
        group=group,
        schema=named(group.json_schema, register) if group else None,
        source=register.institution(block.source),
        content=block.json if block.media_type == "application/json" else {},
        seen=Seen(ticket=ticket, data_group=block.data_group, source=block.source, period=block.period),
    )
