"""What the hub has to tell after a change of who somebody is. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from crossroads.access.mandates import IDENTIFICATION
from crossroads.identity.bis_model import ChangeKind
from crossroads.identity.ports import Overlapping
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.mutations.model import Caused, Happening, OwnLine
from crossroads.wire.mutations import MutationKind, NoticeKind

_decode_merge = msgspec.json.Decoder(dict[str, list[Overlapping]]).decode


class People(NamedTuple):
    """Whom a change of identity is about."""

    numbers: Mapping[int, str]
    """The number of each person, as that person alone has it."""
    replaced: str | None
    """The number that was replaced by the change."""
    overlapping: Sequence[OwnLine]
    """The inscriptions, as they were, that overlap since a merge which still holds."""


def overlapping(one: Happening) -> list[Overlapping]:
    """Give the inscriptions that overlap since a merge."""
    return _decode_merge(one.payload).get("overlapping", [])


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
    """Tell every holder of the merge; then each whose inscription overlaps since, of its own inscription alone."""
    merged = _of(one, NoticeKind.MERGED, hub, people.numbers[_related(one)])
    overlaps = (of_line(line, NoticeKind.EXCLUSIVE_OVERLAP, hub, merged.happened_on) for line in people.overlapping)
    return [merged, *overlaps]


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


def of_line(line: OwnLine, kind: NoticeKind, hub: str, happened_on: date) -> Caused:
    """Give what is told of an inscription, to its institution alone."""
    told = Caused(kind, line.person, line.ssin, hub, happened_on, line.period)
    return told._replace(addressee=line.institution, context=line.context)


_RULES = {
    ChangeKind.NUMBER_REPLACED: _replaced,
    ChangeKind.DECEASED: _deceased,
    ChangeKind.CORRECTED: _corrected,
    ChangeKind.MERGED: _merged,
    ChangeKind.UNMERGED: _unmerged,
}
