"""Reports of presumed errors, as people read them."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from crossroads.kernel.clock import brussels_day
from crossroads.participant.typed import program, short
from crossroads.wire.error_reports import ErrorAnswered, ErrorReported, OpenReport, OpenReports


def show_reported(reported: ErrorReported, config: Path) -> None:
    """Print that the source will be told."""
    console = _console()
    console.print(f"Reported as {reported.report}. The source should answer by {reported.answer_by}.")
    console.print(Text(f"The answer comes to your mailbox: {program()} mailbox pull {short(config)}"))


def show_answered(answered: ErrorAnswered) -> None:
    """Print that the reporter will be told."""
    _console().print(f"Answered: {answered.outcome}. Who reported it finds your answer in the mailbox.")


def show_open(found: OpenReports, config: Path) -> None:
    """Print the reports that wait, and how to see about whom they are."""
    console = _console()
    if not found.items:
        console.print("No report waits for your answer.")
        return
    for one in found.items:
        console.print(Text(_lines(one)))
    if found.more:
        further = f"{program()} error list {short(config)} --after {found.items[-1].report}"
        console.print(Text(f"\nOf {found.total} that wait, those due first are shown; then: {further}"))
    console.print(f"\n{_where(found, config)}", markup=False)


def _lines(one: OpenReport) -> str:
    days = f"{one.period.start_date} to {one.period.end_date or 'now'}"
    overdue = " (overdue)" if one.answer_by < brussels_day(datetime.now(UTC)) else ""
    item = f", item {one.item} of your mailbox" if one.item else ""
    return (
        f"{one.report}  {one.presumed}, answer by {one.answer_by}{overdue}\n"
        f"  {one.data_group}, {days}; reported on {brussels_day(one.reported_at)}{item}"
    )


def _where(found: OpenReports, config: Path) -> str:
    given = next((one.item for one in found.items if one.item), None)
    if given is None:
        return f"About whom each is comes with its item: {program()} mailbox pull {short(config)}"
    return f"About whom one is stands in its item: {program()} mailbox pull {short(config)} --from {given} --count 1"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
