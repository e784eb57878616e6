"""`crossroads demo`: a whole network on this machine, and a tour through it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import structlog
import typer
from rich.console import Console

from crossroads.catalogue.loader import load
from crossroads.demo import home as homes
from crossroads.demo.authorised import warning
from crossroads.demo.home import PERSONS, Home, Made
from crossroads.demo.institutions import CONNECTED
from crossroads.demo.invitation import invite
from crossroads.demo.opening import Opening
from crossroads.demo.orphans import end_orphans
from crossroads.demo.running import REST, Runner, Stopped, StopSignals
from crossroads.demo.screen import Outcome, Screen
from crossroads.demo.stage import Stage
from crossroads.demo.tour import FIRST, OTHERS, failures, play
from crossroads.demo.visiting import visit
from crossroads.network.processes import ProcessFailed
from crossroads.participant.typed import short

app = typer.Typer(pretty_exceptions_enable=False)

_FEWEST = 200
_INTERRUPTED = 130
_FAILED = 1


@app.command()
def demo(
    persons: Annotated[
        int | None,
        typer.Option(min=_FEWEST, help=f"How many people to invent: {PERSONS:,} at first, later those that are there."),
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the tour.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew: remove what an earlier start of the demo made, after asking.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fresh: do not ask.")] = False,
) -> None:
    """Run a whole network on this machine: institutions, people, database and hub, with a tour."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    screen = Screen(Console())
    try:
        with StopSignals() as signals:
            home = homes.home_of(homes.environment())
            with home.locked():
                end_orphans(home.folder)
                if fresh:
                    _begin_anew(home, yes=yes)
                failed = _run(home, persons, signals, screen, once=once)
    except Stopped:
        screen.console.print("\nStopped. Nothing runs any more.")
        raise typer.Exit(_INTERRUPTED) from None
    if failed:
        screen.console.print(f"\n[bold red]Not as expected:[/] {'; '.join(failed)}")
        raise typer.Exit(_FAILED)


def _begin_anew(home: Home, *, yes: bool) -> None:
    """Remove the demo and its database, and nothing else; whoever says no ends here."""
    if home.folder.exists():
        if not yes:
            typer.confirm(f"Remove {short(home.folder)}, the demo with its database?", abort=True)
        home.remove()


def _run(home: Home, persons: int | None, signals: StopSignals, screen: Screen, *, once: bool) -> list[str]:
    """Set up what is not there, give the tour and stay up. Gives the steps that did not end as they should."""
    fingerprint = homes.fingerprint(homes.catalogue_folder())
    made = home.made(fingerprint, persons)
    first_port = made.first_port if made else homes.free_ports()
    runner = Runner(home.network(first_port), signals)
    with runner.cleaned_up(), port_told(runner, first_port):
        _welcome(screen)
        if made is None:
            from crossroads.demo.setup import set_up  # noqa: PLC0415 - a second start does without what it needs

            with homes.kept_free(first_port):
                made = set_up(home, runner, persons or PERSONS, fingerprint, screen.console)
        homes.require_free(first_port)
        with screen.console.status("Starting the database, the hub and the institutions"):
            runner.start()
        stage = Stage(runner, made, screen, Opening(runner, home.pages(first_port)))
        if warned := warning(load(homes.catalogue_folder()).document, stage.fetch("/v1/authorisations")["items"]):
            screen.say(f"\n{warned}")
        try:
            failed = failures(_tour(stage))
        finally:
            stage.close()
        if not (once or failed):
            invite(stage)
            visit(stage)
            with suppress(Stopped):
                runner.stay()
            screen.say("\nStopping.")
        return failed


@contextmanager
def port_told(runner: Runner, first_port: int) -> Iterator[None]:
    """Where a program ended by itself because another one has its port, say that. Raises Refused."""
    try:
        yield
    except ProcessFailed:
        runner.network.processes.stop_all()  # what listens then is none of ours
        homes.require_free(first_port)
        raise


def _tour(stage: Stage) -> list[tuple[str, Outcome]]:
    """Play all steps. The institutions that the tour does not ask, and the pages, start meanwhile."""
    _introduce(stage.screen, stage.made)
    played = [play(stage, FIRST, 1)]
    stage.runner.launch(REST)
    stage.opening.launch()
    played += [play(stage, step, number) for number, step in enumerate(OTHERS, start=2)]
    with stage.screen.console.status("Waiting for the other institutions"):
        stage.runner.network.await_members(REST)
    stage.screen.summary(played)
    if failed := stage.opening.wanting():
        stage.screen.say(f"\nNot all pages can be opened: {failed}")
    return played


def _welcome(screen: Screen) -> None:
    screen.title("Crossroads: what institutions know, shared without a central copy")


def _introduce(screen: Screen, made: Made) -> None:
    screen.say(
        f"\n{len(CONNECTED)} institutions with data run on this machine, and one that says who has a right by them. "
        "Each is a program of its own, with its own database and its own keys; some answer for others they manage. "
        "Between them stands the hub. It knows who has whom on file, and never what they know. "
        f"All {made.persons:,} people are invented, and all numbers are mock numbers: no living person can have one. "
        "The authorisations are invented too. Everything below really happens, now."
    )
