"""Files of signed acts: what an operator reads, signs and hands on. The same for every kind of act."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from crossroads.catalogue.changes import APPLY, read_plan, render
from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.printable import printable
from crossroads.participant.typed import counted
from crossroads.wire.keys import SigningKey
from crossroads.wire.registrations import SignedAct


def read_act(path: Path) -> SignedAct:
    """Read an act. Raises InvalidValue with the name of the file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SignedAct)
    except msgspec.MsgspecError as error:
        raise InvalidValue(f"{path} holds no act: {error}") from error


def write_act(path: Path, act: SignedAct) -> None:
    """Write an act, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(act)) + b"\n")
    new.replace(path)


def sign_file(path: Path, key_id: str, key: Path, *, yes: bool, as_json: bool) -> None:
    """Show the act in the file, ask, and add a signature to it."""
    act = read_act(path)
    signing_key = SigningKey.read(key_id, key)
    confirm(act, f"Sign this as {key_id}?", yes=yes, as_json=as_json)
    signed = act.signed_by(signing_key)
    write_act(path, signed)
    report({"file": str(path), "signers": signed.signers}, f"{path} now has {_listed(signed)}.", as_json=as_json)


def confirm(act: SignedAct, question: str, *, yes: bool, as_json: bool) -> None:
    """Show the act and ask whether to go on, unless that was answered by `yes`. Ends the command on a no."""
    if not as_json:
        typer.echo("\n".join(shown(act)))
    if not yes:
        typer.confirm(question, abort=True, err=True)


def shown(act: SignedAct) -> Iterator[str]:
    """Give the lines that say what an act does and who is said to have signed it."""
    return (printable(line, lines=True) for line in _lines(act))


def _lines(act: SignedAct) -> Iterator[str]:
    if act.kind == APPLY:
        plan = read_plan(act)
        yield from render(plan)
        base = f"its entries, as last changed by version {plan.base_version}" if plan.base_version else "no entries yet"
        changes = counted(len(plan.changes), "change", "changes")
        yield f"{changes} to the catalogue of {plan.installation}. Base: {base}."
        if plan.reason:
            yield f"Reason: {plan.reason}"
        yield f"It needs the signatures of {counted(plan.operators_needed, 'operator', 'operators')}."
    else:
        yield f"{act.kind}:"
        yield msgspec.json.format(act.content).decode()
    yield f"It has {_listed(act)}." if act.signatures else "Signed by nobody yet."


def report(found: Any, text: str, *, as_json: bool) -> None:
    """Print what was found or done: JSON for programs, a sentence for people."""
    typer.echo(msgspec.json.encode(found).decode() if as_json else text)


def _listed(act: SignedAct) -> str:
    return f"signatures of (not checked here): {', '.join(act.signers)}"
