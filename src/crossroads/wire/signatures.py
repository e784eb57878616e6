"""HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530), ECDSA P-256, tag `crossroads`.

A request with a body covers @method, @target-uri, content-type, content-digest; one without covers the first two. An
answer covers @status, content-type, content-digest and, of its request, @method, @target-uri, content-digest (where it
had a body) and signature, so that no answer can be passed off as the answer to another question. `@target-uri` is what
the server calls itself in its configuration; the Host header is never trusted.
"""

import hashlib
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import http_sf

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.sentences import Sentence, together
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SigningKey, VerifyKey

TAG = "crossroads"
LABEL = "crossroads"
MAXIMUM_AGE = 60
"""Seconds a signature may be old."""
MAXIMUM_AHEAD = 5
"""Seconds a signature may lie in the future."""
MAXIMUM_HEADER = 4096
"""Characters of each of the two headers of a signature."""

_PARAMETERS = {"created", "keyid", "nonce", "tag", "alg"}
_NONCE_BYTES = 18
_NONCE_LENGTH = range(16, 65)

Component = tuple[str, dict[str, Any]]


class Covered(NamedTuple):
    """What a signature covers: the components, and how a header says it."""

    components: list[Component]
    text: str


def _covering(*components: Component) -> Covered:
    return Covered(list(components), _serialized(list(components), {}))


def _serialized(components: list[Component], parameters: dict[str, Any]) -> str:
    members: Any = [(components, parameters)]
    return str(http_sf.ser(members))


_TARGET: tuple[Component, ...] = (("@method", {}), ("@target-uri", {}))
_CONTENT: tuple[Component, ...] = (("content-type", {}), ("content-digest", {}))
_ANSWER: tuple[Component, ...] = (
    ("@status", {}),
    *_CONTENT,
    ("@method", {"req": True}),
    ("@target-uri", {"req": True}),
)
_OF_REQUEST: tuple[Component, ...] = (("content-digest", {"req": True}), ("signature", {"req": True}))
_WITHOUT_BODY = _covering(*_TARGET)
_WITH_BODY = _covering(*_TARGET, *_CONTENT)
_ANSWER_WITHOUT_BODY = _covering(*_ANSWER, *_OF_REQUEST[1:])
_ANSWER_WITH_BODY = _covering(*_ANSWER, *_OF_REQUEST)

# Nearly all signatures are written just as this module writes them, and are read ten times as fast; any other form is
# read by the library.
_USUAL = {covered.text: covered for covered in (_WITHOUT_BODY, _WITH_BODY, _ANSWER_WITHOUT_BODY, _ANSWER_WITH_BODY)}
_USUAL_INPUT = re.compile(
    rf"{LABEL}=(?P<text>(?P<covered>\([^()]*\));created=(?P<created>[1-9][0-9]{{0,14}})"
    rf';keyid="(?P<keyid>[!#-\[\]-~]*)";nonce="(?P<nonce>[!#-\[\]-~]*)";tag="{TAG}")'
)
_USUAL_VALUE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{85}}[AQgw]==):")


class SignatureRejected(CrossroadsError):
    """A message is not authentic, or not fresh. `code` says which; `key_id` is the key it claims, where readable."""

    def __init__(self, code: Code, detail: str = "", key_id: str | None = None) -> None:
        """Keep the code; the message is its description and the detail."""
        super().__init__(together(code.description, detail), code=code)
        self.key_id = key_id


class Signature(NamedTuple):
    """A signature as it was found in the headers, not yet verified."""

    components: list[Component]
    parameters: dict[str, Any]
    value: bytes
    text: str
    """Components and parameters, as the signature covers them."""

    @property
    def key_id(self) -> str:
        """The key that is said to have signed."""
        return str(self.parameters.get("keyid", ""))

    @property
    def nonce(self) -> str:
        """What makes the message the only one of its kind."""
        return str(self.parameters.get("nonce", ""))

    @property
    def created(self) -> int:
        """Seconds since 1970 at which it is said to have been signed."""
        return int(self.parameters.get("created", 0))


class Request(NamedTuple):
    """The signed parts of a request. `body` is None where there is none; header names are lower case."""

    method: str
    target_uri: str
    headers: Mapping[str, str]
    body: bytes | None


