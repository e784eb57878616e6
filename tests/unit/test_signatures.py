"""HTTP signatures: the general library reads ours and we read its; whatever is changed on the way is noticed."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import http_message_signatures as library
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import assume, given
from hypothesis import strategies as st

from crossroads.kernel.codes import Code
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.signatures import (
    Request,
    SignatureRejected,
    content_digest,
    find_signature,
    new_nonce,
    sign_request,
    verify_answer,
    verify_request,
)
from signed import BODY, HUB, HUB_PUBLIC, JSON, KEY, NOW, PUBLIC, REQUEST, URL, answered, check, refused, signed

COVERED = ("@method", "@target-uri", "content-type", "content-digest")
PARAMETERS = {'"@signature-params"'}
OF_REQUEST = ('"@method";req', '"@target-uri";req', '"content-digest";req', '"signature";req')


def message(request: Request) -> Any:
    return SimpleNamespace(method=request.method, url=request.target_uri, headers=dict(request.headers))


class Resolver(library.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> ec.EllipticCurvePublicKey:
        return {KEY.key_id: KEY, HUB.key_id: HUB}[key_id]._private.public_key()

    def resolve_private_key(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        return {KEY.key_id: KEY, HUB.key_id: HUB}[key_id]._private


SIGNER = library.HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Resolver())
VERIFIER = library.HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Resolver())

bodies = st.none() | st.binary(max_size=50)
paths = st.from_regex(r"/[a-zA-Z0-9/._~-]{0,20}(\?[a-z0-9=&%]{0,0}[a-z0-9=&]{0,10})?", fullmatch=True)


@given(bodies, paths)
def test_the_library_reads_what_we_sign(body: bytes | None, path: str) -> None:
    plain = Request("GET" if body is None else "POST", f"https://hub.example{path}", {} if body is None else JSON, body)
    request = plain._replace(headers={**plain.headers, **sign_request(KEY, plain, NOW)})
    (result,) = VERIFIER.verify(message(request), expect_tag="crossroads", max_age=None, body=body)
    assert set(result.covered_components) - PARAMETERS == {
        f'"{name}"' for name in (COVERED[:2] if body is None else COVERED)
    }
    assert check(request).key_id == result.parameters["keyid"] == KEY.key_id


@given(bodies, st.permutations(COVERED), st.booleans(), st.sampled_from(["crossroads", "pyhms", "sig1"]))
def test_we_read_what_the_library_signs(body: bytes | None, order: list[str], with_alg: bool, label: str) -> None:
    covered = [name for name in order if body is not None or name in COVERED[:2]]
    request = Request("GET", URL, {}, None) if body is None else Request("POST", URL, JSON, body)
    theirs = message(request)
    if body is not None:
        theirs.headers["content-digest"] = content_digest(body)
    SIGNER.sign(
        theirs,
        key_id=KEY.key_id,
        created=NOW,
        nonce=new_nonce(),
        label=label,
        tag="crossroads",
        include_alg=with_alg,
        covered_component_ids=covered,
        use_existing_digest=body is not None,
    )
    headers = {name.lower(): value for name, value in theirs.headers.items()}
    assert check(request._replace(headers=headers)).key_id == KEY.key_id


@given(bodies, st.sampled_from([200, 400, 500]), st.binary(max_size=50))
def test_the_library_reads_the_answers_that_we_sign(body: bytes | None, status: int, content: bytes) -> None:
    request = signed(body)
    answer = SimpleNamespace(
        status_code=status, headers=answered(request, status, content), request=message(request), url=URL
    )
    (result,) = VERIFIER.verify(answer, expect_tag="crossroads", max_age=None, body=content)
    names = {'"@status"', '"content-type"', '"content-digest"', *OF_REQUEST}
    assert set(result.covered_components) - PARAMETERS == names - ({'"content-digest";req'} if body is None else set())


@given(bodies, st.binary(max_size=50))
def test_we_read_the_answers_that_the_library_signs(body: bytes | None, content: bytes) -> None:
    request = signed(body)
    answer = SimpleNamespace(
        status_code=200, headers=JSON | {"content-digest": content_digest(content)}, request=message(request), url=URL
    )
    of_request = [name for name in OF_REQUEST if body is not None or "digest" not in name]
    covered = ["@status", "content-type", "content-digest", *of_request]
    SIGNER.sign(
        answer,
        key_id=HUB.key_id,
        created=NOW,
        nonce=new_nonce(),
        tag="crossroads",
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert verify_answer(HUB_PUBLIC, request, 200, headers, content).key_id == HUB.key_id


@given(st.integers(0, len(BODY)), st.binary(min_size=1, max_size=3))
def test_no_byte_of_a_body_can_change(place: int, other: bytes) -> None:
    changed = BODY[:place] + other + BODY[place + 1 :]
    assume(changed != BODY)
    assert refused(REQUEST._replace(body=changed)) is Code.DIGEST_MISMATCH
    digest = REQUEST.headers | {"content-digest": content_digest(changed)}  # type: ignore[operator] # it is a dict
    assert refused(REQUEST._replace(body=changed, headers=digest)) is Code.SIGNATURE_INVALID


@given(st.text(max_size=4), st.integers(0, len(URL)))
def test_no_character_of_method_or_address_can_change(other: str, place: int) -> None:
    method, url = f"P{other}T", URL[:place] + other + URL[place + 1 :]
    assume(method != "POST" and url != URL)
    assert refused(REQUEST._replace(method=method)) is Code.SIGNATURE_INVALID
    assert refused(REQUEST._replace(target_uri=url)) is Code.SIGNATURE_INVALID


@given(st.sampled_from(sorted(REQUEST.headers)), st.data())
def test_no_character_of_a_signed_header_can_change(name: str, data: st.DataObject) -> None:
    value = REQUEST.headers[name]
    place = data.draw(st.integers(0, len(value) - 1))
    char = data.draw(st.characters())
    assume(value[place] != char)
    changed = value[:place] + char + value[place + 1 :]
    request = REQUEST._replace(headers={**REQUEST.headers, name: changed})
    assert refused(request) in {Code.SIGNATURE_INVALID, Code.SIGNATURE_MISSING, Code.CLOCK_SKEW}


@pytest.mark.parametrize("name", sorted(REQUEST.headers))
@pytest.mark.parametrize("value", [None, "", " ", "\n", "é", "€"])
def test_a_signed_header_that_is_missing_or_empty_is_noticed(name: str, value: str | None) -> None:
    headers = {one: other for one, other in REQUEST.headers.items() if one != name}
    request = REQUEST._replace(headers=headers if value is None else {**headers, name: value})
    missing = name.startswith("signature")
    assert refused(request) is (Code.SIGNATURE_MISSING if missing else Code.SIGNATURE_INVALID)


def test_a_header_cannot_pose_as_method_or_status() -> None:
    posing = REQUEST._replace(method="DELETE", headers={**REQUEST.headers, "@method": "POST"})
    assert refused(posing) is Code.SIGNATURE_INVALID
    headers = answered(REQUEST) | {"@status": "200"}
    with pytest.raises(SignatureRejected):
        verify_answer(HUB_PUBLIC, REQUEST, 500, headers, b'{"ok":1}')


def test_a_body_can_be_neither_added_nor_taken_away() -> None:
    assert refused(REQUEST._replace(body=None)) is Code.SIGNATURE_INVALID
    assert refused(signed(None)._replace(body=BODY)) is Code.SIGNATURE_INVALID
    assert refused(REQUEST._replace(body=b"")) is Code.DIGEST_MISMATCH


def test_another_key_of_the_same_name_does_not_sign() -> None:
    request = signed()
    with pytest.raises(SignatureRejected, match="does not hold") as caught:
        verify_request(find_signature(request.headers), VerifyKey(SigningKey.generate(KEY.key_id).jwk), request)
    assert (caught.value.code, caught.value.key_id) == (Code.SIGNATURE_INVALID, KEY.key_id)


@pytest.mark.parametrize(("age", "fresh"), [(61, False), (60, True), (0, True), (-5, True), (-6, False)])
def test_a_signature_is_fresh_for_a_minute(age: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=age)
    if fresh:
        assert check(REQUEST, now).created == NOW.timestamp()
    else:
        assert refused(REQUEST, now) is Code.CLOCK_SKEW


def test_an_answer_belongs_to_its_request_alone() -> None:
    first, second = signed(), signed()
    headers = answered(first)
    verify_answer(HUB_PUBLIC, first, 200, headers, b'{"ok":1}')
    others = (second, first._replace(method="PUT"), first._replace(target_uri=URL + "/"), signed(None), signed(b"{}"))
    for other in others:
        with pytest.raises(SignatureRejected) as caught:
            verify_answer(HUB_PUBLIC, other, 200, headers, b'{"ok":1}')
        assert caught.value.code is Code.SIGNATURE_INVALID


@pytest.mark.parametrize(
    ("status", "changes", "body", "code"),
    [
        (201, {}, b'{"ok":1}', Code.SIGNATURE_INVALID),
        (200, {}, b'{"ok":2}', Code.DIGEST_MISMATCH),
        (200, {"content-digest": content_digest(b'{"ok":2}')}, b'{"ok":2}', Code.SIGNATURE_INVALID),
        (200, {"content-type": "text/html"}, b'{"ok":1}', Code.SIGNATURE_INVALID),
        (200, {"signature": ""}, b'{"ok":1}', Code.SIGNATURE_MISSING),
    ],
)
def test_an_altered_answer_is_noticed(status: int, changes: dict[str, str], body: bytes, code: Code) -> None:
    with pytest.raises(SignatureRejected) as caught:
        verify_answer(HUB_PUBLIC, REQUEST, status, answered(REQUEST) | changes, body)
    assert caught.value.code is code


def test_a_signed_request_is_no_signed_answer() -> None:
    with pytest.raises(SignatureRejected, match="cover exactly"):
        verify_answer(PUBLIC, REQUEST, 200, REQUEST.headers, BODY)
