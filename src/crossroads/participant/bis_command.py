"""`crossroads bis`: find people, and keep the BIS register, as an institution."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import msgspec
import typer

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.participant import bis_screen, typed
from crossroads.participant.bis_options import (
    Address,
    AnySex,
    BirthDate,
    BirthPlace,
    Evidence,
    FirstNames,
    Issuer,
    LastName,
    MaybeBirthDate,
    MaybeLastName,
    MaybeReason,
    Nationality,
    Number,
    Others,
    Reason,
    Reference,
    others_of,
    particulars_of,
)
from crossroads.participant.client import SyncClient
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import ConfigFile, For, Json, Ssin, client, told, write
from crossroads.wire.decoding import convert
from crossroads.wire.messages import PersonConfirmation, PersonConfirmed
from crossroads.wire.persons import (
    PersonChanged,
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonQuery,
    PersonReplacement,
    Truth,
)

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Find people, and give and keep numbers of the BIS register, as an institution.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

STATE = "asking"
_FORMATS = ["%Y-%m-%d"]
_R = TypeVar("_R", PersonCreation, PersonCorrection, PersonDeath, PersonReplacement, PersonConfirmation)
_D = TypeVar("_D", PersonChanged, PersonConfirmed)


@app.command(epilog="Example: crossroads bis find CONFIG --legal-context PCSA:SOCIAL_INQUIRY --ssin - < number.txt")
def find(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    legal_context: Annotated[str, typer.Option(help="Why you search: PCSA:SOCIAL_INQUIRY, say.")],
    ssin: Annotated[
        str | None, typer.Option(help="A number, or a file with it; - reads it from standard input.")
    ] = None,
    last_name: MaybeLastName = None,
    first_names: FirstNames = "",
    birth_date: MaybeBirthDate = None,
    sex: AnySex = None,
    agent: Annotated[str, typer.Option(help="Your own pseudonymous id of the user; never an SSIN.")] = "command-line",
    institution: For = None,
    json: Json = False,
) -> None:
    """Find who is meant by a number, or by last name and birth date. Each person shown can see that in the log."""
    if (ssin is None) == (last_name is None) or (last_name is None) != (birth_date is None):
        raise typer.BadParameter("Give either --ssin, or --last-name and --birth-date.")
    searched = {"lastName": last_name, "firstNames": first_names, "birthDate": birth_date, "sex": sex}
    asked: dict[str, Any] = {"institution": institution, "agent": agent, "legalContext": legal_context}
    asked |= {"ssin": typed.ssin(ssin)} if ssin else {"particulars": searched}
    with told(), client(client_settings(config, STATE)) as hub:
        found = hub.find_persons(convert(msgspec.to_builtins(asked), PersonQuery))
    if json:
        write(found)
    else:
        bis_screen.show_found(found, by_name=ssin is None)


@app.command(
    epilog="Example: crossroads bis create CONFIG --last-name Zandbergen --first-names Ilse --birth-date 1980-03-15 "
    "--evidence passport --evidence-number ILLUSTRATIVE-1 --evidence-issuer Illustria"
)
def create(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    last_name: LastName,
    first_names: FirstNames = "",
    birth_date: BirthDate,
    sex: AnySex = None,
    birth_place: BirthPlace = None,
    nationality: Nationality = None,
    address: Address = None,
    evidence: Evidence,
    evidence_number: Number,
    evidence_issuer: Issuer,
    others: Others = None,
    reason: MaybeReason = None,
    reference: Reference = None,
    institution: For = None,
    json: Json = False,
) -> None:
    """Give a BIS number to somebody who has no number, unless somebody known may be the same: search first."""
    wish = {
        "particulars": particulars_of(last_name, first_names, birth_date, sex, birth_place, nationality, address),
        "evidence": {"kind": evidence, "number": evidence_number, "issuer": evidence_issuer},
        **others_of(others, reason),
        "institution": institution,
    }
    done = _done(config, reference, wish, PersonCreation, SyncClient.create_person)
    bis_screen.show_done(done, "has the number", "Nobody is inscribed by this: that is a step of its own.", json=json)


@app.command(
    epilog="Example: crossroads bis correct CONFIG --ssin - --last-name Zandbergen --first-names Ilse "
    "--birth-date 1980-03-15 --evidence passport --evidence-number ILLUSTRATIVE-1 --evidence-issuer Illustria "
    "--reason misread < number.txt"
)
def correct(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    ssin: Ssin,
    last_name: LastName,
    first_names: FirstNames = "",
    birth_date: BirthDate,
    sex: AnySex = None,
    birth_place: BirthPlace = None,
    nationality: Nationality = None,
    address: Address = None,
    evidence: Evidence,
    evidence_number: Number,
    evidence_issuer: Issuer,
    since: Annotated[
        datetime | None, typer.Option(formats=_FORMATS, help="The day it changed; absent: it was always wrong.")
    ] = None,
    truth: Annotated[Truth, typer.Option(help="Where it comes from; only the register says register.")] = Truth.SHOWN,
    others: Others = None,
    reason: Reason,
    reference: Reference = None,
    institution: For = None,
    json: Json = False,
) -> None:
    """Say what holds of a person of the BIS register: all of it, as it should be."""
    wish = {
        "ssin": typed.ssin(ssin),
        "particulars": particulars_of(last_name, first_names, birth_date, sex, birth_place, nationality, address),
        "evidence": {"kind": evidence, "number": evidence_number, "issuer": evidence_issuer},
        "since": since and since.date(),
        "truth": truth,
        **others_of(others, reason),
        "institution": institution,
    }
    done = _done(config, reference, wish, PersonCorrection, SyncClient.correct_person)
    bis_screen.show_done(done, "is corrected", json=json)


@app.command(epilog="Example: crossroads bis decease CONFIG --ssin - --on 2026-05-05 --reason certificate < number.txt")
def decease(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    ssin: Ssin,
    on: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="The day of the death.")] = None,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Instead: it was wrong that the person died.")] = False,
    reason: Reason,
    reference: Reference = None,
    institution: For = None,
    json: Json = False,
) -> None:
    """Say that a person of the BIS register died, or that this was wrong."""
    if withdrawn == (on is not None):
        raise typer.BadParameter("Give either --on or --withdrawn.")
    day = on.date() if on else None
    wish = {"ssin": typed.ssin(ssin), "deceasedOn": day, "reason": reason, "institution": institution}
    done = _done(config, reference, wish, PersonDeath, SyncClient.record_death)
    bis_screen.show_done(done, "is recorded as alive" if withdrawn else "is recorded as deceased", json=json)


@app.command(
    epilog="Example: crossroads bis replace CONFIG --ssin - --national - --since 2026-03-01 "
    "--reason registered < two-numbers.txt"
)
def replace(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    ssin: Ssin,
    national: Annotated[
        str, typer.Option(help="The national number, or a file with it; - reads the next line of standard input.")
    ],
    since: Annotated[datetime, typer.Option(formats=_FORMATS, help="The first day of that number.")],
    last_name: MaybeLastName = None,
    birth_date: MaybeBirthDate = None,
    reason: Reason,
    reference: Reference = None,
    institution: For = None,
    json: Json = False,
) -> None:
    """Say that a person has a national number. The register confirms it with name and birth date to the hub."""
    wish = {
        "ssin": typed.ssin(ssin),
        "national": typed.ssin(national, "--national"),
        "since": since.date(),
        "lastName": last_name,
        "birthDate": birth_date,
        "reason": reason,
        "institution": institution,
    }
    done = _done(config, reference, wish, PersonReplacement, SyncClient.replace_number)
    bis_screen.show_done(done, "has the number", json=json)


@app.command(
    epilog="Example: crossroads bis confirm CONFIG --ssin - --last-name Peeters --birth-date 1980-03-15 < number.txt"
)
def confirm(
    config: ConfigFile,
    *,
    ssin: Ssin,
    last_name: LastName,
    birth_date: BirthDate,
    reference: Reference = None,
    json: Json = False,
) -> None:
    """Have the national register confirm a number with name and birth date; the person may then be inscribed."""
    wish = {"ssin": typed.ssin(ssin), "lastName": last_name, "birthDate": birth_date}
    done = _done(config, reference, wish, PersonConfirmation, SyncClient.confirm_person)
    bis_screen.show_done(done, "is confirmed", json=json)


def _done(
    config: Path, reference: str | None, wish: dict[str, Any], kind: type[_R], send: Callable[[SyncClient, _R], _D]
) -> _D:
    """Send a request, and tell what to do where it may have been done or may be done another way."""
    named = reference or uuid4().hex
    with told(lambda error: _hint(error, config, named)), client(client_settings(config, STATE)) as hub:
        return send(hub, convert(msgspec.to_builtins({"reference": named, **wish}), kind))


def _hint(error: CrossroadsError, config: Path, reference: str) -> str:
    if isinstance(error, Unavailable | Tampered):
        return f"It may have been done. Give it again with --reference {reference}: then it is done once."
    if error.code == Code.PERSON_SUSPECTED_DUPLICATE:
        return (
            f"`{typed.program()} bis find {typed.short(config)}` with name and birth date shows who it may be. If all "
            f"are others, give this again with --reference {reference}, their numbers in --others, and a --reason."
        )
    return ""
