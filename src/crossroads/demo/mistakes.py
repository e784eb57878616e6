"""The step of the tour in which an error is found, reported to the source, and put right for all who had it."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from functools import partial
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection

from crossroads.demo.employers import SOURCE, PutRight, put_right
from crossroads.demo.mailboxes import Mail
from crossroads.demo.notifying import notify
from crossroads.demo.questions import EMPLOYMENT, WAGES
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import GENT, Stage, Wish
from crossroads.demo.words import told
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import Refused
from crossroads.participant.client import OpenedBlock
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorOutcome,
    ErrorReport,
    ErrorReported,
    Presumed,
)
from crossroads.wire.mutations import ErrorNotice, Item, Mutation, MutationKind, NoticeKind, Told


class _Story(NamedTuple):
    """What was seen of the error, from its report to its correction."""

    report: ErrorReported
    before: str
    presumed: ErrorNotice
    answered: ErrorNotice
    counted: Told
    after: str
    whole: bool
    """Whether the wages, too, name an employer for whom the person works."""


def mistaken(stage: Stage) -> Outcome:
    """Report an error to the source, which corrects it; who was given the wrong value gets to know."""
    person = stage.made.cast.granted
    stage.screen.say(
        f"{person.name} shows the centre of Gent a contract with another employer than the centre was told of. The "
        "clerk changes nothing: the data are not the centre's. The centre reports an error. The source looks into its "
        "own data, corrects them and answers. The hub finds in its log who had the wrong value since it was recorded, "
        "and tells those that may still have it, subscribed or not."
    )
    with stage.screen.console.status("From the report to the correction"):
        story = _played(stage, person.ssin)
    _show(stage, story)
    same = story.answered.correction == story.counted.correction
    ok = same and story.answered.outcome == ErrorOutcome.CORRECTED and story.counted.told > 0
    ok = ok and story.after not in ("", story.before) and story.whole
    found = f"reported, corrected, told to {story.counted.told} who had it; Gent reads: {story.after}"
    return Outcome("the correction to arrive at who reported the error", found, ok)


def _played(stage: Stage, ssin: str) -> _Story:
    mail, block = Mail(stage), _seen(stage)
    report = _reported(stage, ssin, block)
    presumed = mail.await_item(SOURCE, lambda item: _error(item, NoticeKind.PRESUMED_ERROR, report.report))
    correction, *others = _corrected(stage, ssin)
    answer = ErrorAnswer(
        report=report.report, outcome=ErrorOutcome.CORRECTED, reason="Typed wrongly.", correction=correction
    )
    stage.client(SOURCE).answer_error(answer)
    for ticket in (correction, *others):
        mail.await_item(GENT, partial(_is, ticket))
    after = stage.ask(Wish(GENT, stage.made.cast.granted, (EMPLOYMENT, WAGES), block.period)).reply
    answered = mail.await_item(GENT, lambda item: _error(item, NoticeKind.ERROR_ANSWERED, report.report))
    counted = mail.await_item(SOURCE, lambda item: _counts(item, correction))
    jobs, wages = ([one for one in after.blocks if one.data_group == group] for group in (EMPLOYMENT, WAGES))
    return _Story(
        report,
        told(block),
        _notice(presumed),
        _notice(answered),
        _told(counted),
        "; ".join(map(told, jobs)),
        _employers(wages) <= _employers(jobs),
    )


def _employers(blocks: Iterable[OpenedBlock]) -> set[int]:
    return {line["employerNumber"] for block in blocks for lines in block.json.values() for line in lines}


def _seen(stage: Stage) -> OpenedBlock:
    """Give the block of the first answer in which the error is seen."""
    blocks = stage.granted.reply.blocks if stage.granted else ()
    for block in blocks:
        if block.data_group == EMPLOYMENT:
            return block
    raise Refused("The first answer has no such block.")


def _reported(stage: Stage, ssin: str, block: OpenedBlock) -> ErrorReported:
    if stage.granted is None:
        raise Refused("The first question was not answered.")
    report = ErrorReport(
        reference=f"error-{uuid4().hex}",
        ssin=ssin,
        data_group=EMPLOYMENT,
        period=block.period,
        ticket=stage.granted.reply.answer.ticket,
        source=SOURCE,
        presumed=Presumed.WRONG_VALUE,
        text="The contract that was shown names another employer.",
    )
    return stage.client(GENT).report_error(report)


def _corrected(stage: Stage, ssin: str) -> list[UUID]:
    """Correct the employer in the source's own database, notify that, and give the tickets of the changes."""

    def change(connection: Connection) -> list[Mutation]:
        return [_correction(stage, ssin, wrong) for wrong in put_right(connection, ssin)]

    return notify(stage, SOURCE, change)


def _correction(stage: Stage, ssin: str, wrong: PutRight) -> Mutation:
    return Mutation(
        reference=f"correction-{uuid4().hex}",
        ssin=ssin,
        data_group=wrong.data_group,
        context=wrong.context,
        period=wrong.period,
        kind=MutationKind.CORRECTED,
        happened_on=brussels_day(datetime.now(UTC)),
        wrong_since=datetime.combine(stage.made.on, time.min, BRUSSELS),
    )


def _is(ticket: UUID, item: Item) -> bool:
    return item.ticket == ticket


def _error(item: Item, kind: NoticeKind, report: UUID) -> bool:
    notice = item.notice
    return notice is not None and notice.kind is kind and notice.error is not None and notice.error.report == report


def _counts(item: Item, correction: UUID) -> bool:
    return item.notice is not None and item.notice.told is not None and item.notice.told.correction == correction


def _notice(item: Item) -> ErrorNotice:
    if item.notice is None or item.notice.error is None:
        raise Refused("The item tells of no error.")
    return item.notice.error


def _told(item: Item) -> Told:
    if item.notice is None or item.notice.told is None:
        raise Refused("The item does not tell who was told.")
    return item.notice.told


def _show(stage: Stage, story: _Story) -> None:
    source, counted = stage.name(SOURCE), story.counted
    not_told = ", ".join(f"{count} not ({code})" for code, count in counted.not_told.items()) or "nobody left out"
    stage.screen.facts(
        [
            ("What Gent was told", story.before),
            (
                "Gent reports",
                f"{stage.group(EMPLOYMENT)}: {Presumed.WRONG_VALUE}; an answer is due {story.report.answer_by}",
            ),
            ("What the source reads", f"“{story.presumed.text}”, and not who reported it"),
            ("The source answers", f"{story.answered.outcome}: “{story.answered.reason}”"),
            ("Gent's mailbox", "what was corrected, in employment and in wages; and the answer to its report"),
            (
                "Gent asks once more",
                f"{source}: {story.after}{'; the wages name that employer too' if story.whole else ''}",
            ),
            ("What the source learns", f"{counted.told} with the wrong value told, {not_told}"),
        ]
    )
