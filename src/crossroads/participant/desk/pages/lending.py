"""Delegations, which users give themselves, and mandates, which local managers record."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from crossroads.participant.desk.acts import new_id
from crossroads.participant.desk.model import Delegate, Delegation, EndDelegation, EndMandate, Mandate, RecordMandate
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.member import AT_WORK, Member, Present
from crossroads.participant.desk.pages.people import do, version
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View

_REFERENCE = 64


@page("/delegations", AT_WORK)
async def delegations(view: Looking, member: Present) -> Response[str]:
    """Show the delegations that concern this user, and the form to give one."""
    return _delegations(view, member)


@form("/delegations", AT_WORK)
async def delegate(view: Looking, member: Present) -> Response[str]:
    """Have a colleague act on an own role."""
    role, period = member.roster.roles.get(view.form["role"]), fields.closed_period(view)
    if role is None:
        view.form.fault("role", view.words.text("Choose the role"))
    if view.form["to"] not in member.roster.users:
        view.form.fault("to", view.words.text("Choose a colleague"))
    if role is not None and period is not None and view.form.good:
        given = Delegation(
            id=new_id(), role=role.id, to=view.form["to"], legal_context=role.legal_context, period=period
        )
        if await do(view, member, Delegate(delegation=given), "role"):
            return view.to("/delegations")
    return _delegations(view, member)


@page("/delegations/{name:str}", AT_WORK)
async def delegation(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Ask whether a delegation is to end."""
    return view.page("delegation_end.html", member=member, delegation=await _delegation(member, name))


@form("/delegations/{name:str}", AT_WORK)
async def end_delegation(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """End a delegation."""
    found = await _delegation(member, name)
    if await do(view, member, EndDelegation(delegation=name, version=version(view)), "act"):
        return view.to("/delegations")
    return view.again("delegation_end.html", member=member, delegation=found)


@page("/mandates", AT_WORK)
async def mandates(view: Looking, member: Present) -> Response[str]:
    """Show the mandates, and the form to record one."""
    return await _mandates(view, member)


@form("/mandates", AT_WORK)
async def record(view: Looking, member: Present) -> Response[str]:
    """Record a mandate."""
    institution, context, period = view.form["institution"], view.form["context"], fields.closed_period(view)
    reference = fields.lines(view, "reference", _REFERENCE)
    if member.catalogue.institution(institution) is None:
        view.form.fault("institution", view.words.text("Choose an institution"))
    if not context:
        view.form.fault("context", view.words.text("Choose a legal context"))
    if not reference:
        view.form.fault("reference", view.words.text("Enter the reference of the document"))
    if period is not None and view.form.good:
        given = Mandate(id=new_id(), institution=institution, legal_context=context, period=period, reference=reference)
        if await do(view, member, RecordMandate(mandate=given), "institution"):
            return view.to("/mandates")
    return await _mandates(view, member)


@page("/mandates/{name:str}", AT_WORK)
async def mandate(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Ask whether a mandate is to end."""
    return view.page("mandate_end.html", member=member, mandate=await _mandate(member, name))


@form("/mandates/{name:str}", AT_WORK)
async def end_mandate(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """End a mandate."""
    found = await _mandate(member, name)
    if await do(view, member, EndMandate(mandate=name, version=version(view)), "act"):
        return view.to("/mandates")
    return view.again("mandate_end.html", member=member, mandate=found)


def _delegations(view: View, member: Member) -> Response[str]:
    own = [role for role in member.roster.roles.values() if role.agent == member.agent and not role.over(member.today)]
    given = [one for one in member.roster.delegations.values() if _concerns(member, one)]
    show = view.page if view.form.good else view.again
    return show("delegations.html", member=member, own=[role for role in own if role.power == "staff"], given=given)


def _concerns(member: Member, one: Delegation) -> bool:
    giver = member.roster.roles[one.role].agent
    return member.agent in (one.to, giver) or one.legal_context in member.managed


async def _delegation(member: Member, name: str) -> Delegation:
    found = member.roster.delegations.get(name)
    if found is None:
        raise NotFoundException
    await member.require(allowed=_concerns(member, found))
    return found


async def _mandates(view: View, member: Member) -> Response[str]:
    await member.require(allowed=bool(member.managed))
    show = view.page if view.form.good else view.again
    return show("mandates.html", member=member)


async def _mandate(member: Member, name: str) -> Mandate:
    found = member.roster.mandates.get(name)
    if found is None:
        raise NotFoundException
    await member.require(allowed=found.legal_context in member.managed)
    return found


ROUTES = (delegations, delegate, delegation, end_delegation, mandates, record, mandate, end_mandate)
