"""The mailbox: what the desk has taken of it, dealt with item by item."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.asking import Answered
from crossroads.participant.desk.pages.member import AT_WORK, OF_THE_HUB, Choice, Member, Present
from crossroads.participant.desk.traffic import What
from crossroads.participant.pages import UnreadableItem
from crossroads.participant.questions import fetching
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.mutations import Item, MailboxPage

_REASON = 200


@page("/mailbox", AT_WORK)
async def mailbox(view: Looking, member: Present) -> Response[str]:
    """Show what is taken and not dealt with."""
    await member.acting_as_staff(What.MAILBOX)
    return _tray(view, member, None)


@form("/mailbox", AT_WORK)
async def take(view: Looking, member: Present) -> Response[str]:
    """Take the next items."""
    acting = await member.acting_as_staff(What.MAILBOX)
    return _tray(view, member, await member.desk.take_items(acting))


@page("/mailbox/{number:int}", AT_WORK)
async def item(view: Looking, member: Present, number: FromPath[int]) -> Response[str]:
    """Show an item, and what can be done with it."""
    return view.page("item.html", member=member, item=await _item(member, number))


@form("/mailbox/{number:int}", AT_WORK)
async def settle(view: Looking, member: Present, number: FromPath[int]) -> Response[str]:
    """Ask for the data that an item is about, say that it is dealt with, or set it aside."""
    found = await _item(member, number)
    act = view.form["act"]
    try:
        if act == "fetch" and found.change is not None:
            return view.to(f"/answers/{await _fetched(member, found)}")
        acting = await member.acting_as_staff(What.MAILBOX)
        if act == "done":
            await member.desk.deal(acting, number)
            return view.to("/mailbox")
        reason = fields.lines(view, "reason", _REASON)
        if not reason:
            view.form.fault("reason", view.words.text("Say why you set it aside, without naming the person"))
        if view.form.good:
            await member.desk.park(acting, number, reason)
            return view.to("/mailbox")
    except OF_THE_HUB as error:
        view.form.fault("reason", _why(view, error))
    return view.again("item.html", member=member, item=found)


def may_see(member: Member, one: Item) -> bool:
    """Tell whether a user may see an item: a change by its legal context, what the hub tells by any role as staff."""
    if one.change is None:
        return bool(member.staffed)
    basis = member.roster.basis(member.agent, one.change.legal_context, member.today, one.concerning)
    return basis is not None


def _tray(view: View, member: Member, taken: MailboxPage | None) -> Response[str]:
    items = [one for one in member.desk.tray.items.values() if may_see(member, one)]
    hidden = len(member.desk.tray.items) - len(items)
    return view.page("mailbox.html", member=member, items=items, hidden=hidden, taken=taken, unreadable=UnreadableItem)


async def _item(member: Member, number: int) -> Item:
    await member.acting_as_staff(What.MAILBOX)
    found = member.desk.tray.items.get(number)
    if found is None or not may_see(member, found):
        raise NotFoundException
    return found


async def _fetched(member: Member, found: Item) -> str:
    """Ask for the data of an item, and give the name of the answer."""
    wish = fetching(found, member.agent, member.desk.clock.now())
    choice = Choice(wish.legal_context, found.concerning)
    reply = await member.desk.ask(await member.acting(What.QUESTION, choice), wish)
    return member.desk.shelf.put(member.agent, Answered(choice, wish, reply))


def _why(view: View, error: CrossroadsError) -> str:
    return view.words.text("This was not done. %(why)s", why=error)


ROUTES = (mailbox, take, item, settle)
