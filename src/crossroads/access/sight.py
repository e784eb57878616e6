"""Who may look at what is kept about a person at the hub: the person's own portal, and supervisors.

What is kept is a data group like others: its authorisation says who may see it, for which legal context. It demands no
inscription, for who looks has no file on the person.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from crossroads.access.model import _MADE_BY_ACCESS
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.model import Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused

USAGE = "usage@1"
"""What was done about the person, as that person may see it."""
SUPERVISION = "usage-supervision@1"
"""The same, with the agents and without embargo."""
HOLDERS = "inscriptions@1"
"""Who has the person inscribed."""
MANDATES = "mandates@1"
"""Who acts for the person under a mandate, and for whom the person acts."""
DRAFTS = "authorisation-drafts@1"
"""Decisions of the committee that are prepared. They are about no person, and allowed in the same way."""


class Wanted(Enum):
    """What somebody wants to look at: the data groups that allow it, the one that shows most first."""

    USAGE = (SUPERVISION, USAGE)
    HOLDERS = (HOLDERS,)
    MANDATES = (MANDATES,)
    SUPERVISION = (SUPERVISION,)
    DRAFTS = (DRAFTS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """That an institution may look at what is kept about one person. Only access makes it."""

    institution: str
    legal_context: str
    data_group: str
    authorisation: str
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a sight that access did not give."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access gives sight.")

    @property
    def supervises(self) -> bool:
        """Whether agents are shown, and what is under embargo as well."""
        return self.data_group == SUPERVISION


def sight(snapshot: Snapshot, institution: str, legal_context: str, wanted: Wanted, on: date) -> Sight:
    """Let an institution look, for a purpose that it has. Raises Refused; never by whom it is about."""
    asker, purpose = snapshot.institution(institution, on), snapshot.legal_context(legal_context, on)
    if asker is None:
        raise Refused(code=Code.INSTITUTION_INACTIVE)
    if purpose is None or not purpose.assigned(asker):
        raise Refused(code=Code.LEGAL_CONTEXT_NOT_ALLOWED)
    for group in wanted.value:
        if reference := _granted(snapshot, asker, legal_context, group, on):
            return Sight(
                institution=institution,
                legal_context=legal_context,
                data_group=group,
                authorisation=reference,
                made_by=_MADE_BY_ACCESS,
            )
    raise Refused(code=Code.NOT_AUTHORISED)


def _granted(snapshot: Snapshot, asker: Institution, legal_context: str, group: str, on: date) -> str | None:
    return next(
        (
            one.reference
            for one in snapshot.authorisations(legal_context, group, Mode.ONLINE)
            if one.in_force(on) and not one.inscription_contexts and any(p.includes(asker) for p in one.parties)
        ),
        None,
    )
