"""Keys and endpoints as they are registered, and what founds an installation: by signed acts, never by YAML."""

import re
from datetime import datetime
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import Jwk, VerifyKey
from crossroads.wire.messages import Line
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.registrations import KeyUse, Registration, SignedAct, operator_name, read_registration

MINIMUM_OPERATORS = 2
"""Below this no act that needs two operators could ever be signed."""
_MAXIMUM_URL = 2048
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


class _Struct(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """The form shared by all."""


OperatorKeyId = Annotated[str, msgspec.Meta(pattern=r"^operator:[a-z0-9-]{1,40}#[a-z0-9-]{1,40}\Z")]


class OperatorKey(_Struct, frozen=True, kw_only=True):
    """A public key of an operator of the hub, `operator:<name>#<key>`."""

    key_id: OperatorKeyId
    jwk: Jwk
    revoked_at: datetime | None = None


class Genesis(_Struct, frozen=True, kw_only=True):
    """What the first entry of the log says: who may change this installation, and which key signs its log."""

    installation: Annotated[str, msgspec.Meta(min_length=2, max_length=100, pattern=Line)]
    environment: Environment
    hub: InstitutionId
    """The hub itself, which is an institution of the catalogue."""
    log_key: str
    """As a note verifier is written, `name+id+base64`."""
    operators: tuple[OperatorKey, ...]

    def __post_init__(self) -> None:
        """Refuse what no act could be signed for, or what nobody could verify."""
        NoteVerifier.parse(self.log_key)
        for operator in self.operators:
            VerifyKey(operator.jwk)
        if len({operator_name(operator.key_id) for operator in self.operators}) < MINIMUM_OPERATORS:
            raise InvalidValue("An installation has at least two different operators.")
        if len({operator.jwk.thumbprint for operator in self.operators}) < len(self.operators):
            raise InvalidValue("Two operators have the same key.")
        if len({operator.key_id for operator in self.operators}) < len(self.operators):
            raise InvalidValue("Two keys of operators have the same id.")


class OperatorRegistration(_Struct, frozen=True, kw_only=True):
    """The act `register-operator`: that one more key counts as that of an operator."""

    installation: str
    key_id: OperatorKeyId
    jwk: Jwk


class Revocation(_Struct, frozen=True, kw_only=True):
    """The act `revoke-key`: that a key counts no longer, at once."""

    installation: str
    key_id: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=Line)]


class EndpointRegistration(_Struct, frozen=True, kw_only=True):
    """The act `register-endpoint`: where an institution answers. `issued_at` keeps an old act from being used again."""

    installation: str
    institution: InstitutionId
    url: Annotated[str, msgspec.Meta(max_length=_MAXIMUM_URL)]
    issued_at: Moment

    def check_url(self, environment: Environment) -> None:
        """Refuse a URL that is not plain, or not encrypted outside a test environment. Raises InvalidValue."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise InvalidValue("The endpoint is not a URL, or its port is above 65535.") from error
        if port == 0:
            raise InvalidValue("Nobody answers at port 0.")
        allowed = ("https", "http") if environment is Environment.TEST else ("https",)
        if parts.scheme not in allowed:
            raise InvalidValue(f"The URL of an endpoint begins with {' or '.join(allowed)}.")
        if not parts.hostname or not _HOST.fullmatch(parts.netloc):
            raise InvalidValue("The URL of an endpoint names a host, and no user or password.")
        if "?" in self.url or "#" in self.url or not self.url.isprintable() or " " in self.url:
            raise InvalidValue("The URL of an endpoint has no query, fragment or blanks.")


class Endpoint(NamedTuple):
    """Where an institution answers, and when the act that says so was issued."""

    url: str
    issued_at: datetime


class LogPlace(NamedTuple):
    """Where in the log something was recorded."""

    stream: int
    entry: int


class RegisteredKey(NamedTuple):
    """A key of an institution, as it was registered and as it stands now."""

    registration: Registration
    act: SignedAct
    place: LogPlace
    verify: VerifyKey | None
    """What checks its signatures; None for a key to seal to."""
    signers: tuple[str, ...]
    """The key ids that are said to have signed its registration."""
    revoked_at: datetime | None = None

    @property
    def key_id(self) -> str:
        """`<institution>#<key>`."""
        return self.registration.key_id

    @property
    def thumbprint(self) -> str:
        """The thumbprint of the public key."""
        return self.registration.jwk.thumbprint

    def in_period(self, now: datetime) -> bool:
        """Tell whether the moment lies in the period for which the key was registered."""
        return self.registration.valid_from <= now < self.registration.valid_until

    def in_force(self, now: datetime) -> bool:
        """Tell whether the key counts. A revoked key never does, whatever the clock of this process says."""
        return self.revoked_at is None and self.in_period(now)


def registered(act: SignedAct, place: LogPlace) -> RegisteredKey:
    """Give the key that an act registered, with what checks its signatures."""
    registration = read_registration(act)
    verify = None if registration.use is KeyUse.SEAL else VerifyKey(registration.jwk)
    return RegisteredKey(registration, act, place, verify, act.signers)
