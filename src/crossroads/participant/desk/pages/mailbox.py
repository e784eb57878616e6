"""The mailbox: what the desk has taken of it, dealt with item by item, and what was dealt with before."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
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
    """Take the next items, or those that were set aside."""
    acting = await member.acting_as_staff(What.MAILBOX)
    return _tray(view, member, await member.desk.take_items(acting, parked=view.form["act"] == "parked"))


@page("/mailbox/earlier", AT_WORK)
async def earlier(view: Looking, member: Present) -> Response[str]:
    """Show what was dealt with at this desk: what it told may be looked up again, and its data asked for."""
    acting = await member.acting_as_staff(What.MAILBOX)
    try:
        settled = await member.desk.settled_items(acting)
    except Refused as error:
        _require_expired(error)
        settled = []
    shown = [(one, entry) for one, entry in settled if may_see(member, one)]
    return view.page("mailbox_earlier.html", member=member, settled=shown)


@page("/mailbox/{number:int}", AT_WORK)
async def item(view: Looking, member: Present, number: FromPath[int]) -> Response[str]:
    """Show an item, and what can be done with it."""
    return _shown(view, member, await _item(member, number))


@form("/mailbox/{number:int}", AT_WORK)
async def settle(view: Looking, member: Present, number: FromPath[int]) -> Response[str]:
    """Ask for the data that an item is about, say that it is dealt with, or set it aside."""
    found, act = await _item(member, number), view.form["act"]
    field = "fetch" if act == "fetch" else "reason"
    try:
        if act == "fetch" and found.change is not None:
            return view.to(f"/answers/{await _fetched(member, found)}")
        if number not in member.desk.tray.items:
            raise NotFoundException
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
        view.form.fault(field, view.words.text("This was not done. %(why)s", why=error))
    return _shown(view, member, found)


def may_see(member: Member, one: Item) -> bool:
    """Tell whether a user may see an item: a change by its legal context, what the hub tells by any role as staff.

    What is for an institution that is managed from here is seen under a mandate alone.
    """
    if one.change is None:
        return member.roster.covers(member.agent, member.today, one.concerning)
    basis = member.roster.basis(member.agent, one.change.legal_context, member.today, one.concerning)
    return basis is not None


def _tray(view: View, member: Member, taken: MailboxPage | None) -> Response[str]:
    items = [one for one in member.desk.tray.items.values() if may_see(member, one)]
    hidden = len(member.desk.tray.items) - len(items)
    return view.page("mailbox.html", member=member, items=items, hidden=hidden, taken=taken, unreadable=UnreadableItem)


def _shown(view: View, member: Member, item: Item) -> Response[str]:
    show = view.page if view.form.good else view.again
    return show("item.html", member=member, item=item, to_do=item.number in member.desk.tray.items)


def _require_expired(error: Refused) -> None:
    """Pass over what the hub keeps no longer. Raises what it refused for another reason."""
    if error.code != Code.NUMBER_EXPIRED:
        raise error


async def _item(member: Member, number: int) -> Item:
    acting, found = await member.acting_as_staff(What.MAILBOX), member.desk.tray.items.get(number)
    try:
        found = found or await member.desk.settled_item(acting, number)
    except Refused as error:
        _require_expired(error)
    if found is None or not may_see(member, found):
        raise NotFoundException
    return found


async def _fetched(member: Member, found: Item) -> str:
    """Ask for the data of an item, and give the name of the answer."""
    wish = fetching(found, member.agent, member.desk.clock.now())
    choice = Choice(wish.legal_context, found.concerning)
    reply = await member.desk.ask(await member.acting(What.QUESTION, choice), wish)
    return member.desk.shelf.put(member.agent, Answered(choice, wish, reply))


ROUTES = (mailbox, take, earlier, item, settle)
