"""How alike two names are, from 0 to 1, and in what way. The same both ways round."""

from collections.abc import Iterator
from enum import Enum
from itertools import product
from typing import NamedTuple

from rapidfuzz.distance import OSA

from crossroads.kernel.names.reasons import Reason
from crossroads.kernel.names.spoken import Spoken, Word

_SAME_CONSONANTS, _SAME_SOUND = 0.8, 0.96
"""What names of the same consonants keep at least, and at most: the vowels decide between the two."""
_SIMILAR = 0.6
"""Below this share of equal letters two names are different names, and what they share is chance."""
_PREFIX, _PART, _FEWER, _INITIALS, _UNKNOWN = 0.94, 0.85, 0.95, 0.85, 0.8
"""What is left when prefixes differ; of a compound given in part; of first names fewer, initials, not given."""
_PART_LENGTH = 3
"""Letters below which a part of a name says nothing."""


class _Alike(Enum):
    """In what way two words are alike: as last names, as first names."""

    SAME = (Reason.NAME_SAME, Reason.FIRST_NAMES_SAME)
    SOUND = (Reason.NAME_SOUNDS_ALIKE, Reason.FIRST_NAMES_SOUND_ALIKE)
    SIMILAR = (Reason.NAME_SIMILAR, Reason.FIRST_NAMES_SIMILAR)
    INITIAL = (Reason.NAME_SIMILAR, Reason.FIRST_NAMES_INITIALS)
    DIFFERENT = (Reason.NAME_DIFFERS, Reason.FIRST_NAMES_DIFFER)

    @property
    def last(self) -> Reason:
        """What is said of last names."""
        return self.value[0]

    @property
    def first(self) -> Reason:
        """What is said of first names."""
        return self.value[1]


class _Words(NamedTuple):
    """How alike two words are."""

    share: float
    alike: _Alike


class Likeness(NamedTuple):
    """How alike two names are, and why."""

    share: float
    reasons: tuple[Reason, ...]


def compare_last(one: Spoken, other: Spoken) -> Likeness:
    """Compare two last names: whole, without their prefixes, and by their parts."""
    if one.joined.written == other.joined.written:
        return Likeness(1.0, (Reason.NAME_SAME,))
    return max(_last_names(one, other), key=_share)


def compare_first(one: Spoken, other: Spoken) -> Likeness:
    """Compare first names, of which people give one or all, in full or as initials, in any order."""
    if not one.words or not other.words:
        return Likeness(_UNKNOWN, (Reason.FIRST_NAMES_UNKNOWN,))
    whole = _compare(one.joined, other.joined)
    if whole.alike is _Alike.SAME:
        return Likeness(1.0, (Reason.FIRST_NAMES_SAME,))
    return max(Likeness(whole.share, (whole.alike.first,)), _name_by_name(one.words, other.words), key=_share)


def _last_names(one: Spoken, other: Spoken) -> Iterator[Likeness]:
    whole = _compare(one.joined, other.joined)
    yield Likeness(whole.share, (whole.alike.last,))
    for a, b in ((one.stem, other.stem), (one.unglued, other.unglued)):
        if (a.written, b.written) != (one.joined.written, other.joined.written):
            found = _compare(a, b)
            yield Likeness(found.share * _PREFIX, (found.alike.last, Reason.PREFIX_DIFFERS))
    if len(one.core) != len(other.core):
        ones, others = ([part for part in name.core if len(part.written) >= _PART_LENGTH] for name in (one, other))
        parts = [_compare(a, b).share for a in ones for b in others]
        yield Likeness(max(parts, default=0.0) * _PART, (Reason.NAME_PARTLY_SAME,))


def _name_by_name(one: tuple[Word, ...], other: tuple[Word, ...]) -> Likeness:
    """Look for each name of who gives fewer among those of the other; of as many, both ways."""
    looked = [
        [_best(word, there) for word in here] for here, there in ((one, other), (other, one)) if len(here) <= len(there)
    ]
    found = min(looked, key=lambda words: sum(word.share for word in words))
    share = sum(word.share for word in found) / len(found)
    reasons = tuple(dict.fromkeys(word.alike.first for word in found))
    return Likeness(share * _FEWER, reasons if len(one) == len(other) else (*reasons, Reason.FIRST_NAMES_FEWER))


def _best(word: Word, among: tuple[Word, ...]) -> _Words:
    return max((_compare_first_name(word, other) for other in among), key=lambda found: found.share)


def _compare_first_name(one: Word, other: Word) -> _Words:
    a, b = one.written, other.written
    if 1 in (len(a), len(b)) and a != b:
        return _Words(_INITIALS, _Alike.INITIAL) if a[0] == b[0] else _Words(0.0, _Alike.DIFFERENT)
    return _compare(one, other)


def _compare(one: Word, other: Word) -> _Words:
    """Compare two words as written and as said; a letter missing, added, changed or moved is one difference."""
    if one.written == other.written:
        return _Words(1.0, _Alike.SAME)
    if not one.written or not other.written:
        return _Words(0.0, _Alike.DIFFERENT)
    said = product(one.sounds, other.sounds)
    share = max(OSA.normalized_similarity(a, b) for a, b in (*said, (one.written, other.written)))
    if not one.skeletons.isdisjoint(other.skeletons):
        return _Words(_SAME_CONSONANTS + (_SAME_SOUND - _SAME_CONSONANTS) * share, _Alike.SOUND)
    return _Words(share, _Alike.SIMILAR) if share >= _SIMILAR else _Words(share / 2, _Alike.DIFFERENT)


def _share(likeness: Likeness) -> float:
    return likeness.share
