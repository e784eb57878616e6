"""A record of a batch gets the verdict of a single question on the same facts, and when answered the same status."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from batching import Author
from crossroads.access.model import Decision, Request
from crossroads.access.service import decide
from crossroads.access.sets import permit_sets
from crossroads.batch.asking import Kept
from crossroads.batch.composing import Chunk, compose
from crossroads.batch.deciding import Asking, Judge, decided_page
from crossroads.batch.model import Batch
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution, Party
from crossroads.catalogue.kinds import AnyEntry, Kind
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
from crossroads.exchange.outcome import compose as compose_single
from crossroads.exchange.ports import SourceReply
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import BatchState, Record, RecordLine, ResultLine, Voucher
from crossroads.wire.bulk import BulkAnswer, BulkBlock
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import Asker, Block, Question
from people import ssin

RECEIVED = datetime(2026, 6, 15, 10, tzinfo=UTC)
TODAY, SSIN, NEWER = RECEIVED.date(), "80631512393", "80631512492"
CONTEXT, WAGE, ADDRESS = "PCSA:SOCIAL_INQUIRY", "wage@1", "address@1"
SOURCES = ("payroll", "insurer")
AUTHOR = Author(SigningKey.generate("centre#sign-1"), SealingKey.generate("centre#seal-1"))
_ENTRY: dict[str, Any] = {"valid_from": date(2000, 1, 1), "provenance": Provenance.ILLUSTRATIVE, "source": "test"}
_NAME = Text(en="test")
_STATUSES = (StatusValue.DATA_FOUND, StatusValue.NO_DATA_FOUND, StatusValue.TECHNICAL_ERROR)
_lines = msgspec.json.Decoder(ResultLine)


def _group(name: str, temporality: Temporality) -> DataGroup:
    return DataGroup(
        id=name,
        names=_NAME,
        description=_NAME,
        authentic_source=12,
        temporality=temporality,
        json_schema={"type": "object"},
        **_ENTRY,
    )


def _snapshot(authorisations: list[Authorisation]) -> Snapshot:
    entries: list[tuple[Kind, AnyEntry]] = [
        (Kind.INSTITUTION, Institution(id="centre", sector=17, names=_NAME, **_ENTRY)),
        *((Kind.INSTITUTION, Institution(id=name, sector=12, names=_NAME, **_ENTRY)) for name in SOURCES),
        (Kind.INSCRIPTION_CONTEXT, InscriptionContext(id="17:1", names=_NAME, provisional_groups=(WAGE,), **_ENTRY)),
        *((Kind.INSCRIPTION_CONTEXT, InscriptionContext(id=one, names=_NAME, **_ENTRY)) for one in ("17:2", "12:10")),
        (Kind.DATA_GROUP, _group(WAGE, Temporality.PERIOD)),
        (Kind.DATA_GROUP, _group(ADDRESS, Temporality.MOMENT)),
        (Kind.LEGAL_CONTEXT, LegalContext(id=CONTEXT, names=_NAME, assigned_to=(Party(sector=17),), **_ENTRY)),
        (Kind.AVAILABILITY, Availability(data_group=WAGE, inscription_context="12:10", **_ENTRY)),
        (Kind.AVAILABILITY, Availability(data_group=ADDRESS, inscription_context="12:10", **_ENTRY)),
        *((Kind.AUTHORISATION, one) for one in authorisations),
    ]
    return Snapshot(CatalogueFacts(7, 7, None, tuple(entries), (), (), {}))


days = st.dates(date(2025, 6, 1), date(2026, 6, 15))
periods = st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair)))
contexts = st.sampled_from(["17:1", "17:2", "12:10"])
lines = st.lists(
    st.builds(
        Line,
        st.integers(1, 99),
        st.sampled_from(["centre", *SOURCES, "closed"]),
        contexts,
        periods | st.just(Period(date(2020, 1, 1))),
        st.sampled_from([0, 0, 902, 999]),
    ),
    max_size=8,
)
persons = st.none() | st.builds(
    PersonFacts, st.just(5), st.sampled_from([SSIN, NEWER]), st.just(value=False), st.none() | days
)
authorisations = st.lists(
    st.builds(
        lambda number, named, groups, look_back, free: Authorisation(
            reference=f"A{number}",
            names=_NAME,
            parties=(Party(sector=17),),
            legal_contexts=(CONTEXT,),
            data_groups=tuple(groups),
            modes=(Mode.ONLINE, Mode.BATCH),
            inscription_contexts=() if free else tuple(named),
            no_inscription_because="test" if free else None,
            look_back_months=look_back,
            **_ENTRY,
        ),
        st.integers(1, 9),
        st.lists(st.sampled_from(["17:1", "17:2"]), min_size=1, unique=True),
        st.lists(st.sampled_from([WAGE, ADDRESS]), min_size=1, unique=True),
        st.none() | st.integers(0, 24),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda entry: entry.reference,
)
worlds = st.tuples(authorisations, persons, lines, periods, st.none() | days, st.booleans())
World = tuple[list[Authorisation], PersonFacts | None, list[Line], Period, date | None, bool]


def _asked(world: World) -> tuple[Judge, Record, Facts, Decision]:
    """Give what judges a batch, a record of it with or without days of its own, and the verdict on it as a question."""
    granted, person, held, period, reference, own = world
    snapshot = _snapshot(granted)
    known = person._replace(replaced=person.ssin != SSIN) if person else None
    facts = Facts(7, RECEIVED, True, 1, known, tuple(held) if known else ())
    record = Record(ssin=SSIN, period=period, reference_date=reference) if own else Record(ssin=SSIN)
    voucher = AUTHOR.voucher(
        b"x", [record], legal_context=CONTEXT, period=None if own else period, reference_date=None if own else reference
    )
    voucher = msgspec.structs.replace(voucher, data_groups=(WAGE, ADDRESS))
    judge = Judge(Asking(_batch(voucher), voucher), snapshot, TODAY)
    request = Request(
        asker=voucher.asker,
        legal_context=CONTEXT,
        ssin=SSIN,
        data_groups=voucher.data_groups,
        period=period,
        reference_date=reference,
        mode=Mode.ONLINE,
        received_at=RECEIVED,
        received_on=TODAY,
    )
    return judge, record, facts, decide(request, snapshot, facts)


def _batch(voucher: Voucher) -> Batch:
    plain: dict[str, Any] = dict.fromkeys(Batch._fields)
    state = {"ticket": UUID(int=7 << 76 | 2 << 62), "accepted_at": RECEIVED, "state": BatchState.RUNNING}
    return Batch(**plain | state | {"records": 1, "deadline": voucher.deadline, "reference": voucher.reference})


def _seen(judge: Judge, facts: Facts) -> Facts:
    """Give the facts as they are read for a batch: the lines that a decision may rest on."""
    counting = [one for one in facts.inscriptions if one.institution == "centre" or one.context in judge.contexts]
    return facts._replace(inscriptions=tuple(counting))


@given(worlds)
def test_a_record_gets_the_verdict_of_a_single_question(world: World) -> None:
    judge, record, facts, single = _asked(world)
    stranger, nobody = msgspec.structs.replace(record, ssin=ssin(1)), Facts(7, RECEIVED, True, 1, None, ())
    seen = _seen(judge, facts)
    decisions = judge.decide([stranger, record, stranger, record], [nobody, seen, nobody, seen])
    assert decisions[1] == single
    # A number that is repeated, known or not, does not take the time of a decision again.
    assert decisions[0] is decisions[2]
    assert decisions[1] is decisions[3]


@given(worlds)
def test_what_may_be_asked_one_by_one_alone_is_not_asked_in_a_file(world: World) -> None:
    alone = [msgspec.structs.replace(one, modes=(Mode.ONLINE,)) for one in world[0]]
    judge, record, facts, _ = _asked((alone, *world[1:]))
    (decision,) = judge.decide([record], [_seen(judge, facts)])
    assert decision.permits == ()


@given(worlds, st.lists(st.sampled_from(_STATUSES), min_size=3, max_size=3))
def test_an_answered_record_has_the_status_of_an_answered_question(world: World, ends: list[StatusValue]) -> None:
    judge, record, facts, single = _asked(world)
    (decision,) = judge.decide([record], [_seen(judge, facts)])
    sets = permit_sets([decision])
    ended = dict(zip(("centre", *SOURCES), ends, strict=True))
    chunks = [_chunk(judge, source, permits.scopes[0].data_groups, ended[source]) for source, permits in sets.items()]
    replies = [(permit, _reply(permit.holder, permit.data_groups, ended[permit.holder])) for permit in single.permits]
    composed = compose(judge.asking, 0, [record], decided_page([decision], sets, 7), chunks)
    (line,) = [one for one in _lines.decode_lines(composed.content) if isinstance(one, RecordLine)]
    answer = compose_single(
        ticket=uuid4(),
        question=_question(judge.asking.voucher),
        environment=Environment.TEST,
        received_at=RECEIVED,
        replied_at=RECEIVED,
        decision=single,
        replies=replies,
    )
    assert (line.status, line.ssin, line.filtered) == (answer.status, answer.ssin, answer.filtered)
    told = [[(one.institution, one.status) for one in found] for found in (line.sources, answer.sources)]
    assert told[0] == told[1]
    given_ = [[(one.data_group, one.source) for one in found] for found in (line.blocks, answer.blocks)]
    assert given_[0] == given_[1]


def _question(voucher: Voucher) -> Question:
    return Question(
        asker=Asker(institution="centre", agent="a", encryption_key="k" * 43),
        legal_context=CONTEXT,
        ssin=SSIN,
        data_groups=voucher.data_groups,
        statement=voucher.statement,
        openings=voucher.openings,
    )


def _reply(source: str, groups: dict[str, Period], ended: StatusValue) -> SourceReply:
    blocks = [
        Block(data_group=group, source=source, period=period, media_type="application/jose", sealed="x")
        for group, period in groups.items()
    ]
    found = tuple(blocks) if ended is StatusValue.DATA_FOUND else ()
    return SourceReply(status=ended, code=Code.OK, blocks=found, asked_at=RECEIVED, answered_at=RECEIVED)


def _chunk(judge: Judge, source: str, groups: dict[str, Period], ended: StatusValue) -> Chunk:
    if ended is StatusValue.TECHNICAL_ERROR:
        return Chunk(source, 0, Code.SOURCE_LATE)
    blocks = [BulkBlock(0, group, period, "application/json", "x") for group, period in groups.items()]
    found = tuple(blocks) if ended is StatusValue.DATA_FOUND else ()
    answer = BulkAnswer(ticket=judge.asking.ticket, page=0, answered=1, blocks=found, chunk="a.b.c")
    raw = msgspec.Raw(msgspec.json.encode(answer))
    return Chunk(
        source,
        0,
        Code.OK,
        Kept(asked_at=RECEIVED, answered_at=RECEIVED, signature=None, answer=raw, until=None),
    )
