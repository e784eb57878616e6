"""`crossroads desk`: serve the pages of an institution's staff, and make the first local manager."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.period import Period
from crossroads.participant import log as own_log
from crossroads.participant.desk.acts import Acts, new_agent
from crossroads.participant.desk.appointing import Appointing
from crossroads.participant.desk.config import DeskConfig, read_desk_config
from crossroads.participant.desk.model import User
from crossroads.participant.desk.serve import serve as serve_desk
from crossroads.participant.terminal import Json, errors, told, write
from crossroads.participant.typed import counted

# Plain tracebacks: typer's own would show the values of variables, a name among them.
app = typer.Typer(
    help="Serve the pages for the staff of an institution.", no_args_is_help=True, pretty_exceptions_enable=False
)
user_app = typer.Typer(help="The users of a desk.", no_args_is_help=True, pretty_exceptions_enable=False)
log_app = typer.Typer(help="The logs of a desk.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(user_app, name="user")
app.add_typer(log_app, name="log")

_YEAR = timedelta(days=365)
_KNOWN = "A head that was printed earlier: the log must have grown from it."

Config = Annotated[Path, typer.Argument(help="The settings of the desk.", metavar="CONFIG")]


@app.command()
def serve(config: Config) -> None:
    """Serve the pages of the desk, until stopped."""
    with told():
        serve_desk(read_desk_config(config))


@user_app.command()
def appoint(
    config: Config,
    *,
    subject: Annotated[str, typer.Option(help="The user's account, as your OpenID provider names it (`sub`).")],
    name: Annotated[str, typer.Option(help="As colleagues see it.")],
    legal_context: Annotated[
        list[str], typer.Option(help="For which he or she is local manager: PCSA:SOCIAL_INQUIRY, say. For each once.")
    ],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; a year from now when absent.")
    ] = None,
    json: Json = False,
) -> None:
    """Make the first local manager of legal contexts that have none today. Managers do the rest, on the pages."""
    with told():
        settings = read_desk_config(config)
        today = brussels_day(datetime.now(UTC))
        period = Period(today, (until.date() if until else today + _YEAR))
        user = User(agent=new_agent(), subject=subject, name=name)
        agent = asyncio.run(_appointed(settings, user, legal_context, period))
    if json:
        write({"agent": agent})
        return
    Console().print(f"{name} is local manager for {', '.join(legal_context)}.", markup=False, soft_wrap=True)


@user_app.command("list")
def show(config: Config, *, json: Json = False) -> None:
    """Show the users, and the roles that hold today."""
    with told():
        settings = read_desk_config(config)
        roster = asyncio.run(_acts(settings)).roster
    today = brussels_day(datetime.now(UTC))
    roles = [role for role in roster.roles.values() if role.in_force(today)]
    if json:
        write({"users": list(roster.users.values()), "roles": roles})
        return
    for user in roster.users.values():
        held = [
            f"{role.power} for {role.legal_context} until {role.period.end_date}"
            for role in roles
            if role.agent == user.agent
        ]
        Console().print(
            f"{user.agent}  {user.name}: {'; '.join(held) or 'no role today'}", markup=False, soft_wrap=True
        )


@log_app.command()
def verify(
    config: Config,
    *,
    known_acts: Annotated[str | None, typer.Option(help=_KNOWN)] = None,
    known_traffic: Annotated[str | None, typer.Option(help=_KNOWN)] = None,
    json: Json = False,
) -> None:
    """Compute every entry of both logs anew, acts and traffic, and name those that were altered or removed.

    Keep the heads that it prints where nobody of the desk can alter them.
    """
    with told():
        home, known = read_desk_config(config).home, {"acts": known_acts, "traffic": known_traffic}
        verified = {
            name: _verified(home / name, head) for name, head in known.items() if head or (home / name).is_dir()
        }
    if json:
        write(verified)
    for name, one in {} if json else verified.items():
        size = counted(one.size, "entry", "entries")
        Console().print(f"{name}: {size}, head {one.head}", markup=False, soft_wrap=True)
        for fault in one.faults:
            errors.print(fault, style="red", markup=False)
    raise typer.Exit(1 if any(one.faults for one in verified.values()) else 0)


def _verified(folder: Path, known: str | None) -> own_log.Verified:
    return own_log.verify(folder, own_log.KnownHead.read(known) if known else None)


async def _appointed(settings: DeskConfig, user: User, legal_contexts: list[str], period: Period) -> str:
    appointing = Appointing(settings, SystemClock())
    await appointing.open()
    return await appointing.manager(user, legal_contexts, period)


async def _acts(settings: DeskConfig) -> Acts:
    acts = Acts(settings.home / "acts", settings.asking().institution, SystemClock())
    await acts.open()
    return acts
