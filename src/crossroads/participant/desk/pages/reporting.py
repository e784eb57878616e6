"""Presumed errors: reporting one in what was given, and answering those that others report."""

from typing import NamedTuple
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.period import Period
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.asking import Answered
from crossroads.participant.desk.pages.member import AT_WORK, OF_THE_HUB, Member, Present
from crossroads.participant.desk.traffic import Acting, What
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.error_reports import ErrorAnswer, ErrorOutcome, ErrorReport, OpenReport, Presumed
from crossroads.wire.mutations import Item

_LONGEST = 500
_ANOTHER = "another"
"""Instead of one of the corrections that are offered: the ticket is typed."""
_NUMBER = "/answers/{name:str}/report/{number:int}"


class Settled(NamedTuple):
    """A report that was answered, and how."""

    report: OpenReport
    outcome: ErrorOutcome
    dealt: bool
    """Whether its item in the mailbox is dealt with too."""


class Doubted(NamedTuple):
    """A part of an answer that looks wrong."""

    answered: Answered
    data_group: str
    source: str
    period: Period


@page(_NUMBER, AT_WORK)
async def report_form(view: Looking, member: Present, name: FromPath[str], number: FromPath[int]) -> Response[str]:
    """Show the form to report what looks wrong in a part of an answer."""
    doubted = _doubted(member, name, number)
    await member.acting(What.ERROR, doubted.answered.choice)
    return view.page("report.html", member=member, doubted=doubted, name=name)


@form(_NUMBER, AT_WORK)
async def report(view: Looking, member: Present, name: FromPath[str], number: FromPath[int]) -> Response[str]:
    """Report it to the source."""
    doubted = _doubted(member, name, number)
    acting = await member.acting(What.ERROR, doubted.answered.choice)
    if said := _report(view, doubted):
        try:
            reported = await member.desk.report(acting, said)
        except OF_THE_HUB as error:
            view.form.fault("presumed", view.words.text("The report was not taken. %(why)s", why=error))
        else:
            return view.page("reported.html", member=member, reported=reported, name=name)
    return view.again("report.html", member=member, doubted=doubted, name=name)


@page("/reports", AT_WORK)
async def reports(view: Looking, member: Present) -> Response[str]:
    """Show the reports that wait for an answer of the institution, and in which answers one can report an error."""
    await member.acting_as_staff(What.ERROR)
    kept = member.desk.shelf.of(member.agent, Answered)
    given = [(name, answered) for name, answered in kept if answered.choice in member.choices]
    standing, found = member.desk.standing(view.who), await member.desk.client.open_reports()
    return view.page("reports.html", member=member, found=found, given=given, standing=standing)


@page("/reports/{report_id:uuid}", AT_WORK)
async def answer_form(view: Looking, member: Present, report_id: FromPath[UUID]) -> Response[str]:
    """Show a report, about whom it is and in which words, and the form to answer it."""
    acting = await member.acting_as_staff(What.ERROR)
    return await _shown(view, member, acting, await _waiting(member, report_id))


@form("/reports/{report_id:uuid}", AT_WORK)
async def answer(view: Looking, member: Present, report_id: FromPath[UUID]) -> Response[str]:
    """Answer a report, or take from the mailbox what says about whom it is."""
    acting, waiting = await member.acting_as_staff(What.ERROR), await _waiting(member, report_id)
    if view.form["act"] == "take":
        await member.desk.take_items(acting)
        return view.to(f"/reports/{report_id}")
    if said := _answer(view, report_id):
        try:
            await member.desk.answer(acting, said)
        except OF_THE_HUB as error:
            view.form.fault("reason", view.words.text("The answer was not taken. %(why)s", why=error))
        else:
            settled = Settled(waiting, said.outcome, await member.desk.settle(acting, waiting))
            return view.to(f"/reports/answered/{member.desk.shelf.put(member.agent, settled)}")
    return await _shown(view, member, acting, waiting)


@page("/reports/answered/{name:str}", AT_WORK)
async def answered(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Say what happens after an answer."""
    await member.acting_as_staff(What.ERROR)
    return view.page("report_answered.html", member=member, settled=member.kept(name, Settled))


def _doubted(member: Member, name: str, number: int) -> Doubted:
    answered = member.kept(name, Answered)
    blocks = answered.reply.blocks
    if not 0 <= number < len(blocks):
        raise NotFoundException
    return Doubted(answered, blocks[number].data_group, blocks[number].source, blocks[number].period)


async def _shown(view: View, member: Member, acting: Acting, report: OpenReport) -> Response[str]:
    """Show a report; where its item cannot be read now, the page says why, and the report can still be answered."""
    why: CrossroadsError | None = None
    item: Item | None = None
    try:
        item = await member.desk.told_of(acting, report)
    except OF_THE_HUB as error:
        why = error
    show = view.page if view.form.good else view.again
    told = item.notice if item and item.notice and item.notice.error else None
    corrections = await member.desk.corrections(told) if told else []
    return show("report_answer.html", member=member, report=report, told=told, why=why, corrections=corrections)


async def _waiting(member: Member, report: UUID) -> OpenReport:
    found = await member.desk.client.open_report(report)
    if found is None:
        raise NotFoundException
    return found


def _report(view: View, doubted: Doubted) -> ErrorReport | None:
    presumed, period = view.form["presumed"], fields.period(view)
    if presumed not in list(Presumed):
        view.form.fault("presumed", view.words.text("Choose what looks wrong"))
    text = fields.lines(view, "text", _LONGEST)
    if period is None or not view.form.good:
        return None
    # The number of the form as reference: sent again, it is the same report.
    return ErrorReport(
        reference=view.form.values["form-number"],
        ssin=doubted.answered.reply.answer.ssin.value,
        data_group=doubted.data_group,
        period=period,
        ticket=doubted.answered.reply.answer.ticket,
        source=doubted.source,
        presumed=Presumed(presumed),
        text=text or None,
        on_behalf_of=doubted.answered.choice.institution,
    )


def _answer(view: View, report: UUID) -> ErrorAnswer | None:
    outcome, correction = view.form["outcome"], None
    if outcome not in list(ErrorOutcome):
        view.form.fault("outcome", view.words.text("Choose whether it was an error"))
    reason = fields.lines(view, "reason", _LONGEST)
    if not reason:
        view.form.fault(
            "reason",
            view.words.text("Say why: whoever reported it reads it, another institution or the person at the portal"),
        )
    if outcome == ErrorOutcome.CORRECTED:
        correction = fields.ticket(view, "ticket" if view.form["correction"] in ("", _ANOTHER) else "correction")
    if not view.form.good:
        return None
    return ErrorAnswer(report=report, outcome=ErrorOutcome(outcome), reason=reason, correction=correction)


ROUTES = (report_form, report, reports, answer_form, answer, answered)
