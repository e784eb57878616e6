"""What is known of who a person is."""

from enum import StrEnum

import msgspec


class Sex(StrEnum):
    """The sex that a register records."""

    MALE = "MALE"
    FEMALE = "FEMALE"


class Particulars(msgspec.Struct, frozen=True):
    """Name, birth date and sex as somebody gave them. Nothing is checked: what is unknown is left out."""

    last_name: str
    first_names: str = ""
    birth_date: str = ""
    """`YYYY-MM-DD`, with 00 for a month or day that is not known; empty where nothing is."""
    sex: Sex | None = None

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Particulars(***)"
