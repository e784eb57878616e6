"""Requests and answers signed with fixed names, and their verification."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crossroads.kernel.codes import Code
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.signatures import (
    Request,
    Signature,
    SignatureRejected,
    check_fresh,
    find_signature,
    sign_answer,
    sign_request,
    verify_request,
)

KEY = SigningKey.generate("pcsa-ghent#sign-1")
HUB = SigningKey.generate("crossroads#sign-1")
PUBLIC, HUB_PUBLIC = VerifyKey(KEY.jwk), VerifyKey(HUB.jwk)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://hub.example/v1/exchanges"
BODY = b'{"ssin":"80631512393"}'
JSON = {"content-type": "application/json"}


def signed(body: bytes | None = BODY, **changes: Any) -> Request:
    """Give a signed request, changed after that as asked."""
    plain = Request("GET", URL, {}, None) if body is None else Request("POST", URL, JSON, body)
    headers = {**plain.headers, **sign_request(KEY, plain, NOW)}
    return plain._replace(headers=headers)._replace(**changes)


def answered(request: Request, status: int = 200, body: bytes = b'{"ok":1}') -> dict[str, str]:
    """Give the headers of a signed answer."""
    return JSON | sign_answer(HUB, request, status, JSON["content-type"], body, NOW)


def check(request: Request, now: datetime = NOW) -> Signature:
    """Verify a request as the hub does, and give its signature."""
    signature = find_signature(request.headers)
    check_fresh(signature, now)
    verify_request(signature, PUBLIC, request)
    return signature


def refused(request: Request, now: datetime = NOW) -> Code | None:
    """Give the code with which a request is refused; fails on one that is not."""
    with pytest.raises(SignatureRejected) as caught:
        check(request, now)
    return caught.value.code


REQUEST = signed()
