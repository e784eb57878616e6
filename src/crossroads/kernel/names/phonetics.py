"""How a name sounds, roughly, to Dutch, French, German, Arabic and Turkish ears alike.

Published codes (Soundex, Cologne, Double Metaphone) know one language each and part `Şahin` from `Chahin` or `Youssef`
from `Joesoef`; a register of people from everywhere needs what these languages write differently and say alike.
"""

import re
from itertools import groupby

_RULES = (
    # What sounds like sh, and what is near it.
    (r"t?sch|t?sh|tch|cz|sz", "s"),
    (r"ckx|cks|cx|x", "ks"),
    (r"tz|ts|z", "s"),
    (r"ch|kh|ck|cq|qu(?=[aeioy])|q", "k"),
    (r"c(?=[eiy])", "s"),
    (r"c", "k"),
    (r"gh", "g"),
    (r"ph|v|w", "f"),
    (r"th|dt", "t"),
    (r"ij(?![aeou])", "i"),
    (r"dj|dg(?=[ei])|j|y(?=[aeou])", "j"),
    # Arabic names through French: Ouali and Wali, Alaoui and Alawi.
    (r"^ou(?=[aei])|(?<=a)ou(?=i)", "f"),
    (r"eau|au|o(?![eou])", "o"),
    (r"o[eou]|u[eu]?", "u"),
    (r"a[ae]|a(?![iy])", "a"),
    (r"[ae][iy]|ie|y|i", "i"),
    (r"h", ""),
)  # fmt: skip
_SOUNDS = re.compile("|".join(f"({pattern})" for pattern, _ in _RULES))
_HARD = str.maketrans({"d": "t", "b": "p", "g": "k"})
_VOWELS = re.compile(r"(?<=.)[aeiou]+")
_UNSURE = re.compile(r"ch(?=[aeiouy])")


def sounds(word: str) -> tuple[str, ...]:
    """Give how a folded word may sound: `ch` before a vowel is said as in *Chahin* or as in *Chalid*."""
    if _UNSURE.search(word):
        return _sound(_UNSURE.sub("sh", word)), _sound(_UNSURE.sub("kh", word))
    return (_sound(word),)


def skeleton(sound: str) -> str:
    """Give the consonants of a sound; a vowel that it begins with is kept as `a`."""
    first = "a" if sound[0] in "aeiou" else sound[0]
    return first + _VOWELS.sub("", sound)[1:]


def codes(word: str) -> frozenset[str]:
    """Give the skeletons of a folded word: under these it is found."""
    return frozenset(skeleton(sound) for sound in sounds(word))


def _sound(word: str) -> str:
    written = _SOUNDS.sub(lambda found: _RULES[(found.lastindex or 0) - 1][1], word)
    single = "".join(letter for letter, _ in groupby(written)) or word
    return single[:-1] + single[-1].translate(_HARD)
