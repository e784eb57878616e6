"""What access decides on, and what it gives: permits, one for each holder, or the reason why not."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from crossroads.catalogue.model import Mode
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.wire.messages import Asker

_MADE_BY_ACCESS: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A change that an institution was told of: what it may ask in mode push, and under what."""

    data_group: str
    period: Period
    legal_context: str
    authorisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The facts of a question that bear on whether it may be answered."""

    asker: Asker
    legal_context: str
    ssin: str
    data_groups: tuple[str, ...]
    period: Period | None
    reference_date: date | None
    mode: Mode
    received_at: datetime
    received_on: date
    """The Brussels day of receipt: authorisations count as they are in force then."""
    pointer: Pointer | None = None
    """In mode push: the change, of this very person, that the asker was told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """That one holder may be asked these data groups of one person, each for its period. Only access makes it."""

    holder: str
    audience: str | None
    """The participant through which the holder is reached; None when nobody manages it for this legal context."""
    person: int
    ssin: str
    known_as: str | None
    asker: str
    on_behalf_of: str | None
    legal_context: str
    data_groups: dict[str, Period]
    authorisations: dict[str, str]
    rule: str
    catalogue_version: int
    lines: tuple[int, ...]
    """The inscriptions that the decision rests on."""
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a permit that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access makes permits.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A data group that is not given, how far it got, and the rule that stopped it."""

    data_group: str
    stage: int
    """The precedence in the table of the contract; the highest is the status of a question of which nothing is left."""
    value: StatusValue
    code: Code
    detail: Code | None = None
    authorisation: str | None = None
    information: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Permits for what may be asked, and the reason for each data group that may not."""

    permits: tuple[Permit, ...]
    withheld: tuple[Withheld, ...]
    person: int | None
    ssin: str
    """The person's number now, or the number as it was asked."""
    replaces: str | None

    @property
    def furthest(self) -> Withheld | None:
        """The data group that got furthest, of which the status tells when nothing is left to ask."""
        return max(self.withheld, key=lambda withheld: withheld.stage, default=None)
