"""A status of the tour that its source should never have given: put right, and told on to a client that acted on it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import time as moment
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select

from crossroads.demo.clients import CLIENTS
from crossroads.demo.databases import table_of, writing
from crossroads.demo.mailboxes import Mail
from crossroads.demo.stage import CLERK, Stage
from crossroads.kernel.clock import BRUSSELS, SystemClock, brussels_day
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.client import OpenedBlock
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.customers import Outcome, Verdict
from crossroads.statuses.neighbours import neighbours
from crossroads.wire.mutations import Item, Mutation, MutationKind

_SOURCE, _CLIENT = "dgph", "fod-economie"
_GROUP, _KIND = "status-income-replacement@1", "incomeReplacementAllowance"
_ROWS = table_of("handicap_file")


class _Wrong(NamedTuple):
    """A decision that was not for this person, and a customer who has the tariff by nothing else."""

    ssin: str
    context: str
    period: Period
    customer: str


def corrected(stage: Stage, buffer: Buffer, told: Mapping[str, Outcome]) -> str:
    """Correct it, and give what the client learns then. Raises Refused, and Unavailable where it does not come."""
    wrong = _found(stage, buffer, told)
    with writing(stage, _SOURCE) as connection:
        connection.execute(_ROWS.delete().where(_ROWS.c.ssin == wrong.ssin, _ROWS.c.kind == _KIND))
    (outcome,) = stage.client(_SOURCE).notify([_correction(stage, wrong)])
    if not outcome.taken:
        raise Refused(f"The hub did not take the correction. {outcome.reason}")
    with stage.screen.console.status("From the correction to the client"):
        item = Mail(stage).await_item(_CLIENT, partial(_is_about, wrong.customer))
        (block,) = stage.client(_CLIENT).fetch(item, agent=CLERK).blocks
    learns = _learnt(block)
    _show(stage, item, learns)
    return learns


def _found(stage: Stage, buffer: Buffer, told: Mapping[str, Outcome]) -> _Wrong:
    """Find somebody by whose one status a customer has the tariff."""
    entitled = {ssin for ssin, one in told.items() if one.verdict is Verdict.YES}
    load = buffer.current()
    for ssin, context, period in _decisions(stage):
        around = neighbours(buffer.facts(load), [ssin]) if load else None
        if around is None or ssin not in around.reached:
            continue
        statuses = {(held.ssin, held.status) for person in around.people.values() for held in person.holdings}
        if statuses == {(ssin, _GROUP.removeprefix("status-").partition("@")[0])}:
            for customer in sorted(entitled.intersection(around.reached[ssin])):
                return _Wrong(ssin, context, period, customer)
    raise Refused("No customer has the tariff by one allowance alone.")


def _decisions(stage: Stage) -> Iterator[tuple[str, str, Period]]:
    """Give all but that of the first citizen, who is to find a right at the pages after the tour."""
    query = select(_ROWS.c.ssin, _ROWS.c.context, _ROWS.c.start_date, _ROWS.c.end_date)
    query = query.where(_ROWS.c.kind == _KIND, _ROWS.c.ssin != stage.made.cast.granted.ssin)
    with writing(stage, _SOURCE) as connection:
        rows = connection.execute(query.order_by(_ROWS.c.ssin)).all()
    for ssin, context, start, end in rows:
        yield ssin, context, Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


def _correction(stage: Stage, wrong: _Wrong) -> Mutation:
    return Mutation(
        reference=f"correction-{uuid4().hex}",
        ssin=wrong.ssin,
        data_group=_GROUP,
        context=wrong.context,
        period=wrong.period,
        kind=MutationKind.CORRECTED,
        happened_on=brussels_day(SystemClock().now()),
        wrong_since=datetime.combine(stage.made.on, moment.min, BRUSSELS),
    )


def _is_about(customer: str, item: Item) -> bool:
    change = item.change
    return bool(change and change.data_group == CLIENTS[_CLIENT].data_group and change.ssin.value == customer)


def _learnt(block: OpenedBlock) -> str:
    return "yes" if block.json["entitled"] else "no"


def _show(stage: Stage, item: Item, learns: str) -> None:
    stage.screen.say(
        "\nA source finds that an allowance was another person's, takes it out and tells the hub. The institution is "
        "told, asks the source again, and decides anew about everybody in the household. Who acted on what was wrong "
        "is told that something was corrected, and asks:"
    )
    kind = item.change.kind if item.change else ""
    stage.screen.facts(
        [
            ("The source", f"{stage.name(_SOURCE)}: {stage.group(_GROUP)}, entered for the wrong person"),
            ("The client", stage.name(_CLIENT)),
            ("In its mailbox", f"{stage.group(CLIENTS[_CLIENT].data_group)}: {kind}"),
            ("It asks, and learns", learns),
        ]
    )