def content_digest(body: bytes) -> str:
    """Give the Content-Digest header of a body."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def evidence(headers: Mapping[str, str]) -> dict[str, str]:
    """Give what a log keeps of a signed message, so that its signature can be checked again beside the body."""
    kept = {"input": "signature-input", "value": "signature", "contentDigest": "content-digest"}
    return {name: headers[header] for name, header in kept.items() if header in headers}


def new_nonce() -> str:
    """Make a nonce of 144 random bits."""
    return b64url(os.urandom(_NONCE_BYTES))


def sign_request(key: SigningKey, request: Request, created: datetime, nonce: str | None = None) -> dict[str, str]:
    """Give the headers to add to a request."""
    headers = {} if request.body is None else {"content-digest": content_digest(request.body)}
    covered = _WITH_BODY if headers else _WITHOUT_BODY
    values = {**request.headers, **headers, "@method": request.method, "@target-uri": request.target_uri}
    return headers | _sign(key, covered, values, {}, created, nonce or new_nonce())


def sign_answer(
    key: SigningKey, request: Request, status: int, content_type: str, body: bytes, created: datetime
) -> dict[str, str]:
    """Give the headers to add to an answer: it is bound to the signed request."""
    headers = {"content-digest": content_digest(body)}
    values = {"@status": str(status), "content-type": content_type, **headers}
    return headers | _sign(key, _of_answer(request), values, _request_values(request), created, new_nonce())


def find_signature(headers: Mapping[str, str]) -> Signature:
    """Find the signature with our tag. Raises SignatureRejected when there is none of the right form."""
    inputs, values = headers.get("signature-input", ""), headers.get("signature", "")
    if not inputs or not values or max(len(inputs), len(values)) > MAXIMUM_HEADER:
        raise SignatureRejected(Code.SIGNATURE_MISSING)
    return _checked(_usual_form(inputs, values) or _any_form(inputs, values))


def _usual_form(inputs: str, values: str) -> Signature | None:
    found, value = _USUAL_INPUT.fullmatch(inputs), _USUAL_VALUE.fullmatch(values)
    covered = _USUAL.get(found["covered"]) if found else None
    if found is None or value is None or covered is None:
        return None
    parameters = {"created": int(found["created"]), "keyid": found["keyid"], "nonce": found["nonce"], "tag": TAG}
    return Signature(covered.components, parameters, b64decode(value[1]), found["text"])


def _any_form(inputs: str, values: str) -> Signature:
    value_members = _dictionary(values)
    ours = {label: member for label, member in _dictionary(inputs).items() if member[1].get("tag") == TAG}
    if len(ours) != 1:
        raise SignatureRejected(
            Code.SIGNATURE_MISSING, Sentence('There must be one signature with the tag "%(tag)s".', tag=TAG)
        )
    ((label, (components, parameters)),) = ours.items()
    value = value_members.get(label, (None, {}))[0]
    if not isinstance(components, list) or not isinstance(value, bytes):
        raise SignatureRejected(Code.SIGNATURE_MISSING, "Signature or Signature-Input is of another form.")
    try:
        return Signature(components, parameters, value, _serialized(components, parameters))
    except (ValueError, TypeError) as error:
        raise SignatureRejected(Code.SIGNATURE_MISSING, "Signature-Input is of another form.") from error


def check_fresh(signature: Signature, now: datetime) -> None:
    """Refuse a signature that is too old or from the future. Raises SignatureRejected."""
    age = now.timestamp() - signature.created
    if age > MAXIMUM_AGE or age < -MAXIMUM_AHEAD:
        raise SignatureRejected(Code.CLOCK_SKEW, Sentence("Its age is %(age).0f s.", age=age), signature.key_id)


def verify_request(signature: Signature, key: VerifyKey, request: Request) -> None:
    """Check the signature over a request as it was received. Raises SignatureRejected."""
    expected = _WITHOUT_BODY if request.body is None else _WITH_BODY
    _verify(signature, key, expected, _request_values(request), {}, request.body)


def verify_answer(key: VerifyKey, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> Signature:
    """Check that an answer is the signed answer to exactly this request. Raises SignatureRejected."""
    signature = find_signature(headers)
    values = {**headers, "@status": str(status)}
    _verify(signature, key, _of_answer(request), values, _request_values(request), body)
    return signature


def _dictionary(header: str) -> dict[str, Any]:
    """Read a structured field (RFC 9651): each member with its parameters."""
    try:
        members: Any = http_sf.parse(header.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_repeated)
    except (ValueError, TypeError) as error:
        raise SignatureRejected(Code.SIGNATURE_MISSING, "Signature or Signature-Input cannot be read.") from error
    return dict(members)


def _refuse_repeated(name: str, _context: str) -> None:
    raise ValueError(f"{name} is repeated.")


def _checked(signature: Signature) -> Signature:
    parameters = signature.parameters
    created, nonce, keyid = (parameters.get(name) for name in ("created", "nonce", "keyid"))
    if type(created) is not int or not isinstance(nonce, str) or len(nonce) not in _NONCE_LENGTH:
        raise SignatureRejected(Code.SIGNATURE_MISSING, "It needs created, keyid and a nonce of 16 to 64 characters.")
    if not parameters.keys() <= _PARAMETERS:
        # What is signed and not understood (`expires`, say) must not be passed over.
        raise SignatureRejected(Code.SIGNATURE_MISSING, "It has other parameters than created, keyid, nonce, tag, alg.")
    if parameters.get("alg", "ecdsa-p256-sha256") != "ecdsa-p256-sha256" or not _names_key(keyid):
        raise SignatureRejected(Code.SIGNATURE_MISSING, "keyid is <institution>#<key>, and alg ecdsa-p256-sha256.")
    return signature


def _names_key(keyid: Any) -> bool:
    return isinstance(keyid, str) and "#" in keyid


def _of_answer(request: Request) -> Covered:
    return _ANSWER_WITHOUT_BODY if request.body is None else _ANSWER_WITH_BODY


def _request_values(request: Request) -> dict[str, str]:
    return {**request.headers, "@method": request.method, "@target-uri": request.target_uri}


def _sign(
    key: SigningKey,
    covered: Covered,
    values: Mapping[str, str],
    of_request: Mapping[str, str],
    created: datetime,
    nonce: str,
) -> dict[str, str]:
    text = f'{covered.text};created={int(created.timestamp())};keyid="{key.key_id}";nonce="{nonce}";tag="{TAG}"'
    signature = key.sign(_base(covered.components, values, of_request, text))
    return {
        "signature-input": f"{LABEL}={text}",
        "signature": f"{LABEL}=:{b64encode(signature).decode('ascii')}:",
    }


def _verify(
    signature: Signature,
    key: VerifyKey,
    expected: Covered,
    values: Mapping[str, str],
    of_request: Mapping[str, str],
    body: bytes | None,
) -> None:
    if not _covers(signature, expected):
        names = ", ".join(name for name, _ in expected.components)
        raise SignatureRejected(
            Code.SIGNATURE_INVALID, Sentence("It must cover exactly %(names)s.", names=names), signature.key_id
        )
    try:
        key.verify(signature.value, _base(signature.components, values, of_request, signature.text))
    except KeyError as error:
        raise SignatureRejected(
            Code.SIGNATURE_INVALID, Sentence("%(name)s is missing.", name=error), signature.key_id
        ) from error
    except (CrossroadsError, UnicodeEncodeError) as error:
        raise SignatureRejected(Code.SIGNATURE_INVALID, key_id=signature.key_id) from error
    if body is not None and values["content-digest"] != content_digest(body):
        raise SignatureRejected(Code.DIGEST_MISMATCH, key_id=signature.key_id)


def _covers(signature: Signature, expected: Covered) -> bool:
    components = signature.components
    return components is expected.components or sorted(map(str, components)) == sorted(map(str, expected.components))


def _base(components: list[Component], values: Mapping[str, str], of_request: Mapping[str, str], text: str) -> bytes:
    lines = []
    for name, parameters in components:
        if parameters:
            lines.append(f'"{name}";req: {of_request[name]}')
        else:
            lines.append(f'"{name}": {values[name]}')
    lines.append(f'"@signature-params": {text}')
    return "\n".join(lines).encode("ascii")
