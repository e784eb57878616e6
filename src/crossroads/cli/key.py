"""`crossroads key generate | register | endpoint | sign | submit | revoke | list`, and `crossroads found`."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from crossroads.catalogue.acts import FOUND, REGISTER_ENDPOINT, REGISTER_KEY, REGISTER_OPERATOR, REVOKE_KEY
from crossroads.catalogue.keys import (
    EndpointRegistration,
    Genesis,
    OperatorKey,
    OperatorRegistration,
    RegisteredKey,
    Revocation,
)
from crossroads.cli.acts import confirm, read_act, report, sign_file, write_act
from crossroads.cli.keyfiles import Use, generate_key, public_file, read_public
from crossroads.cli.opened import with_catalogue
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.kernel.ssin import Environment
from crossroads.participant.typed import program
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.registrations import Registration, SignedAct, act

if TYPE_CHECKING:  # an institution makes its keys without what the hub needs
    from crossroads.catalogue.service import Catalogue

app = typer.Typer(help="Keys of institutions and operators, and where institutions answer.", no_args_is_help=True)

S = TypeVar("S", bound=msgspec.Struct)
_DAYS = 730
_KeyFile = Annotated[Path, typer.Option("--key", help="The file of the private key.", exists=True, dir_okay=False)]
_ActFile = Annotated[Path, typer.Argument(help="The file of the act.", exists=True, dir_okay=False)]
_Output = Annotated[Path, typer.Option("--output", "-o", help="Where the act goes.")]
_Installation = Annotated[
    str | None, typer.Option(help="The installation the act is for; that of the settings when absent.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


founding = typer.Typer(pretty_exceptions_enable=False)
"""`crossroads found`, a command of its own."""


@app.command()
def generate(
    *,
    key_id: Annotated[str, typer.Option("--id", help="centre-a#sign-1, operator:alice#1, or the name of the log.")],
    use: Annotated[Use, typer.Option(help="What it is for.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new file of the private key, mode 0600.")],
    as_json: _Json = False,
) -> None:
    """Make a key: the private one in a file of mode 0600, the public one beside it in FILE.pub."""
    public = generate_key(key_id, use, output)
    report(public, f"Wrote {output} and {public_file(output)}. Keep the first to yourself.", as_json=as_json)


@app.command()
def register(
    *,
    key_id: Annotated[str, typer.Option("--id", help="The key, as centre-a#sign-1.")],
    use: Annotated[Use, typer.Option(help="What it is for.")],
    key: _KeyFile,
    output: _Output,
    days: Annotated[int, typer.Option(help="For how long it counts, from now.", min=1, max=3660)] = _DAYS,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that registers a key of an institution, or one more operator. Two operators sign it next.

    A key to seal to cannot sign: there a registered signing key of the institution signs with `key sign`.
    """
    if use is Use.LOG:
        raise typer.BadParameter("The key of the log is named when the installation is founded, and never again.")
    name = installation or _settings_installation()
    if use is Use.SEAL:
        unsigned = act(REGISTER_KEY, _registration(SealingKey.read(key_id, key), use, days, name))
        _write(unsigned, output, "A signing key of the institution and two operators sign", as_json=as_json)
        return
    own = SigningKey.read(key_id, key)
    unsigned = (
        _operator_act(own, name) if use is Use.OPERATOR else act(REGISTER_KEY, _registration(own, use, days, name))
    )
    _write(unsigned.signed_by(own), output, "Two operators sign", as_json=as_json)


