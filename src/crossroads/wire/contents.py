"""The content of a change, signed by its source: whoever carries it in the clear can alter nothing of it.

A detached JWS over the content in canonical form. Its header says which change the content belongs to; the person
stands in it as HMAC-SHA256(nonce, SSIN), as in a block.
"""

import hmac
import os
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.canonical import b64url, canonical
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.mutations import Change, Mutation

KIND = "crossroads-content+jws"
_NONCE_BYTES = 16


class ContentClaims(NamedTuple):
    """The change that content belongs to."""

    ssin: str
    """As it was notified."""
    data_group: str
    source: str
    period: Period
    kind: str
    happened_on: date
    wrong_since: datetime | None

    def header(self, nonce: str) -> dict[str, Any]:
        """Give the claims as header members."""
        return {
            "nonce": nonce,
            "subject": b64url(hmac.digest(nonce.encode(), self.ssin.encode(), "sha256")),
            "dataGroup": self.data_group,
            "source": self.source,
            "period": msgspec.to_builtins(self.period),
            "kind": self.kind,
            "happenedOn": self.happened_on.isoformat(),
            "wrongSince": _moment(self.wrong_since) if self.wrong_since else None,
        }


def claims_of(change: Mutation | Change, ssin: str, source: str) -> ContentClaims:
    """Give the claims of a change of a source about a person, by the number with which it was notified."""
    return ContentClaims(
        ssin=ssin,
        data_group=change.data_group,
        source=source,
        period=change.period,
        kind=change.kind.value,
        happened_on=change.happened_on,
        wrong_since=change.wrong_since,
    )


def sign_content(content: dict[str, Any], claims: ContentClaims, key: SigningKey) -> str:
    """Give the detached signature. Raises InvalidValue for content, or a moment, that has no canonical form."""
    header = claims.header(b64url(os.urandom(_NONCE_BYTES)))
    return jws.detach(jws.sign(canonical(content), header, KIND, key))


def signer_of(signature: str) -> str:
    """Give the id of the key that is said to have signed. Raises Tampered."""
    return jws.parse(signature, b"").key_id


def verify_content(signature: str, content: dict[str, Any], claims: ContentClaims, key: VerifyKey) -> None:
    """Check that the source signed exactly this content of exactly this change. Raises Tampered, InvalidValue."""
    signed = jws.parse(signature, canonical(content))
    signed.verify(key, KIND)
    if signed.key_id.split("#")[0] != claims.source:
        raise Tampered("The content is not signed with a key of its source.")
    nonce = signed.header.get("nonce")
    wanted = claims.header(nonce if isinstance(nonce, str) else "")
    for name, value in wanted.items():
        if signed.header.get(name) != value:
            raise Tampered(f"The content was signed for another change: its {name} differs.")


def _moment(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise InvalidValue("The moment lies at the edge of the calendar.") from error
