"""Forms: what was typed stays, what is wrong is said beside it and above, and a form that is sent twice counts once."""

import re
import secrets
from collections.abc import Mapping

import msgspec

CSRF = "csrf"
NUMBER = "form-number"
"""The hidden fields of every form that is posted."""
ACTING = "form-acting"
"""The hidden field that says for whom one acted when the form was shown."""
LONGEST = 10_000
"""Characters of a field that are read."""
_MOST_DIGITS = 9
"""Of a number that somebody typed or that a page put there: it fits in every message and column."""

_NUMBER = re.compile(r"[A-Za-z0-9_-]{22}")
"""What `new_number` gives."""


class Form(msgspec.Struct, kw_only=True):
    """The fields of a form as they were typed, and what is wrong with them."""

    values: dict[str, str] = msgspec.field(default_factory=dict)
    lists: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """All values of each field, for check boxes."""
    files: dict[str, bytes] = msgspec.field(default_factory=dict)
    """By field, where the page takes files: what was chosen. They are kept nowhere."""
    faults: dict[str, str] = msgspec.field(default_factory=dict)
    """By field: a sentence in the language of the page."""

    def __getitem__(self, field: str) -> str:
        """Give what was typed, without the space around it; "" where nothing was."""
        return self.values.get(field, "").strip()

    def number(self, field: str) -> int | None:
        """Give what was typed as a small whole number; None where it is none."""
        return whole(self[field])

    def every(self, field: str) -> list[str]:
        """Give all that was chosen."""
        return self.lists.get(field, [])

    def fault(self, field: str, sentence: str) -> None:
        """Say what is wrong; the first thing said about a field stands."""
        self.faults.setdefault(field, sentence)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def typed(self) -> dict[str, list[str]]:
        """What somebody typed and chose, and not what the page added."""
        return {field: values for field, values in self.lists.items() if field not in (CSRF, NUMBER, ACTING)}

    @classmethod
    def read(cls, fields: Mapping[str, list[str]]) -> "Form":
        """Read what a browser sent; of a field that is there twice, `values` has the last."""
        lists = {name: [value[:LONGEST] for value in values] for name, values in fields.items()}
        return cls(values={name: values[-1] for name, values in lists.items() if values}, lists=lists)


def whole(text: str) -> int | None:
    """Read a small whole number, without a sign; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def new_number() -> str:
    """Give the number that makes one showing of a form known again."""
    return secrets.token_urlsafe(16)


def is_number(text: str) -> bool:
    """Tell whether it looks like a number that we gave a form: each that is sent is remembered for a while."""
    return _NUMBER.fullmatch(text) is not None


def genuine(session_csrf: str, form: Form) -> bool:
    """Tell whether a form was shown by us to this browser."""
    return secrets.compare_digest(session_csrf.encode(), form.values.get(CSRF, "").encode())