@app.command()
def endpoint(
    institution: Annotated[str, typer.Argument(help="The institution.")],
    url: Annotated[str, typer.Argument(help="Where it answers.")],
    *,
    key_id: Annotated[str, typer.Option("--key-id", help="A registered key of the institution that signs.")],
    key: _KeyFile,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that registers where an institution answers, signed by it. An operator signs it next."""
    name = installation or _settings_installation()
    content = _checked(EndpointRegistration, installation=name, institution=institution, url=url, issued_at=_now())
    content.check_url(Environment.TEST)  # what no installation takes need not be signed
    _write(
        act(REGISTER_ENDPOINT, content).signed_by(SigningKey.read(key_id, key)),
        output,
        "An operator signs",
        as_json=as_json,
    )


@app.command()
def sign(
    file: _ActFile,
    *,
    key_id: Annotated[str, typer.Option("--key-id", help="Your key, as operator:alice#1.")],
    key: _KeyFile,
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Show an act of any kind and add your signature to it. Needs no database."""
    sign_file(file, key_id, key, yes=yes, as_json=as_json)


@app.command()
def submit(file: _ActFile, *, yes: _Yes = False, as_json: _Json = False) -> None:
    """Carry out a signed act on keys or endpoints."""
    signed = read_act(file)
    confirm(signed, "Carry this out?", yes=yes, as_json=as_json)
    _carry_out(signed, as_json=as_json)


@app.command()
def revoke(
    revoked: Annotated[str, typer.Argument(metavar="KEY_ID", help="The key that is to count no longer.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    key_id: Annotated[str, typer.Option("--key-id", help="Your key: an operator's, or one of the same institution.")],
    key: _KeyFile,
    installation: _Installation = None,
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Make a key count no longer, at once and for ever."""
    name = installation or _settings_installation()
    content = _checked(Revocation, installation=name, key_id=revoked, reason=reason)
    signed = act(REVOKE_KEY, content).signed_by(SigningKey.read(key_id, key))
    confirm(signed, f"Revoke {revoked}?", yes=yes, as_json=as_json)
    _carry_out(signed, as_json=as_json)


@app.command("list")
def list_keys(
    *,
    institution: Annotated[str | None, typer.Option(help="Only those of one institution.")] = None,
    as_json: _Json = False,
) -> None:
    """List the registered keys, past ones included, and the operators'."""
    now = _now()

    async def read(catalogue: "Catalogue") -> list[dict[str, str]]:
        snapshot = catalogue.current
        operators = [] if institution else [_operator_line(key) for key in snapshot.all_operators]
        keys = snapshot.keys_of(institution) if institution else snapshot.keys
        return operators + [_line(key, now) for key in keys]

    lines = asyncio.run(with_catalogue(read))
    text = "\n".join(f"{line['keyId']}  {line['use']}  {line['state']}  {line['thumbprint']}" for line in lines)
    report(lines, text or "There is no key.", as_json=as_json)


@founding.command()
def found(
    *,
    operator: Annotated[list[Path], typer.Option(help="The public key of an operator (FILE.pub); at least two.")],
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Make the first entry of the log: whose keys may change this installation, and which key signs its log."""
    from crossroads.bootstrap.keys import log_key  # noqa: PLC0415 - only what needs the hub loads it
    from crossroads.bootstrap.settings import load  # noqa: PLC0415 - as above

    here = load()
    genesis = _checked(
        Genesis,
        installation=here.settings.installation,
        environment=here.settings.environment,
        hub=here.settings.hub,
        log_key=str(log_key(here).verifier),
        operators=tuple(_operator(path) for path in operator),
    )
    question = "Found the installation so? It cannot be undone."
    confirm(act(FOUND, genesis), question, yes=yes, as_json=as_json)
    version = asyncio.run(with_catalogue(lambda catalogue: catalogue.found(genesis)))
    report({"version": version}, f"{genesis.installation} is founded.", as_json=as_json)


def _registration(key: SigningKey | SealingKey, use: Use, days: int, installation: str) -> Registration:
    begin = _now().replace(microsecond=0)
    return _checked(
        Registration,
        installation=installation,
        institution=key.key_id.split("#")[0],
        key_id=key.key_id,
        use=use,
        jwk=key.jwk,
        valid_from=begin,
        valid_until=begin + timedelta(days=days),
    )


def _operator_act(key: SigningKey, installation: str) -> SignedAct:
    content = _checked(OperatorRegistration, installation=installation, key_id=key.key_id, jwk=key.jwk)
    return act(REGISTER_OPERATOR, content)


def _operator(file: Path) -> OperatorKey:
    public = read_public(file)
    if public.use is not Use.OPERATOR or public.jwk is None:
        raise InvalidValue(f"{file} holds no key of an operator.")
    return OperatorKey(key_id=public.key_id, jwk=public.jwk)


def _write(signed: SignedAct, output: Path, who: str, *, as_json: bool) -> None:
    if output.exists():
        raise Refused(f"{output} is there already, perhaps signed by others: name another file.")
    write_act(output, signed)
    report(
        {"file": str(output), "signers": signed.signers},
        f"Wrote {output}. {who} it with `{program()} key sign {output}`; then `{program()} key submit {output}`.",
        as_json=as_json,
    )


def _carry_out(signed: SignedAct, *, as_json: bool) -> None:
    version = asyncio.run(with_catalogue(lambda catalogue: catalogue.submit(signed)))
    report({"version": version}, f"Done: version {version}.", as_json=as_json)


def _line(key: RegisteredKey, now: datetime) -> dict[str, str]:
    state = "revoked" if key.revoked_at else "in force" if key.in_force(now) else "not in its period"
    return {"keyId": key.key_id, "use": key.registration.use, "state": state, "thumbprint": key.thumbprint}


def _operator_line(key: OperatorKey) -> dict[str, str]:
    state = "revoked" if key.revoked_at else "in force"
    return {"keyId": key.key_id, "use": Use.OPERATOR, "state": state, "thumbprint": key.jwk.thumbprint}


def _checked(struct: type[S], **fields: Any) -> S:
    """Make a struct as if it had come from outside, so that every constraint is checked. Raises InvalidValue."""
    try:
        names = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
        return msgspec.convert(msgspec.to_builtins({names[name]: value for name, value in fields.items()}), struct)
    except msgspec.ValidationError as error:
        raise InvalidValue(str(error)) from error


def _settings_installation() -> str:
    from crossroads.bootstrap.settings import load  # noqa: PLC0415 - only what needs the settings loads them

    return load().settings.installation


def _now() -> datetime:
    return SystemClock().now()
