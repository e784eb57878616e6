"""The asker's statement: a signed account of its question, so that the hub cannot forge one.

Each data group stands in it only as a salted digest, the way of SD-JWT: a source gets the openings of the groups that
it is asked for, and learns nothing of what else was asked.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Annotated

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.errors import Tampered
from crossroads.kernel.identifiers import InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import Environment
from crossroads.wire import jws
from crossroads.wire.canonical import b64url
from crossroads.wire.decoding import UNREADABLE, refuse_repeated_members
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import Agent, Request, SsinText, Thumbprint

KIND = "crossroads-statement+jws"
MAXIMUM_LIFE = timedelta(seconds=300)
_AHEAD = timedelta(seconds=5)
_SALT_BYTES = 16

Nonce = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{16,64}\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]


class Statement(Request, frozen=True, kw_only=True):
    """What the asker signs. `checkpoint` is the newest of the hub's log that the asker has seen, empty when none."""

    asker: InstitutionId
    on_behalf_of: InstitutionId | None = None
    agent: Agent
    legal_context: LegalContextId
    ssin: SsinText
    data_groups: tuple[Digest, ...]
    period: Period | None = None
    reference_date: date | None = None
    encryption_key: Thumbprint
    nonce: Nonce
    issued_at: Moment
    expires_at: Moment
    installation: str
    environment: Environment
    checkpoint: Annotated[str, msgspec.Meta(max_length=1024)] = ""

    def subject(self, ssin: str) -> str:
        """Give the person's number as it stands in a block's header: useless to whoever lacks the statement."""
        return b64url(hmac.digest(self.nonce.encode(), ssin.encode(), "sha256"))

    def covers(self, group: str, salt: str) -> bool:
        """Tell whether the statement asks for the data group, given its salt."""
        return group_digest(group, salt) in self.data_groups

    def check_valid(self, now: datetime, installation: str, environment: Environment) -> None:
        """Refuse a statement that is expired, too long-lived or for another installation. Raises Tampered."""
        if (self.installation, self.environment) != (installation, environment):
            raise Tampered("The statement is for another installation.")
        if self.expires_at - self.issued_at > MAXIMUM_LIFE:
            raise Tampered(Sentence("A statement lives at most %(most)s s.", most=MAXIMUM_LIFE.seconds))
        if not self.issued_at <= now + _AHEAD or not now < self.expires_at:
            raise Tampered("The statement is not, or no longer, valid.")


_decoder = msgspec.json.Decoder(Statement)


def new_salts(groups: Iterable[str]) -> dict[str, str]:
    """Make a salt for each data group."""
    return {group: secrets.token_urlsafe(_SALT_BYTES) for group in groups}


def group_digest(group: str, salt: str) -> str:
    """Give the digest of the SD-JWT disclosure `[salt, "dataGroup", group]`, base64url."""
    disclosure = b64url(msgspec.json.encode([salt, "dataGroup", group]))
    return b64url(sha256(disclosure.encode("ascii")).digest())


def group_digests(openings: Mapping[str, str]) -> tuple[str, ...]:
    """Give the digests of all data groups, sorted so that their order says nothing."""
    return tuple(sorted(group_digest(group, salt) for group, salt in openings.items()))


def sign_statement(statement: Statement, key: SigningKey) -> str:
    """Give the statement as compact JWS."""
    return jws.sign(msgspec.json.encode(statement), {}, KIND, key)


def read_statement(compact: str) -> tuple[jws.Jws, Statement]:
    """Take a statement apart without verifying it. Raises Tampered."""
    parsed = jws.parse(compact)
    try:
        statement = _decoder.decode(parsed.payload)
        refuse_repeated_members(parsed.payload, statement)
    except (ValueError, *UNREADABLE):
        # Not `from error`: the message of the error may repeat what the statement says.
        raise Tampered("The statement has not the form of a statement.") from None
    return parsed, statement


def verify_statement(parsed: jws.Jws, statement: Statement, key: VerifyKey) -> None:
    """Check that the asker's own key signed it. Raises Tampered."""
    if parsed.key_id.split("#")[0] != statement.asker:
        raise Tampered("The statement is not signed with a key of the asker.")
    parsed.verify(key, KIND)
