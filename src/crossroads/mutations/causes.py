"""What the hub has to tell after a change of who somebody is. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from crossroads.access.mandates import IDENTIFICATION
from crossroads.directory.model import Line
from crossroads.identity.bis_model import ChangeKind
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.mutations.model import Caused, Happening
from crossroads.wire.mutations import MutationKind, NoticeKind

_decode_overlap = msgspec.json.Decoder(dict[str, list[int]]).decode


class People(NamedTuple):
    """Whom a change of identity is about."""

    numbers: Mapping[int, str]
    """The number of each person, as that person alone has it."""
    replaced: str | None
    """The number that was replaced by the change."""
    lines: Mapping[int, Iterable[Line]]
    """The inscriptions of each."""


def causes(one: Happening, people: People, hub: str) -> list[Caused]:
    """Give what is to be told, in order; nothing where a person came into being."""
    kind = ChangeKind(one.kind)
    return _RULES[kind](one, people, hub) if kind in _RULES else []


def _replaced(one: Happening, people: People, hub: str) -> list[Caused]:
    number = people.replaced or people.numbers[one.person]
    return [_of(one, NoticeKind.NUMBER_REPLACED, hub, number)]


def _deceased(one: Happening, people: People, hub: str) -> list[Caused]:
    kind = NoticeKind.DECEASED if one.happened_on else NoticeKind.DEATH_WITHDRAWN
    return [_of(one, kind, hub, people.numbers[one.person])._replace(data_group=IDENTIFICATION)]


def _corrected(one: Happening, people: People, hub: str) -> list[Caused]:
    told = _of(one, MutationKind.CORRECTED, hub, people.numbers[one.person])
    return [told._replace(data_group=IDENTIFICATION, period=Period(one.happened_on or date.min))]


def _merged(one: Happening, people: People, hub: str) -> list[Caused]:
    return [_of(one, NoticeKind.MERGED, hub, people.numbers[_related(one)])]


def _unmerged(one: Happening, people: People, hub: str) -> list[Caused]:
    pairs = (one.person, _related(one)), (_related(one), one.person)
    return [
        _of(one, NoticeKind.UNMERGED, hub, people.numbers[other])._replace(person=person) for person, other in pairs
    ]


def _of(one: Happening, kind: str, hub: str, number: str) -> Caused:
    day = one.happened_on or brussels_day(one.recorded_at)
    return Caused(kind, one.person, number, hub, day, Period(day))


def _related(one: Happening) -> int:
    return one.person if one.related is None else one.related


def _overlap(one: Happening, people: People, hub: str) -> list[Caused]:
    """Tell every holder of an inscription that stands in the way of a merge; of its own line alone."""
    in_the_way = set(_decode_overlap(one.payload)["inscriptions"])
    day = brussels_day(one.recorded_at)
    found: dict[int, Caused] = {}
    for person, lines in people.lines.items():
        for line in lines:
            if line.inscription in in_the_way:
                told = Caused(NoticeKind.MERGE_REFUSED, person, people.numbers[person], hub, day, line.period)
                found[line.inscription] = told._replace(addressee=line.institution, context=line.context)
    return [found[inscription] for inscription in sorted(found)]


_RULES = {
    ChangeKind.NUMBER_REPLACED: _replaced,
    ChangeKind.DECEASED: _deceased,
    ChangeKind.CORRECTED: _corrected,
    ChangeKind.MERGED: _merged,
    ChangeKind.UNMERGED: _unmerged,
    ChangeKind.LINK_REFUSED: _overlap,
}
