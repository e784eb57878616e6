"""A small catalogue, what the directory knows of one person, and questions that are decided by them."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from crossroads.access.model import Decision, Request
from crossroads.access.service import decide
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution, Management, Network, Party
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import (
    Authorisation,
    Availability,
    DataGroup,
    InscriptionContext,
    LegalContext,
    Mode,
    Temporality,
)
from crossroads.catalogue.snapshot import Facts as CatalogueFacts
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts, Line, PersonFacts
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.wire.messages import Asker

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
SSIN = "80631512393"
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
DATED: dict[str, Any] = {"valid_from": date(2000, 1, 1), "provenance": Provenance.ILLUSTRATIVE, "source": "test"}
NAME = Text(en="test")


def institution(name: str, sector: int, **more: object) -> Institution:
    return Institution(id=name, sector=sector, names=NAME, **{**DATED, **more})


def authorisation(reference: str, *contexts: str, **more: object) -> Authorisation:
    given_fields = {
        "parties": (Party(sector=17),),
        "legal_contexts": ("PCSA:SOCIAL_INQUIRY",),
        "data_groups": ("wage@1",),
        "modes": (Mode.ONLINE,),
        "inscription_contexts": contexts,
        **DATED,
        **more,
    }
    return Authorisation(reference=reference, names=NAME, **given_fields)


def snapshot(*authorisations: Authorisation) -> Snapshot:
    entries = [
        (Kind.INSTITUTION, institution("centre", 17)),
        (Kind.INSTITUTION, institution("manager", 17)),
        (
            Kind.INSTITUTION,
            institution(
                "small-centre",
                17,
                network=Network.SECONDARY,
                managed_by=(Management(manager="manager", start_date=date(2026, 1, 1)),),
            ),
        ),
        (Kind.INSTITUTION, institution("payroll", 12)),
        (Kind.INSTITUTION, institution("stranger", 99)),
        (Kind.INSCRIPTION_CONTEXT, InscriptionContext(id="17:1", names=NAME, provisional_groups=("wage@1",), **DATED)),
        (Kind.INSCRIPTION_CONTEXT, InscriptionContext(id="17:2", names=NAME, **DATED)),
        (Kind.INSCRIPTION_CONTEXT, InscriptionContext(id="12:10", names=NAME, **DATED)),
        *(
            (
                Kind.DATA_GROUP,
                DataGroup(
                    id=name,
                    names=NAME,
                    description=NAME,
                    authentic_source=12,
                    temporality=temporality,
                    json_schema={"type": "object"},
                    **DATED,
                ),
            )
            for name, temporality in (("wage@1", Temporality.PERIOD), ("address@1", Temporality.MOMENT))
        ),
        (
            Kind.LEGAL_CONTEXT,
            LegalContext(id="PCSA:SOCIAL_INQUIRY", names=NAME, assigned_to=(Party(sector=17),), **DATED),
        ),
        (Kind.AVAILABILITY, Availability(data_group="wage@1", inscription_context="12:10", **DATED)),
        (Kind.AVAILABILITY, Availability(data_group="address@1", inscription_context="12:10", **DATED)),
        *((Kind.AUTHORISATION, entry) for entry in authorisations),
    ]
    return Snapshot(CatalogueFacts(7, 7, None, tuple(entries), (), (), {}))  # type: ignore[arg-type] # test data


def changed(catalogue: Snapshot, key: str, **changes: Any) -> Snapshot:
    """Give the catalogue with something else in the entries of that key."""
    entries = tuple(
        (kind, msgspec.structs.replace(entry, **changes) if entry.key == key else entry)
        for kind, entry in catalogue._facts.entries
    )
    return Snapshot(catalogue._facts._replace(entries=entries))


def line(number: int, who: str, context: str, start: date, end: date | None = None, phase: int = 0) -> Line:
    return Line(number, who, context, Period(start, end), phase)


HELD = line(1, "payroll", "12:10", date(2020, 1, 1))
INSCRIBED = line(2, "centre", "17:2", date(2020, 1, 1))


def facts(*lines: Line, known: bool = True, replaced: bool = False, deceased_on: date | None = None) -> Facts:
    person = PersonFacts(5, "80631512492" if replaced else SSIN, replaced, deceased_on)
    return Facts(7, NOW, True, 1, person if known else None, lines)


def ask(
    catalogue: Snapshot,
    known: Facts,
    *,
    who: str = "centre",
    on_behalf_of: str | None = None,
    legal_context: str = "PCSA:SOCIAL_INQUIRY",
    groups: tuple[str, ...] = ("wage@1",),
    period: Period | None = QUARTER,
    reference_date: date | None = None,
    decided_on: date | None = None,
) -> Decision:
    asker = Asker(institution=who, on_behalf_of=on_behalf_of, agent="a", encryption_key="k" * 43)
    request = Request(
        asker=asker,
        legal_context=legal_context,
        ssin=SSIN,
        data_groups=groups,
        period=period,
        reference_date=reference_date,
        mode=Mode.ONLINE,
        received_at=NOW,
        received_on=TODAY,
        decided_on=decided_on,
    )
    return decide(request, catalogue, known)


def refusal(decision: Decision) -> tuple[StatusValue, Code, Code | None]:
    assert decision.permits == ()
    assert decision.furthest is not None
    return decision.furthest.value, decision.furthest.code, decision.furthest.detail


GRANTED = authorisation("A1", "17:2")
