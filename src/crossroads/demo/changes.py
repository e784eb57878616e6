"""The step of the tour in which something changes, and those who must know are told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from crossroads.bootstrap.wiring import services
from crossroads.demo import register
from crossroads.demo.institutions import CONNECTED, REGISTER
from crossroads.demo.mailboxes import Mail
from crossroads.demo.notifying import notify
from crossroads.demo.questions import IDENTIFICATION
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import ANTWERPEN, CLERK, GENT, Stage
from crossroads.demo.words import told
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.wire.mutations import Item, Mutation, MutationKind

_TOLD = (GENT, "dgph", "nic")
"""Each has the person on file and subscribed; the last has the mailbox of the sickness fund that it manages."""
NOT_TOLD = {"nsso": Code.NOT_SUBSCRIBED, "neo": Code.NOT_TOLD_PERIOD, ANTWERPEN: Code.DETAIL_NOT_INSCRIBED}
"""One that has the person on file and never asked to be told, one that had the person once, one that never had."""
_WHY = {
    Code.NOT_SUBSCRIBED: "has the person on file, but did not ask to be told of this",
    Code.NOT_TOLD_PERIOD: "had the person on file years ago, and has not now",
    Code.DETAIL_NOT_INSCRIBED: "does not have the person on file",
}
_FURTHER = 2
"""House numbers to the new home: of the same side of the street."""
_LAST_NUMBER = 180


class _Learnt(NamedTuple):
    """What came to a mailbox, and what its owner then was told by the source."""

    mailbox: str
    item: Item
    answer: str


def moved(stage: Stage) -> Outcome:
    """Move a person: who has the person on file, may know and asked to be told gets to know, and nobody else."""
    person = stage.made.cast.granted
    stage.screen.say(
        f"{person.name} moves. The register writes the new address into its own database and, in the same stroke, a "
        "notice that something changed. The notice has no address and names no addressee: the hub works out who has "
        "this person on file now, may have these data and asked to be told. Each of those then asks the register."
    )
    today = brussels_day(datetime.now(UTC))
    with stage.screen.console.status("The register tells the hub, and the hub those who must know"):
        (ticket,) = notify(stage, REGISTER, register.moving(_notice(person.ssin, today), _further))
        stage.change = ticket
        learnt = [_fetched(stage, *one) for one in _received(stage, ticket)]
        why = stage.runner.signals.run(_why(stage, ticket))
    _show(stage, learnt, why)
    boxes = [one.mailbox for one in learnt]
    ok = sorted(boxes) == sorted(_TOLD) and why == NOT_TOLD and all(one.answer for one in learnt)
    of = f"{len(boxes)} of the {len(CONNECTED)} mailboxes of institutions with data"
    found = f"in {of} ({', '.join(map(stage.name, boxes))}), and in no other"
    return Outcome(f"in the mailboxes of {', '.join(_TOLD)}, and why not in three others", found, ok)


def _further(number: int) -> int:
    return number + _FURTHER if number < _LAST_NUMBER else 1


def _notice(ssin: str, today: date) -> Mutation:
    return Mutation(
        reference=f"move-{uuid4().hex}",
        ssin=ssin,
        data_group=IDENTIFICATION,
        context=register.CONTEXT,
        period=Period(today),
        kind=MutationKind.CHANGED,
        happened_on=today,
    )


def _received(stage: Stage, ticket: UUID) -> Iterator[tuple[str, Item]]:
    """Give what came, in all mailboxes: once it is in one, it is in every other or never will be."""
    mail = Mail(stage)
    mail.await_item(GENT, lambda item: item.ticket == ticket)
    return mail.everywhere(CONNECTED, lambda item: item.ticket == ticket)


def _fetched(stage: Stage, mailbox: str, item: Item) -> _Learnt:
    reply = stage.client(mailbox).fetch(item, agent=CLERK)
    return _Learnt(mailbox, item, "; ".join(told(block) for block in reply.blocks))


async def _why(stage: Stage, ticket: UUID) -> Mapping[str, Code | None]:
    async with services(stage.network.installation) as hub:
        return await hub.changes.why_not(ticket, list(NOT_TOLD))


def _show(stage: Stage, learnt: Sequence[_Learnt], why: Mapping[str, Code | None]) -> None:
    rows = [(_whose(stage, one), f"no. {one.item.number}: {_pointer(stage, one.item)}", one.answer) for one in learnt]
    stage.screen.table(("whose mailbox", "what came", "what the register then answers"), rows)
    stage.screen.say("\nThree who are not told, and why:")
    not_told = [(stage.name(name), _WHY[code], str(code)) for name, code in why.items() if code in _WHY]
    stage.screen.table(("who", "why not", "code"), not_told, whole=(2,))


def _whose(stage: Stage, one: _Learnt) -> str:
    concerning = one.item.concerning
    return stage.name(one.mailbox) + (f", for {stage.name(concerning)}" if concerning else "")


def _pointer(stage: Stage, item: Item) -> str:
    if item.change is None:
        return "nothing that it may know"
    return f"{stage.group(item.change.data_group)} {item.change.kind}, since {item.change.period.start_date}"
