"""`crossroads box`: an institution publishes messages for people, and has proven what became of them."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from crossroads.kernel.clock import SystemClock, brussels_day, in_brussels
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.participant.boxes_file import read_message, settle, shelve
from crossroads.participant.boxes_shelf import Shelf, Shelved, shelf_folder
from crossroads.participant.client_settings import client_settings
from crossroads.participant.config import read_config
from crossroads.participant.terminal import For, Json, client, told, write
from crossroads.participant.typed import short
from crossroads.wire.box import BoxEvidence, BoxEvidenceQuery, Delivery

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Put messages into people's boxes; the documents stay with your participant, which gives them when opened.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_STATE = "box-client"
_TOLD = {
    Delivery.PUBLISHED: "is in the person's box",
    Delivery.NOT_ACTIVE: "is not in a box, for the person has none that is active: send it on paper",
    None: "was not taken yet: publish it again",
}

ParticipantFile = Annotated[Path, typer.Argument(help="The settings of your participant.", metavar="CONFIG")]


@app.command(epilog="Example: crossroads box publish CONFIG letter.yaml")
def publish(
    config: ParticipantFile,
    file: Annotated[Path, typer.Argument(help="The message: a YAML file that names its documents.", metavar="FILE")],
    *,
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Publish a message. Given again, it is published once. It ends with 1 where the person has no active box."""
    with told(_again):
        shelf, settings = _shelf(config), client_settings(config, _STATE)
        publication, contents = read_message(file, _today(), on_behalf_of)
        message = shelve(shelf, settings.institution, publication, contents)
        with client(settings) as hub:
            published = hub.box.publish(publication)
        settle(shelf, message, published)
        shelf.forget(_today())
    if json:
        write(published)
    else:
        _print(f"The message {published.reference} {_TOLD[published.delivery]}.")
    raise typer.Exit(0 if published.delivery is Delivery.PUBLISHED else 1)


@app.command("list", epilog="Example: crossroads box list CONFIG")
def show(config: ParticipantFile, *, json: Json = False) -> None:
    """Show the messages that you published, the newest first. Whom they are for is not shown."""
    with told():
        found = list(_shelf(config).messages())
    if json:
        write([_line(one) for one in found])
        return
    table = Table("Reference", "Sender", "Received", "Expires", "Documents", "Outcome")
    for one in found:
        said = one.publication
        days = (said.received_on.isoformat(), said.expires_on.isoformat())
        outcome = one.delivery.value if one.delivery else "not taken yet"
        table.add_row(said.reference, one.sender, *days, str(len(said.documents)), outcome)
    Console(soft_wrap=True).print(table if found else "Nothing was published from here.")


@app.command(epilog="Example: crossroads box evidence CONFIG LETTER-7 --output proof.json")
def evidence(
    config: ParticipantFile,
    reference: Annotated[str, typer.Argument(help="Your own, as `list` shows it.", metavar="REFERENCE")],
    *,
    output: Annotated[Path | None, typer.Option(help="Where the proofs go, for others to check.")] = None,
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Have the hub prove from its log what became of a message: published, long unread, opened."""
    with told(), client(client_settings(config, _STATE)) as hub:
        found = hub.box.evidence(BoxEvidenceQuery(reference=reference, on_behalf_of=on_behalf_of))
    if output:
        proofs = [proof for proof in (found.published, found.reminded, found.opened) if proof]
        output.write_bytes(msgspec.json.encode(proofs))
    if json:
        write(found)
    else:
        _tell(found, output)


def _moment(moment: datetime) -> str:
    return f"{in_brussels(moment):%Y-%m-%d %H:%M} (Brussels)"


def _tell(found: BoxEvidence, output: Path | None) -> None:
    _print(f"The message {found.reference} {_TOLD[found.delivery]}, since {_moment(found.published_at)}.")
    if found.reminded_at:
        _print(f"It was long unread, and marked so on {_moment(found.reminded_at)}.")
    if found.opened_at:
        _print(f"It was opened on {_moment(found.opened_at)}.")
    elif found.delivery is Delivery.PUBLISHED:
        _print("It was not opened.")
    if output:
        _print(f"The proofs are in {short(output)}: `crossroads audit check` verifies them.")


def _line(one: Shelved) -> dict[str, object]:
    said = one.publication
    return {
        "reference": said.reference,
        "sender": one.sender,
        "receivedOn": said.received_on,
        "expiresOn": said.expires_on,
        "documents": [card.name for card in said.documents],
        "message": one.message,
        "delivery": one.delivery,
    }


def _shelf(config: Path) -> Shelf:
    return Shelf(shelf_folder(read_config(config)))


def _today() -> date:
    return brussels_day(SystemClock().now())


def _again(error: CrossroadsError) -> str:
    return "Give the same command again: it is published once." if isinstance(error, Unavailable | Tampered) else ""


def _print(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text, markup=False)
