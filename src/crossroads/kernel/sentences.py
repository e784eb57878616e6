"""Sentences for people, filled in: English, and kept with their parts, so that other languages can say them."""

from collections.abc import Mapping
from typing import Self


class Sentence(str):
    """A text made of a template and values: `Sentence("It has %(number)d lines.", number=3)`. No value is an SSIN."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Fill in the template."""
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made


def together(*sentences: str) -> Sentence:
    """Put sentences one after the other; what is empty is left out."""
    said = {f"sentence_{place}": one for place, one in enumerate(filter(None, sentences))}
    return Sentence(" ".join(f"%({name})s" for name in said), **said)
