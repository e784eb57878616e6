"""Who may write which line: rules over the catalogue. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from crossroads.catalogue.institutions import Institution, Management
from crossroads.catalogue.model import Evidence, InscriptionContext
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Held, Line, Phase
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.period import Period, day
from crossroads.wire.messages import InscriptionEvidence

_SCHEMA = "urn:problem-type:belgif:input-validation:schemaViolation"


class CurrentCatalogue(Protocol):
    """What gives the newest catalogue that this process knows."""

    @property
    def current(self) -> Snapshot:
        """Give the snapshot."""
        ...


def check_phase(phase: int) -> None:
    """Refuse a phase that no inscription is written in. Raises Malformed."""
    if phase not in tuple(Phase):
        raise Malformed(Fault("$.phase", _SCHEMA, "The phase is 0 (definitive) or 902 (provisional)."))


def may_keep(catalogue: Snapshot, signer: str, institution: str, today: date) -> Institution:
    """Give the institution when the signer is it, or manages it today for all legal contexts. Raises Refused.

    A line counts in every legal context: who manages only for some may not keep any.
    """
    found = catalogue.institution(institution, today)
    if found is None:
        raise Refused(code=Code.INSTITUTION_INACTIVE if signer == institution else Code.NOT_MANAGED)
    if signer != institution and not any(_keeps(management, signer, today) for management in found.managed_by):
        raise Refused("The institution does not manage the one it writes for.", code=Code.NOT_MANAGED)
    return found


def _keeps(management: Management, signer: str, today: date) -> bool:
    whole = management.legal_contexts is None and management.manager == signer
    return whole and Period(management.start_date, management.end_date).contains(day(today))


def own_context(catalogue: Snapshot, institution: Institution, context: str, today: date) -> InscriptionContext:
    """Give the context when it is one of the institution's sector. Raises Refused."""
    found = catalogue.context(context, today)
    if found is None or found.sector != institution.sector:
        raise Refused(code=Code.CONTEXT_NOT_OWN)
    return found


def check_evidence(context: InscriptionContext, evidence: InscriptionEvidence | None) -> None:
    """Refuse an inscription without the evidence that its context demands. Raises Refused."""
    if context.evidence is not Evidence.NONE and (evidence is None or evidence.kind != context.evidence):
        raise Refused(code=Code.EVIDENCE_MISSING)


def is_exclusive(catalogue: Snapshot, context: str, today: date) -> bool:
    """Tell whether no two institutions of the sector may have the same person in the context on the same day."""
    found = catalogue.context(context, today)
    return found is not None and found.exclusive


def taken(lines: Iterable[Line], institution: str, period: Period) -> bool:
    """Tell whether another institution has one of the days."""
    return any(line.institution != institution and line.period.overlaps(period) for line in lines)


def overlapping(ones: Iterable[Held], others: Sequence[Held]) -> list[Held]:
    """Give those of `ones` that share a day with one of `others`, in the same context at another institution."""
    by_context: dict[str, list[Line]] = {}
    for held in others:
        by_context.setdefault(held.line.context, []).append(held.line)
    return [
        held for held in ones if taken(by_context.get(held.line.context, ()), held.line.institution, held.line.period)
    ]
