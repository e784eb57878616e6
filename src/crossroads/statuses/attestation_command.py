"""`crossroads statuses attest|revoke|check|verify|certify`: what a person takes along, and what others learn of it."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, is_number_of_person
from crossroads.participant import typed
from crossroads.participant.client_settings import client_settings
from crossroads.participant.files import write_atomically
from crossroads.participant.terminal import Json, Ssin, told, write
from crossroads.participant.trust import read_trust
from crossroads.statuses.attestation_model import Standing, Verdict
from crossroads.statuses.attestation_settings import FILE, read_attestation_settings
from crossroads.statuses.attestation_signing import make_for_tests, read_certificate
from crossroads.statuses.attesting import Attestations, Attested, Attester
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deeds import What
from crossroads.statuses.deeds_command import COMMAND_LINE, Agent, SettingsFile, logged
from crossroads.statuses.pages.settings import read_pages_settings
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import StatusSettings, read_status_settings
from crossroads.statuses.verifying import MAXIMUM_BYTES
from crossroads.statuses.verifying import verify as verified
from crossroads.web.languages import LANGUAGES

_screen = Console()
_STATE = "statuses"
_NOT_VALID = {
    Standing.EXPIRED: "Its time is over: it was valid until {until}.",
    Standing.REVOKED: "It is revoked.",
    Standing.UNKNOWN: "No attestation has this code.",
}

CodeText = Annotated[
    str, typer.Argument(help="The code of the attestation; - reads it from standard input.", metavar="CODE")
]
Language = Annotated[
    str,
    typer.Option(
        callback=typed.like(rf"^({'|'.join(LANGUAGES)})\Z", f"Choose {', '.join(LANGUAGES)}."),
        help=f"In which language: {', '.join(LANGUAGES)}.",
    ),
]
Holder = Annotated[str | None, typer.Option(help="The number of who shows it, from the card; or a file with it; or -.")]
Past = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day that is past; today when absent.")]


class _Institution(NamedTuple):
    attester: Attester
    statuses: StatusSettings


def attest(  # noqa: PLR0913 - each is an option of the command
    settings: SettingsFile,
    *,
    ssin: Ssin,
    right: Annotated[str, typer.Option(help="The right: social-tariff, say.")],
    output: Annotated[Path, typer.Option(help="The attestation: a new file .pdf.")],
    language: Language = "nl",
    day: Past = None,
    agent: Agent = COMMAND_LINE,
    json: Json = False,
) -> None:
    """Attest that a right is open for a person: a signed PDF with a code, which says neither why nor whose it is."""
    with told():
        ours, number = _institution(settings), typed.ssin(ssin)
        _check_output(output, ours.attester.environment)
        attestations = _attestations(ours)

        def act() -> Attested:
            made = attestations.attest(number, right, language, day.date() if day else None)
            try:
                write_atomically(output, made.pdf)
            except OSError as error:
                attestations.revoke(made.statement.code)
                raise Refused(f"{output} cannot be written: {error.strerror}.") from None
            return made

        made = logged(ours.statuses, What.ATTESTED, number, act, agent, right=right)
    if json:
        write({"output": str(output), **msgspec.to_builtins(made.statement)})
    else:
        _screen.print(f"{output}: valid until {made.statement.until}.", markup=False, highlight=False)


def revoke(settings: SettingsFile, code: CodeText) -> None:
    """Revoke an attestation: whoever checks its code is told."""
    with told():
        _attestations(_institution(settings)).revoke(_typed(code))
    _screen.print("It is revoked.")


def check(
    settings: SettingsFile,
    code: CodeText,
    *,
    ssin: Holder = None,
    json: Json = False,
) -> None:
    """Tell how the attestation with a code stands and, where a number is given, whether it is that person's."""
    with told():
        attestations = _attestations(_institution(settings))
        verdict = attestations.check(_typed(code), typed.ssin(ssin) if ssin else None)
    if json:
        write(verdict)
    else:
        _show(verdict)
    raise typer.Exit(0 if verdict.standing is Standing.VALID and verdict.holder is not False else 1)


def verify(
    file: Annotated[Path, typer.Argument(help="The attestation as it was received.", metavar="FILE")],
    *,
    trust: Annotated[Path, typer.Option(help="The certificate of the institution, in PEM.", metavar="CERT")],
    json: Json = False,
) -> None:
    """Tell whether an attestation is whole, unaltered, of this institution and not too old, without asking anybody."""
    with told():
        said = verified(_read(file), read_certificate(trust), SystemClock().now())
    if json:
        write(said)
        return
    _say(f"{said.name} ({said.right}), {_days(said.days)}.")
    _say(f"Signed by {said.institution}, made on {said.made}, valid until {said.until}. Code {said.code}.")
    if said.environment is Environment.TEST:
        _say("It is of a test environment, and gives no right.")
    _say("Whose it is, and whether it was revoked, only the institution can say: ask it, with the code and the number.")


def certify(settings: SettingsFile) -> None:
    """Make a key and a certificate for attestations, in a test environment."""
    with told():
        attester = _institution(settings).attester
        if attester.environment is not Environment.TEST:
            raise Refused("Only a test environment signs its own certificate: order one, and name it in the settings.")
        ours = attester.settings
        certificate = ours.path(ours.certificate)
        make_for_tests(attester.institution, ours.path(ours.key), certificate, SystemClock().now())
    _say(f"{certificate}: give it to those who verify.")


COMMANDS: tuple[Callable[..., None], ...] = (attest, revoke, check, verify, certify)


def forget(settings: Path) -> int:
    """Remove what is kept of attestations whose time is over; tell of how many. None are where none are made."""
    if not (settings.resolve().parent / FILE).exists():
        return 0
    return _attestations(_institution(settings)).expire()


def _institution(path: Path) -> _Institution:
    statuses = read_status_settings(path)
    config = client_settings(statuses.path(statuses.client), _STATE)
    environment = read_trust(config.folder / config.trust).environment
    pages = read_pages_settings(statuses.folder)
    settings = read_attestation_settings(statuses.folder)
    return _Institution(Attester(config.institution, environment, settings, pages.url if pages else None), statuses)


def _attestations(ours: _Institution) -> Attestations:
    statuses = ours.statuses
    rights = {right.id: right for right in read_rights(statuses.path(statuses.rights))}
    return Attestations(ours.attester, rights, Buffer(statuses.path(statuses.buffer)), SystemClock())


def _check_output(output: Path, environment: Environment) -> None:
    if is_number_of_person(output.stem, environment, brussels_day(SystemClock().now())):
        raise Refused("The name of the file holds the number of a person: choose another.")
    if output.exists():
        raise Refused(f"{output} is there already.")
    if not output.absolute().parent.is_dir():
        raise Refused(f"{output} cannot be written: its folder is not there.")


def _typed(code: str) -> str:
    return sys.stdin.readline().strip() if code == "-" else code


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error


def _show(verdict: Verdict) -> None:
    if verdict.standing is not Standing.VALID or verdict.days is None:
        _say(_NOT_VALID[verdict.standing].format(until=verdict.until))
        return
    _say(f"{verdict.right}, {_days(verdict.days)}. Made on {verdict.made}, valid until {verdict.until}.")
    if verdict.holder is None:
        _say("Whose it is was not asked.")
    else:
        _say("It is this person's." if verdict.holder else "It is not this person's.")


def _days(days: Period) -> str:
    if days.end_date is None:
        return f"from {days.start_date}"
    return f"on {days.start_date}" if days.end_date == days.start_date else f"{days.start_date} to {days.end_date}"


def _say(sentence: str) -> None:
    _screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
