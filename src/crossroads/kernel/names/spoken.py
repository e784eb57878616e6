"""A name made ready to be compared with many: each of its words knows how it sounds, once it was asked."""

from functools import cached_property
from typing import NamedTuple

from crossroads.kernel.names.normal import Form
from crossroads.kernel.names.phonetics import skeleton, sounds

_SKELETON = 2
"""Letters below which a skeleton says nothing."""


class Word:
    """A folded word, as it is written and as it may be said."""

    def __init__(self, written: str) -> None:
        """Take a word; an empty one sounds like nothing."""
        self.written = written

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        """How it may sound."""
        return sounds(self.written)

    @cached_property
    def skeletons(self) -> frozenset[str]:
        """The consonants of its sounds, where they say something."""
        return frozenset(found for found in map(skeleton, self.sounds) if len(found) >= _SKELETON)


class Spoken(NamedTuple):
    """The words of a name, and the whole in one word: as it is, without prefixes, and without those glued to it."""

    words: tuple[Word, ...]
    core: tuple[Word, ...]
    joined: Word
    stem: Word
    unglued: Word


def spoken(name: Form) -> Spoken:
    """Make a name ready."""
    words, core = (tuple(map(Word, given)) for given in (name.words, name.core))
    return Spoken(words, core, Word(name.joined), Word(name.stem), Word(name.unglued))
