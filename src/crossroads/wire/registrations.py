"""Acts of operators, and above all the registration of keys: what keeps the hub from slipping in a key of its own.

An act is a JSON payload with any number of signatures over it. Operators pin each other's keys; institutions pin the
operators' keys. A registration of an institution's key counts when two operators and the key itself have signed
(a sealing key cannot sign: there a signing key of the same institution signs).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.identifiers import InstitutionId
from crossroads.wire import jws
from crossroads.wire.canonical import b64url, canonical, from_b64url, sha256
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.keys import Jwk, SigningKey, VerifyKey

OPERATOR_PREFIX = "operator:"
KIND = "crossroads-act+jws"

KeyIdText = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{2,40}#[a-z0-9-]{1,40}\Z")]


class KeyUse(StrEnum):
    """What a key is for. Keys for messages, permits and the log are three."""

    SIGN = "sign"
    SEAL = "seal"
    PERMIT = "permit"


class _Struct(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """The form shared by all."""


class Registration(_Struct, frozen=True, kw_only=True):
    """That a key belongs to an institution, for a use and a period, at one installation."""

    installation: str
    institution: InstitutionId
    key_id: KeyIdText
    use: KeyUse
    jwk: Jwk
    valid_from: Moment
    valid_until: Moment

    def __post_init__(self) -> None:
        """Refuse a key id of another institution, a reversed period and a curve that cannot do what it is for."""
        if self.key_id.split("#")[0] != self.institution:
            raise ValueError("the key id must begin with the institution")
        if self.valid_until <= self.valid_from:
            raise ValueError("the period of the key ends before it starts")
        if self.jwk.crv != ("X25519" if self.use is KeyUse.SEAL else "P-256"):
            raise ValueError("keys to seal to are X25519, all others P-256")


class SignedAct(_Struct, frozen=True, kw_only=True):
    """An act with its signatures: the payload in base64url, and compact JWS detached from it."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z-]{2,40}\Z")]
    payload: str
    signatures: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """The canonical JSON that is signed."""
        return from_b64url(self.payload)

    @property
    def digest(self) -> str:
        """What names the act in the log: SHA-256 of kind and content, base64url."""
        return b64url(sha256(self.kind.encode() + b"\x00" + self.content))

    @property
    def signers(self) -> tuple[str, ...]:
        """The key ids that are said to have signed; not verified."""
        return tuple(jws.parse(signature, self.content).key_id for signature in self.signatures)

    def signed_by(self, key: SigningKey) -> "SignedAct":
        """Add a signature. One key signs once: what holds is kept, what bears its id and does not hold is replaced."""
        own = {key.key_id: VerifyKey(key.jwk)}
        kept = tuple(signature for signature in self.signatures if not self._false(signature, own.get))
        signed = msgspec.structs.replace(self, signatures=kept)
        if key.key_id in signed.signers:
            return signed
        compact = jws.detach(jws.sign(self.content, {"act": self.kind}, KIND, key))
        return msgspec.structs.replace(signed, signatures=(*kept, compact))

    def verified(self, key_of: Callable[[str], VerifyKey | None]) -> tuple[str, ...]:
        """Give the key ids whose signature holds, each once. Raises Tampered when one does not hold."""
        found = (self._signer(signature, key_of) for signature in self.signatures)
        return tuple(dict.fromkeys(key_id for key_id in found if key_id))

    def _signer(self, signature: str, key_of: Callable[[str], VerifyKey | None]) -> str | None:
        """Give the key id of a signature that holds, None where the key is not known. Raises Tampered."""
        parsed = jws.parse(signature, self.content)
        key = key_of(parsed.key_id)
        if key is None:
            return None
        parsed.verify(key, KIND)
        if parsed.header.get("act") != self.kind:
            raise Tampered(f"The signature of {parsed.key_id} is for another kind of act.")
        return parsed.key_id

    def _false(self, signature: str, key_of: Callable[[str], VerifyKey | None]) -> bool:
        try:
            self._signer(signature, key_of)
        except Tampered:
            return True
        return False


def act(kind: str, content: Any) -> SignedAct:
    """Make an act that nobody has signed yet."""
    return SignedAct(kind=kind, payload=b64url(canonical(content)))


def operator_name(key_id: str) -> str:
    """Give the operator of a key id `operator:<name>#<key>`; two keys of one operator are one operator."""
    return key_id.removeprefix(OPERATOR_PREFIX).split("#")[0]


def count_operators(signed: SignedAct, operators: Mapping[str, VerifyKey]) -> int:
    """Count the different operators whose signature holds. Raises Tampered when a signature does not hold."""
    return len({operator_name(key_id) for key_id in signed.verified(operators.get)})


def read_registration(signed: SignedAct) -> Registration:
    """Give what the act registers; the signatures are not checked here. Raises InvalidValue."""
    content = signed.content
    try:
        registration = msgspec.json.decode(content, type=Registration)
    except UNREADABLE as error:
        raise InvalidValue(f"This registers no key: {error}") from error
    if canonical(msgspec.json.decode(content)) != content:
        raise InvalidValue("This registers no key: it is not in canonical form.")
    return registration


def verify_registration(
    signed: SignedAct, operators: Mapping[str, VerifyKey], signing_key: Callable[[str], VerifyKey | None]
) -> Registration:
    """Give the registration when two operators and the key (or a signing key of the institution) signed it.

    `signing_key` finds signing keys of institutions that are already proven. Raises Tampered when it does not count,
    InvalidValue when it is no registration.
    """
    registration = read_registration(signed)
    if signed.kind != "register-key" or count_operators(signed, operators) < 2:  # noqa: PLR2004 - the four-eyes rule
        raise Tampered("The registration is not signed by two operators.")

    def institution_key(key_id: str) -> VerifyKey | None:
        if registration.use is not KeyUse.SEAL:
            return VerifyKey(registration.jwk) if key_id == registration.key_id else None
        return signing_key(key_id) if key_id.split("#", maxsplit=1)[0] == registration.institution else None

    if not signed.verified(institution_key):
        raise Tampered(
            "The registration is not signed by the key itself, or for a sealing key by a key of its institution."
        )
    return registration
