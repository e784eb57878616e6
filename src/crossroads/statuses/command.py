"""`crossroads statuses`: the buffer at the institution that keeps it, and the list of a client that grants a right."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.kernel.period import Period
from crossroads.kernel.period import day as one_day
from crossroads.kernel.ssin import parse_ssin
from crossroads.participant import typed
from crossroads.participant.batch_screen import bars
from crossroads.participant.client import BatchWish
from crossroads.participant.client_settings import client_settings
from crossroads.participant.files import write_atomically
from crossroads.participant.terminal import ConfigFile, Json, Ssin, client, told, write
from crossroads.participant.trust import read_trust
from crossroads.statuses import ask_command, attestation_command, deeds_command, pages_command, placing, results, trying
from crossroads.statuses.absent import absent as absent_households
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.customers import Customers, ask_all
from crossroads.statuses.deciding import Decider
from crossroads.statuses.deeds import What
from crossroads.statuses.deeds_command import COMMAND_LINE, Agent, SettingsFile, logged
from crossroads.statuses.invite_command import invite
from crossroads.statuses.listening_command import listen
from crossroads.statuses.loading import Loading
from crossroads.statuses.model import Load
from crossroads.statuses.notices import Notices
from crossroads.statuses.rights import Right, one_right, read_rights
from crossroads.statuses.settings import StatusSettings, read_status_settings

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Rights that follow from statuses: load them, and ask for a list of customers who has one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_screen = Console()
_STATE = "statuses"
_COUNTED = {
    "ended": (
        "inscription was ended: nothing needs it any more.",
        "inscriptions were ended: nothing needs them any more.",
    ),
    "waiting": (
        "person of whom a source told something was not looked into yet.",
        "people of whom a source told something were not looked into yet.",
    ),
    "refused": (
        "change of rights was refused by the hub, and is told to nobody:",
        "changes of rights were refused by the hub, and are told to nobody:",
    ),
}


class _By(NamedTuple):
    """What counts by place are of, and how a place is written."""

    sentence: str
    place: str


_HIDING = "rounded to five. Hidden is one below five, and what would give such a one away."
_BY_AREA = _By(f"People, by the first digit of their postcode, {_HIDING}", "{}…")
_BY_POSTCODE = _By(f"Households, by postcode, {_HIDING}", "{}")
_PLACES = {None: "all together", "-": "not known"}

Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that it is about; today when absent.")
]


@app.command()
def load(settings: SettingsFile, *, day: Day = None, json: Json = False) -> None:
    """Ask the sources about everybody who may have a right, and put what they say in place of the buffer."""
    with told():
        ours = read_status_settings(settings)
        config = client_settings(ours.path(ours.client), _STATE)
        with client(config) as hub, bars() as tell:
            loading = Loading(hub, config.institution, ours, _on(day))
            loaded = loading.run(tell)
    _tell(loaded, {"ended": loading.ended}, json=json, left_out=loading.left_out)


@app.command()
def show(settings: SettingsFile, *, json: Json = False) -> None:
    """Say of which day the buffer is, until when it is kept, and which sources said nothing at the last load."""
    with told():
        buffer = _buffer(read_status_settings(settings))
        loaded = buffer.current()
        if loaded is None:
            raise Refused("Nothing is loaded.")
        refused, reasons = Notices(buffer).refused()
    _tell(loaded, {"waiting": buffer.waiting(), "refused": refused}, json=json)
    for reason in () if json else reasons:
        _screen.print(f"  {reason}", markup=False)


@app.command()
def propose(
    settings: SettingsFile,
    people: Annotated[str, typer.Argument(help="A file with a number a line; - reads them from standard input.")],
    *,
    instead: Annotated[
        bool, typer.Option("--instead", help="These instead of all noted before: who is not among them is left out.")
    ] = False,
) -> None:
    """Note people who may have a right: the next load asks about them."""
    with told():
        ours = read_status_settings(settings)
        config = client_settings(ours.path(ours.client), _STATE)
        environment = read_trust(config.folder / config.trust).environment
        found = typed.ssins(people, "PEOPLE")
        for number, one in enumerate(found, 1):
            try:
                parse_ssin(one, environment, _today())
            except InvalidValue as error:
                raise Refused(f"Line {number}: {error} Nobody is noted.") from None
        _buffer(ours).propose(found, instead=instead)
    _screen.print(f"{typed.counted(len(found), 'person is', 'people are')} noted.")


@app.command()
def withdraw(settings: SettingsFile, *, ssin: Ssin, agent: Agent = COMMAND_LINE) -> None:
    """Tell nothing of a person any more, whose wish that is; who had a right by it alone has it no more."""
    number = typed.ssin(ssin)
    with told():
        ours = read_status_settings(settings)
        buffer, rights = _buffer(ours), read_rights(ours.path(ours.rights))
        logged(ours, What.WITHDREW, number, lambda: placing.withdraw(buffer, number, _today(), rights), agent)
        placing.forget(buffer, rights)
    _screen.print("Nothing is told of this person any more, and no load asks about it.")


@app.command()
def expire(settings: SettingsFile) -> None:
    """Remove everything when its time is over; run this each day."""
    with told():
        ours = read_status_settings(settings)
        buffer = _buffer(ours)
        gone = buffer.expire(_today())
        Notices(buffer).forget_old(SystemClock().now() - timedelta(days=ours.kept_days))
        attestation_command.forget(settings)
        deeds_command.forget(ours)
    _screen.print("The time of the buffer is over: it is empty now." if gone else "Nothing is over.")


@app.command()
def run(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    customers: Annotated[Path, typer.Argument(help="Your customers: a CSV file with the columns reference and ssin.")],
    *,
    data_group: Annotated[str, typer.Option(help="The right: social-tariff-client@1, say.")],
    legal_context: Annotated[str, typer.Option(help="Why: ECONOMY:SOCIAL_TARIFF, say.")],
    output: Annotated[Path, typer.Option(help="The result: a file .jsonl, .csv or .parquet, for you alone to read.")],
    previous: Annotated[
        Path | None, typer.Option(help="The result of the last run, to mark what changed; none the first time.")
    ] = None,
    day: Day = None,
    json: Json = False,
) -> None:
    """Ask for each customer whether a right is open, and from when to when. Customers are named by your references."""
    with told():
        ours = client_settings(config, _STATE)
        on = _on(day)
        listed = Customers(customers, read_trust(ours.folder / ours.trust).environment, _today())
        wish = BatchWish(legal_context, [data_group], "statuses-run", _rest_of_year(on), on)
        state = ours.folder / ours.state
        with client(ours) as hub, bars() as tell, ask_all(hub, listed, wish, tell, state) as outcomes:
            counts = results.write(outcomes, output, previous)
    if json:
        write({"output": str(output), "lines": dict(counts)})
    else:
        _screen.print(f"{output}: " + ", ".join(f"{many:,} {kind}" for kind, many in sorted(counts.items())))


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="A result.")],
    new: Annotated[Path, typer.Argument(help="A later one.")],
    *,
    json: Json = False,
) -> None:
    """Count how the lines of a result stand to those of an earlier one: new, same, changed, ended."""
    with told():
        counts = results.compare(old, new)
    if json:
        write(counts)
    else:
        _screen.print(", ".join(f"{many:,} {kind}" for kind, many in sorted(counts.items())) or "Both are empty.")


app.command()(ask_command.ask)
app.command()(invite)
app.command()(listen)
for command in (*attestation_command.COMMANDS, *pages_command.COMMANDS, *deeds_command.COMMANDS):
    app.command()(command)


@app.command("try")
def try_(
    settings: SettingsFile,
    draft: Annotated[Path, typer.Argument(help="The table as it might be: a DMN file.", metavar="DRAFT")],
    *,
    right: Annotated[str, typer.Option(help="The right that it would decide on: social-tariff, say.")],
    report: Annotated[Path | None, typer.Option(help="A page with chart and table: a file .html.")] = None,
    language: attestation_command.Language = "nl",
    json: Json = False,
) -> None:
    """Compare a draft of a table with the one in force, on the buffer: how many gain and lose. Few are hidden."""
    with told():
        ours = read_status_settings(settings)
        in_force = one_right(ours.path(ours.rights), right)
        try:
            drafted = trying.drafted(in_force, str(draft), draft.read_bytes())
        except OSError as error:
            raise Refused(f"{draft} cannot be read: {error.strerror}.") from error
        with _facts(ours) as decider:
            found = trying.compared(decider, in_force, drafted)
            if report:
                _report(report, found, (in_force, drafted), language, decider.day)
    _counted(found, _BY_AREA, json=json)
    if report and not json:
        _screen.print(f"{report}: the same as a page, with a chart.", markup=False, highlight=False, soft_wrap=True)


@app.command()
def absent(
    settings: SettingsFile,
    customers: Annotated[
        Path, typer.Argument(help="Whom the client has: a CSV file with the columns reference and ssin.")
    ],
    *,
    right: Annotated[str, typer.Option(help="The right: social-tariff, say.")],
    json: Json = False,
) -> None:
    """Count the households for which a right is open and of whom the client has nobody. Few are hidden."""
    with told():
        ours = read_status_settings(settings)
        config = client_settings(ours.path(ours.client), _STATE)
        listed = Customers(customers, read_trust(config.folder / config.trust).environment, _today())
        with _facts(ours) as decider:
            found = absent_households(decider, one_right(ours.path(ours.rights), right), listed.numbers())
    _counted(found, _BY_POSTCODE, json=json)


def _report(
    path: Path, found: Sequence[trying.Difference], tables: tuple[Right, Right], language: str, day: date
) -> None:
    try:
        from crossroads.statuses.report import report as written  # noqa: PLC0415 - it alone needs what draws charts
    except ImportError as missing:
        raise Refused(f"A report needs {missing.name}: install crossroads[portal].") from None
    try:
        write_atomically(path, written(found, *tables, language, (day, _today())).encode())
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error


def _facts(settings: StatusSettings) -> Decider:
    """Open the facts of the buffer. Raises Refused where there are none."""
    buffer = _buffer(settings)
    if (loaded := buffer.current()) is None:
        raise Refused("Nothing is loaded.")
    if loaded.over(_today()):
        raise Refused("The time of the buffer is over: load anew.")
    return Decider(buffer.facts(loaded), loaded.day)


def _counted(found: Sequence[Struct], by: _By, *, json: bool) -> None:
    """Show counts, a line for each place; and say of what they are, and what is hidden."""
    if json:
        write(found)
        return
    table = Table(box=None, pad_edge=False)
    place, *names = found[0].__struct_fields__
    table.add_column("postcode")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for one in found:
        counts = (getattr(one, name) for name in names)
        where = _PLACES.get(getattr(one, place)) or by.place.format(getattr(one, place))
        table.add_row(where, *("hidden" if count is None else f"{count:,}" for count in counts))
    _screen.print(by.sentence)
    _screen.print(table)


def _tell(loaded: Load, counts: Mapping[str, int], *, json: bool, left_out: Mapping[str, int] | None = None) -> None:
    if json:
        days = {"day": loaded.day, "until": loaded.until}
        sources = {"stale": loaded.stale(), "failed": loaded.failed}
        write({"number": loaded.number, **days, **sources, "leftOut": left_out or {}, **counts})
        return
    _screen.print(f"The buffer is of {loaded.day} and is kept until {loaded.until}.")
    for source in sorted({*loaded.stale(), *loaded.failed}):
        said = loaded.sources.get(source)
        stands = f"what it said on {said} stands, marked with that day" if said else "and it never said anything before"
        of = f" of {typed.counted(loaded.failed[source], 'person', 'people')}" if source in loaded.failed else ""
        _screen.print(f"{source} did not say all that it was asked{of}: {stands}.")
    for reason, many in (left_out or {}).items():
        _screen.print(f"{typed.counted(many, 'person was', 'people were')} left out: {reason}")
    for name, many in counts.items():
        if many:
            _screen.print(typed.counted(many, *_COUNTED[name]))


def _buffer(settings: StatusSettings) -> Buffer:
    return Buffer(settings.path(settings.buffer))


def _rest_of_year(on: date) -> Period:
    return one_day(on).hull(one_day(on.replace(month=12, day=31)))


def _on(day: datetime | None) -> date:
    return day.date() if day else _today()


def _today() -> date:
    return brussels_day(SystemClock().now())
