"""Batches: many people asked about at once, from a list of numbers or a file."""

from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from crossroads.participant.batches_output import line_of
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.desk.batches import MOST, Batch
from crossroads.participant.desk.pages import fields, sent_people
from crossroads.participant.desk.pages.file_words import told
from crossroads.participant.desk.pages.member import AT_WORK, OF_THE_HUB, Choice, Member, Present
from crossroads.participant.desk.pages.sent_people import MOST_BYTES, MOST_TYPED
from crossroads.participant.desk.traffic import Acting, What
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.batches import Voucher
from crossroads.wire.packing import BadFile

LINES = "application/jsonl"


class Fetched(NamedTuple):
    """A result that was fetched."""

    batch: Batch
    records: list[AnsweredRecord]


@page("/batches", AT_WORK)
async def batches(view: Looking, member: Present) -> Response[str]:
    """Show the batches of the legal contexts of this user."""
    await member.acting_as_staff(What.BATCH)
    found = [one for one in await member.desk.batches.listed(member.staffed) if _may_see(member, one.voucher)]
    return view.page("batches.html", member=member, found=found)


@page("/batches/new", AT_WORK)
async def send_form(view: Looking, member: Present, context: FromQuery[str | None] = None) -> Response[str]:
    """Show the form to send one, or first the choice of a legal context."""
    choice = member.choice(context)
    if choice is None:
        return view.page("choose.html", member=member, path="/batches/new")
    await member.acting(What.BATCH, choice)
    return _form(view, member, choice)


@form("/batches/new", AT_WORK, files=MOST_BYTES)
async def send(view: Looking, member: Present) -> Response[str]:
    """Send a batch."""
    choice = Choice.read(view.form["context"])
    acting = await member.acting(What.BATCH, choice)
    people = sent_people.read(view, member.desk.environment, member.today)
    wish = _wish(view, member, choice)
    if wish is None:
        return _form(view, member, choice)
    try:
        status = await member.desk.batches.send(acting, people.lines, wish)
    except BadFile as error:
        view.form.fault(
            people.field, view.words.text("Nothing was sent. %(why)s", why=told(view.words, error.sentence))
        )
    except OF_THE_HUB as error:
        view.form.fault("numbers", view.words.text("The batch was not taken. %(why)s", why=error))
    else:
        return view.to(f"/batches/{status.ticket}")
    return _form(view, member, choice)


@page("/batches/{ticket:uuid}", AT_WORK)
async def batch(view: Looking, member: Present, ticket: FromPath[UUID]) -> Response[str]:
    """Show how far a batch is."""
    found, _ = await _batch(member, ticket)
    return view.page("batch.html", member=member, batch=found, most=MOST)


@form("/batches/{ticket:uuid}", AT_WORK)
async def act(view: Looking, member: Present, ticket: FromPath[UUID]) -> Response[str] | Stream:
    """Give a batch up, fetch its result, or have the result removed."""
    found, acting = await _batch(member, ticket)
    try:
        if view.form["act"] == "file":
            return _as_file(member.desk.batches.lines(acting, ticket), ticket)
        if view.form["act"] == "result":
            records = await member.desk.batches.result(acting, ticket)
            return view.to(f"/results/{member.desk.shelf.put(member.agent, Fetched(found, records))}")
        if view.form["act"] == "cancel":
            await member.desk.batches.cancel(acting, ticket)
        elif view.form["act"] == "acknowledge":
            await member.desk.batches.acknowledge(acting, ticket)
            return view.to("/batches")
    except OF_THE_HUB as error:
        view.form.fault("act", view.words.text("This was not done. %(why)s", why=error))
        return view.again("batch.html", member=member, batch=found, most=MOST)
    return view.to(f"/batches/{ticket}")


@page("/results/{name:str}", AT_WORK)
async def result(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Show a result."""
    return view.page("result.html", member=member, name=name, fetched=await _fetched(member, name))


@page("/results/{name:str}/file", AT_WORK)
async def result_file(member: Present, name: FromPath[str]) -> Response[bytes]:
    """Give a result as JSON Lines."""
    fetched = await _fetched(member, name)
    content = b"".join(map(line_of, fetched.records))
    return Response(content, media_type=LINES, headers=_attached(fetched.batch.status.ticket))


def _as_file(lines: AsyncIterator[bytes], ticket: UUID) -> Stream:
    return Stream(lines, status_code=HTTP_200_OK, media_type=LINES, headers=_attached(ticket))


def _attached(ticket: UUID) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{ticket}.jsonl"'}


def _form(view: View, member: Member, choice: Choice) -> Response[str]:
    askable = member.askable(choice, "batch")
    groups, documents = member.by_source(askable), member.by_source(askable, documents=True)
    show = view.page if view.form.good else view.again
    return show("batch_send.html", member=member, choice=choice, groups=groups, documents=documents, most=MOST_TYPED)


async def _fetched(member: Member, name: str) -> Fetched:
    """Give a result, to whom it was kept for and who still has the role. Raises NotAllowed, NotFoundException."""
    fetched = member.kept(name, Fetched)
    await _acting(member, fetched.batch.voucher)
    return fetched


def _may_see(member: Member, voucher: Voucher) -> bool:
    """Tell whether a user may act on a batch today; of one for another institution, whether the mandate still holds."""
    concerned = voucher.asker.on_behalf_of
    return member.roster.basis(member.agent, voucher.legal_context, member.today, concerned) is not None


async def _acting(member: Member, voucher: Voucher) -> Acting:
    return await member.acting(What.BATCH, Choice(voucher.legal_context, voucher.asker.on_behalf_of))


async def _batch(member: Member, ticket: UUID) -> tuple[Batch, Acting]:
    """Give a batch, and on what this user acts. Raises NotAllowed, which is logged, and NotFoundException."""
    voucher = member.desk.batches.voucher(ticket)
    if voucher is None:
        raise NotFoundException
    acting = await _acting(member, voucher)
    return await member.desk.batches.one(ticket), acting


def _wish(view: View, member: Member, choice: Choice) -> BatchWish | None:
    groups, period = fields.groups(view, member.askable(choice, "batch")), fields.period(view)
    if period is None or not view.form.good:
        return None
    last: date = period.end_date or max(period.start_date, member.today)
    reference = view.form.values["form-number"]
    return BatchWish(choice.legal_context, groups, member.agent, period, last, choice.institution, reference)


ROUTES = (batches, send_form, send, batch, act, result, result_file)
