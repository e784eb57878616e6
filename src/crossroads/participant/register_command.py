"""`crossroads register`: create, feed, errands, sheet; for the institution that holds the register of persons."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant import feed_tables
from crossroads.participant.config import Config, outbox_url, read_config
from crossroads.participant.corresponding import correspondence
from crossroads.participant.feed_errands import Errands, refused_errands, standing, take_up_again
from crossroads.participant.feed_notices import Own
from crossroads.participant.feed_run import FeedRun
from crossroads.participant.feed_sheet import refused_lines, sheet
from crossroads.participant.outbox import Outbox
from crossroads.participant.register_hub import RegisterHub
from crossroads.participant.register_screen import show_errands, show_sheet
from crossroads.participant.steps import SyncHttp
from crossroads.participant.terminal import Json, errors, told
from crossroads.participant.trust import read_trust
from crossroads.participant.yamlfile import WrongSetting

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Keep a register of persons by its daily feed, and notify what it changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_TIMEOUT = timedelta(seconds=10)
_SHOWN = 100

Settings = Annotated[Path, typer.Option("--config", help="The settings of your participant.", metavar="CONFIG")]


class _Opened(NamedTuple):
    config: Config
    own: Own
    engine: Engine


@app.command()
def create(config: Settings) -> None:
    """Make the tables of the register, its feed and its outbox, where they are not there yet."""
    with _opened(config) as register:
        feed_tables.create(register.engine)
        Outbox(register.engine).create()
    typer.echo("The tables are there.")


@app.command()
def feed(
    file: Annotated[Path, typer.Argument(help="The feed of a day.", metavar="FILE")],
    config: Settings,
    *,
    json: Json = False,
) -> None:
    """Apply a daily feed, notify its changes, and give the count sheet. Given again, it goes on where it stood."""
    with _opened(config) as register:
        with _readable(file) as source, _bars() as bars:
            task = bars.add_task("lines", total=None)
            run = FeedRun(register.engine, register.own, SystemClock())
            sequence = run.apply(source, lambda done, of: bars.update(task, completed=done, total=of))
            try:
                _run_errands(register, bars)
            except Unavailable as error:
                errors.print(f"The feed is applied. {error}", style="yellow", markup=False, soft_wrap=True)
        right = _tell(register, sequence, json=json) and not any(standing(register.engine))
    raise typer.Exit(0 if right else 1)


@app.command()
def errands(
    config: Settings,
    *,
    again: Annotated[bool, typer.Option("--again", help="Also those that the hub refused.")] = False,
    json: Json = False,
) -> None:
    """Have the hub record who was born, renumbered or died, where that is not done yet."""
    with _opened(config) as register:
        if again:
            take_up_again(register.engine)
        with _bars() as bars:
            _run_errands(register, bars)
        told = standing(register.engine)
        show_errands(told, refused_errands(register.engine, _SHOWN), json=json)
    raise typer.Exit(1 if told.refused else 0)


@app.command("sheet")
def show(
    config: Settings,
    sequence: Annotated[int | None, typer.Option(help="Of which feed; the newest otherwise.")] = None,
    *,
    json: Json = False,
) -> None:
    """Give the count sheet of a feed."""
    with _opened(config) as register:
        right = _tell(register, sequence, json=json)
    raise typer.Exit(0 if right else 1)


def _run_errands(register: _Opened, bars: Bars) -> None:
    waiting = standing(register.engine).waiting
    if not waiting:
        return
    hub = correspondence(register.config, "errands")
    task = bars.add_task("errands", total=waiting)
    with closing(SyncHttp(_TIMEOUT)) as http:
        Errands(register.engine, register.own, RegisterHub(hub), http).run(lambda more: bars.advance(task, more))


def _tell(register: _Opened, sequence: int | None, *, json: bool) -> bool:
    """Show the sheet of a feed, and tell whether all of it was applied."""
    counted = sheet(register.engine, sequence)
    bad = list(refused_lines(register.engine, counted.sequence, _SHOWN))
    show_sheet(counted, bad, standing(register.engine), json=json)
    return counted.right


@contextmanager
def _opened(path: Path) -> Iterator[_Opened]:
    with told():
        config = read_config(path)
        if config.register is None or config.register.feed is None:
            raise WrongSetting(f"{path}: $.register.feed: say here in which context and data group the feed notifies.")
        trust = read_trust(config.path(config.trust))
        own = Own(institution=config.institution, target=config.register.feed, environment=trust.environment)
        engine = _engine(config)
        try:
            yield _Opened(config, own, engine)
        finally:
            engine.dispose()


def _engine(config: Config) -> Engine:
    try:
        return create_engine(outbox_url(config), hide_parameters=True, pool_pre_ping=True)
    except (SQLAlchemyError, ImportError) as error:
        raise WrongSetting(f"$.outbox.database: {error}") from error


@contextmanager
def _readable(file: Path) -> Iterator[BinaryIO]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise Refused(f"{file}: cannot be read: {error.strerror}.") from error
    with source:
        if not source.seekable():
            raise Refused(f"{file}: it is read twice, so it must be a file.")
        yield source


def _bars() -> Bars:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Bars(*columns, console=errors, transient=True)
