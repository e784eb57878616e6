"""What a local manager does: appoint users, grant, change and revoke roles. What is refused is said with its rule."""

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from crossroads.kernel.errors import Malformed
from crossroads.participant.desk.acts import new_agent, new_id
from crossroads.participant.desk.model import AnyAct, Appoint, ChangeEnd, Grant, Power, Revoke, Role, User
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.member import AT_WORK, Member, Present
from crossroads.participant.desk.pages.words import why
from crossroads.participant.desk.rules import NotAllowed
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View

_LONGEST_NAME, _LONGEST_SUBJECT = 200, 255


@page("/users", AT_WORK)
async def users(view: Looking, member: Present) -> Response[str]:
    """Show the users and their roles."""
    return view.page("users.html", member=await _manager(member))


@page("/users/new", AT_WORK)
async def appoint_form(view: Looking, member: Present) -> Response[str]:
    """Show the form to appoint a user."""
    return view.page("user_new.html", member=await _manager(member))


@form("/users/new", AT_WORK)
async def appoint(view: Looking, member: Present) -> Response[str]:
    """Appoint a user."""
    await _manager(member)
    name, subject = fields.lines(view, "name", _LONGEST_NAME), fields.lines(view, "subject", _LONGEST_SUBJECT)
    if not name:
        view.form.fault("name", view.words.text("Enter the name of the user"))
    if not subject:
        view.form.fault("subject", view.words.text("Enter the account of the user"))
    elif fields.number(subject, member.desk.environment, member.today):
        view.form.fault("subject", view.words.text("The account may not be the number of a person"))
    user = User(agent=new_agent(), subject=subject, name=name)
    if view.form.good and await do(view, member, Appoint(user=user), "subject"):
        return view.to(f"/users/{user.agent}")
    return view.again("user_new.html", member=member)


@page("/users/{agent:str}", AT_WORK)
async def user(view: Looking, member: Present, agent: FromPath[str]) -> Response[str]:
    """Show a user with all roles, and the form to grant one."""
    return _user(view, await _manager(member), agent)


@form("/users/{agent:str}", AT_WORK)
async def grant(view: Looking, member: Present, agent: FromPath[str]) -> Response[str]:
    """Grant a role."""
    await _manager(member)
    power, context, period = view.form["power"], view.form["context"], fields.closed_period(view)
    if power not in list(Power):
        view.form.fault("power", view.words.text("Choose a role"))
    if not context:
        view.form.fault("context", view.words.text("Choose a legal context"))
    if period is not None and view.form.good:
        role = Role(id=new_id(), agent=agent, power=Power(power), legal_context=context, period=period)
        if await do(view, member, Grant(role=role), "context"):
            return view.to(f"/users/{agent}")
    return _user(view, member, agent)


@page("/roles/{name:str}", AT_WORK)
async def role(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Show a role, and the form to change its last day or to revoke it."""
    found = await _role(member, name)
    view.form.values.setdefault("version", str(found.version))
    return view.page("role.html", member=member, role=found)


@form("/roles/{name:str}", AT_WORK)
async def change(view: Looking, member: Present, name: FromPath[str]) -> Response[str]:
    """Change the last day of a role, or revoke it; not when somebody else changed it meanwhile."""
    found, act = await _role(member, name), _change(view, name)
    if act is not None and await do(view, member, act, "last"):
        return view.to(f"/users/{found.agent}")
    # What was seen is what is changed: the page shows the role as it is now, the form keeps the version that was seen.
    return view.again("role.html", member=member, role=await _role(member, name))


async def do(view: View, member: Member, act: AnyAct, field: str) -> bool:
    """Do an act; what refuses it is said at a field."""
    try:
        member.roster = await member.desk.acts.do(act, member.agent, member.here)
    except NotAllowed as refused:
        await member.refused(refused.why.name)
        member.roster = member.desk.acts.roster
        view.form.fault(field, why(view.words, refused.why))
    except Malformed:
        view.form.fault(field, view.words.text("It has characters that cannot be kept"))
    return view.form.good


def version(view: View) -> int:
    """Read which version of something was seen; 0, which is none, where the form does not say."""
    return view.form.number("version") or 0


async def _manager(member: Member) -> Member:
    await member.require(allowed=bool(member.managed))
    return member


async def _role(member: Member, name: str) -> Role:
    found = member.roster.roles.get(name)
    if found is None:
        raise NotFoundException
    await member.require(allowed=found.legal_context in member.managed or found.agent == member.agent)
    return found


def _user(view: View, member: Member, agent: str) -> Response[str]:
    found = member.roster.users.get(agent)
    if found is None:
        raise NotFoundException
    show = view.page if view.form.good else view.again
    return show("user.html", member=member, user=found, powers=Power)


def _change(view: View, name: str) -> AnyAct | None:
    if view.form["act"] == "revoke":
        return Revoke(role=name, version=version(view))
    last = view.day("last")
    if last is None:
        view.form.fault("last", view.words.text("Enter the last day"))
        return None
    return ChangeEnd(role=name, version=version(view), end_date=last)


ROUTES = (users, appoint_form, appoint, user, grant, role, change)
