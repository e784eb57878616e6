"""What was done: the start page, own traffic and refusals, the acts about users, and whose login this is."""

from litestar import Response
from litestar.datastructures import State
from litestar.params import FromQuery

from crossroads.participant.desk.pages.member import AT_WORK, Member, Present
from crossroads.participant.desk.service import Desk
from crossroads.participant.desk.traffic import Entry
from crossroads.web.access import EVERYBODY, page
from crossroads.web.view import Looking

_AT_ONCE = 50


@page("", EVERYBODY)
async def start(view: Looking, state: State) -> Response[str]:
    """Say what this is, and what one can do here."""
    desk: Desk = state.desk
    return view.page("start.html", standing=desk.standing(view.who))


@page("/me", AT_WORK)
async def me(view: Looking, member: Present) -> Response[str]:
    """Show who is logged in, and the roles."""
    return view.page("me.html", member=member)


@page("/traffic", AT_WORK)
async def traffic(view: Looking, member: Present, before: FromQuery[int | None] = None) -> Response[str]:
    """Show what this user did at the hub; to a local manager, what was done in his or her legal contexts."""
    ended: set[str] = set()

    def wanted(entry: Entry) -> bool:
        """Tell whether it is shown: what was begun, only where nothing is known of how it ended."""
        ended.add(entry.fields.get("of", ""))
        return _concerns(member, entry) and entry.fields["ticket"] not in ended

    found = member.desk.traffic.newest(wanted, _AT_ONCE + 1, before)
    shown, more = found[:_AT_ONCE], found[_AT_ONCE:]
    older = view.at("/traffic", before=shown[-1].position) if more else None
    return view.page("traffic.html", member=member, entries=shown, older=older)


@page("/acts", AT_WORK)
async def acts(view: Looking, member: Present, before: FromQuery[int | None] = None) -> Response[str]:
    """Show who did what about users, roles, delegations and mandates, the newest first."""
    await member.require(allowed=bool(member.managed))
    done = member.desk.acts.done
    last = len(done) if before is None else max(0, min(before, len(done)))
    first = max(0, last - _AT_ONCE)
    older = view.at("/acts", before=first) if first else None
    return view.page("acts.html", member=member, done=list(reversed(done[first:last])), older=older)


def _concerns(member: Member, entry: Entry) -> bool:
    if not entry.legal_context:
        return entry.agent == member.agent or bool(member.managed)
    return entry.agent == member.agent or entry.legal_context in member.managed


ROUTES = (start, me, traffic, acts)
