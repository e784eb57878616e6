"""Files of new keys: the private one in PEM, of mode 0600, and the public one beside it as JSON."""

import os
import re
from enum import StrEnum
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crossroads.kernel.errors import Conflict, InvalidValue
from crossroads.wire.keys import Jwk, SealingKey, SigningKey
from crossroads.wire.notes import NoteVerifier

_INSTITUTION = re.compile(r"[a-z0-9-]{2,40}#[a-z0-9-]{1,40}")
_OPERATOR = re.compile(r"operator:[a-z0-9-]{1,40}#[a-z0-9-]{1,40}")


class Use(StrEnum):
    """What a key is made for."""

    SIGN = "sign"
    SEAL = "seal"
    PERMIT = "permit"
    LOG = "log"
    OPERATOR = "operator"


class PublicKey(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """What may be given to others: a JWK, or for the log the key as notes write it."""

    key_id: str
    use: Use
    jwk: Jwk | None = None
    verifier: str | None = None


def public_file(private: Path) -> Path:
    """Give the file of the public key that belongs to the file of a private one."""
    return private.with_name(f"{private.name}.pub")


def generate_key(key_id: str, use: Use, file: Path) -> PublicKey:
    """Make a key in two new files. Raises InvalidValue for an id that does not fit, Conflict for an old file."""
    _check_id(key_id, use)
    if file.exists():
        raise Conflict(f"{file} exists; a key is never written over another.")
    public = _generate(key_id, use, file)
    public_file(file).write_bytes(msgspec.json.format(msgspec.json.encode(public)) + b"\n")
    return public


def read_public(file: Path) -> PublicKey:
    """Read a public key. Raises InvalidValue with the name of the file."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=PublicKey)
    except msgspec.MsgspecError as error:
        raise InvalidValue(f"{file} holds no public key: {error}") from error


def _check_id(key_id: str, use: Use) -> None:
    if use is Use.OPERATOR and not _OPERATOR.fullmatch(key_id):
        raise InvalidValue("The key of an operator is called operator:<name>#<key>, as operator:alice#1.")
    if use not in (Use.OPERATOR, Use.LOG) and not _INSTITUTION.fullmatch(key_id):
        raise InvalidValue("The key of an institution is called <institution>#<key>, as centre-a#sign-1.")


def _generate(key_id: str, use: Use, file: Path) -> PublicKey:
    if use is Use.LOG:
        return PublicKey(key_id=key_id, use=use, verifier=_generate_log_key(key_id, file))
    key = SealingKey.generate(key_id) if use is Use.SEAL else SigningKey.generate(key_id)
    key.write(file)
    return PublicKey(key_id=key_id, use=use, jwk=key.jwk)


def _generate_log_key(name: str, file: Path) -> str:
    private = Ed25519PrivateKey.generate()
    verifier = NoteVerifier(name, private.public_key().public_bytes_raw())
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(verifier)
