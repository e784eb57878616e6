"""Decision tables: by which rules a right is open, and whose facts open it."""

from enum import StrEnum
from typing import Annotated

import msgspec

from crossroads.catalogue.entries import Entry, Text
from crossroads.kernel.identifiers import InstitutionId


class Reach(StrEnum):
    """Whose facts open a right."""

    PERSON = "person"
    HOUSEHOLD = "household"
    """Of the person, or of anybody who lives with them."""


class DecisionTableCard(Entry, frozen=True, kw_only=True):
    """What a decision table is, without its text."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]
    names: Text
    owner: InstitutionId
    """Whose rules they are."""
    legal_reference: Text
    """Where they stand; of those that are invented, that they are."""
    reach: Reach
    decision: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Which decision of the model answers."""
    sha256: str
    """Of the model, in hexadecimal: by it an institution tells that it decides by the same."""

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id


class DecisionTable(DecisionTableCard, frozen=True, kw_only=True):
    """By which rules a right is open: a decision model (DMN), and the table in it that answers."""

    dmn: str
    """The model. In YAML `file` names the file beside it that holds the model."""
