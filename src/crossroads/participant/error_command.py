"""`crossroads error`: report what looks wrong in what one was given, and answer what others report."""

from typing import Annotated
from uuid import UUID, uuid4

import msgspec
import typer

from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.participant import error_screen, typed
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import ConfigFile, For, Json, Ssin, client, told, write
from crossroads.wire.decoding import convert
from crossroads.wire.error_reports import ErrorAnswer, ErrorOutcome, ErrorReport, Presumed

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Report presumed errors to their source, and answer those that others report to you.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_STATE = "asking"

Report = Annotated[UUID, typer.Argument(help="The report, as `list` shows it.", metavar="REPORT")]
Reason = Annotated[str, typer.Option(help="For people at the other institution; no number of a person, no data.")]


@app.command(
    epilog="Example: crossroads error report CONFIG living-wage@1 --ssin - --ticket TICKET --period 2026-01-01/ "
    "--presumed wrong-value < number.txt"
)
def report(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    data_group: Annotated[str, typer.Argument(help="What looks wrong: living-wage@1, say.", metavar="GROUP")],
    *,
    ssin: Ssin,
    ticket: Annotated[UUID, typer.Option(help="Of the answer, or of the item of the mailbox, in which you saw it.")],
    period: Annotated[str, typer.Option(help="The days that look wrong: FIRST-DAY/LAST-DAY, or FIRST-DAY/.")],
    presumed: Annotated[Presumed, typer.Option(help="What you presume.")],
    text: Annotated[
        str | None, typer.Option(help="More of it, for the source; no number of a person, no data.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Who gave it, where several did.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Your own; one is made up when absent. With the same it is reported once.")
    ] = None,
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Report a presumed error to the source. Its answer comes to your mailbox."""
    said = {
        "reference": reference or uuid4().hex,
        "ssin": typed.ssin(ssin),
        "dataGroup": data_group,
        "period": typed.period(period),
        "ticket": ticket,
        "source": source,
        "presumed": presumed,
        "text": text,
        "onBehalfOf": on_behalf_of,
    }
    with told(lambda error: _again(error, str(said["reference"]))), client(client_settings(config, _STATE)) as hub:
        reported = hub.report_error(convert(msgspec.to_builtins(said), ErrorReport))
    if json:
        write(reported)
    else:
        error_screen.show_reported(reported, config)


@app.command("list", epilog="Example: crossroads error list CONFIG")
def show(
    config: ConfigFile,
    *,
    after: Annotated[UUID | None, typer.Option(help="Those behind this report, the last that was shown.")] = None,
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Show the reports that wait for your answer, as the source, those due first, a hundred at a time."""
    with told(), client(client_settings(config, _STATE)) as hub:
        found = hub.open_reports(on_behalf_of, after=after)
    if json:
        write(found)
    else:
        error_screen.show_open(found, config)


@app.command(epilog="Example: crossroads error confirm CONFIG REPORT --correction TICKET --reason 'Typed wrongly.'")
def confirm(
    config: ConfigFile,
    report: Report,
    *,
    correction: Annotated[UUID, typer.Option(help="The ticket of your change of kind corrected, notified before.")],
    reason: Reason,
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Answer that it was an error, and which change corrected it."""
    given = {"report": report, "outcome": ErrorOutcome.CORRECTED, "reason": reason, "correction": correction}
    _answer(config, given | {"onBehalfOf": on_behalf_of}, json=json)


@app.command(epilog="Example: crossroads error reject CONFIG REPORT --reason 'The contract was shown to us.'")
def reject(config: ConfigFile, report: Report, *, reason: Reason, on_behalf_of: For = None, json: Json = False) -> None:
    """Answer that what you gave is right."""
    given = {"report": report, "outcome": ErrorOutcome.REJECTED, "reason": reason}
    _answer(config, given | {"onBehalfOf": on_behalf_of}, json=json)


def _answer(config: ConfigFile, given: dict[str, object], *, json: bool) -> None:
    with told(), client(client_settings(config, _STATE)) as hub:
        answered = hub.answer_error(convert(msgspec.to_builtins(given), ErrorAnswer))
    if json:
        write(answered)
    else:
        error_screen.show_answered(answered)


def _again(error: CrossroadsError, reference: str) -> str:
    if isinstance(error, Unavailable | Tampered):
        return f"It may have been reported. Give it again with --reference {reference}: then it is reported once."
    return ""
