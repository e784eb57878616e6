"""HTTP signatures: the general library reads ours and we read its; whatever is changed on the way is noticed."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
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
    Signature,
    SignatureRejected,
    check_fresh,
    content_digest,
    find_signature,
    new_nonce,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)

KEY = SigningKey.generate("pcsa-ghent#sign-1")
HUB = SigningKey.generate("crossroads#sign-1")
PUBLIC, HUB_PUBLIC = VerifyKey(KEY.jwk), VerifyKey(HUB.jwk)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://hub.example/v1/exchanges"
BODY = b'{"ssin":"80631512393"}'
JSON = {"content-type": "application/json"}
COVERED = ("@method", "@target-uri", "content-type", "content-digest")
PARAMETERS = {'"@signature-params"'}
OF_REQUEST = ('"@method";req', '"@target-uri";req', '"content-digest";req', '"signature";req')


def signed(body: bytes | None = BODY, **changes: Any) -> Request:
    plain = Request("GET", URL, {}, None) if body is None else Request("POST", URL, JSON, body)
    headers = {**plain.headers, **sign_request(KEY, plain, NOW)}
    return plain._replace(headers=headers)._replace(**changes)


def answered(request: Request, status: int = 200, body: bytes = b'{"ok":1}') -> dict[str, str]:
    return JSON | sign_answer(HUB, request, status, JSON["content-type"], body, NOW)


def check(request: Request, now: datetime = NOW) -> Signature:
    signature = find_signature(request.headers)
    check_fresh(signature, now)
    verify_request(signature, PUBLIC, request)
    return signature


def refused(request: Request, now: datetime = NOW) -> Code | None:
    with pytest.raises(SignatureRejected) as caught:
        check(request, now)
    return caught.value.code


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


REQUEST = signed()


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


def crafted(components: str, parameters: str, body: bytes | None = BODY) -> Request:
    """Sign whatever is given as signature input, right or wrong, with a key that holds."""
    names = {"@method": "POST", "@target-uri": URL, **JSON, "content-digest": content_digest(BODY)}
    lines = [f'"{name}": {value}' for name, value in names.items() if f'"{name}"' in components]
    base = "\n".join([*lines, f'"@signature-params": {components}{parameters}'])
    headers = JSON | {
        "content-digest": content_digest(BODY),
        "signature-input": f"crossroads={components}{parameters}",
        "signature": f"crossroads=:{b64encode(KEY.sign(base.encode())).decode()}:",
    }
    return Request("POST", URL, headers, body)


ALL = '("@method" "@target-uri" "content-type" "content-digest")'
CREATED = f";created={int(NOW.timestamp())}"
KEYID, NONCE, TAG = ';keyid="pcsa-ghent#sign-1"', ';nonce="0123456789abcdef"', ';tag="crossroads"'


def test_the_crafted_form_itself_is_right() -> None:
    assert check(crafted(ALL, CREATED + KEYID + NONCE + TAG)).nonce == "0123456789abcdef"
    assert check(crafted(ALL, TAG + ';alg="ecdsa-p256-sha256"' + NONCE + KEYID + CREATED)).key_id == KEY.key_id


@pytest.mark.parametrize(
    "components",
    [
        "()",
        '("@method")',
        '("@method" "@target-uri")',
        '("@method" "@target-uri" "content-type")',
        '("@method" "@method" "@target-uri" "content-type" "content-digest")',
        '("@method" "@method" "content-type" "content-digest")',
        '("@method" "@path" "content-type" "content-digest")',
        '("@method" "@target-uri" content-type "content-digest")',
        '("@method" "@target-uri" "content-type" "content-digest";req)',
        '("@method" "@target-uri" "content-type" "content-digest";sf)',
        '("@method";req=?0 "@target-uri" "content-type" "content-digest")',
        '("@method" "@target-uri" "Content-Type" "content-digest")',
        '("@method" "@target-uri" "content-type" "content-digest" "date")',
    ],
)
def test_a_signature_covers_exactly_what_it_must(components: str) -> None:
    assert refused(crafted(components, CREATED + KEYID + NONCE + TAG)) is Code.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "parameters",
    [
        KEYID + NONCE + TAG,
        CREATED + NONCE + TAG,
        CREATED + KEYID + TAG,
        CREATED + KEYID + NONCE,
        CREATED + KEYID + NONCE + ';tag="other"',
        CREATED + KEYID + ';nonce="short"' + TAG,
        CREATED + KEYID + f';nonce="{"x" * 65}"' + TAG,
        CREATED + KEYID + ";nonce=0123456789abcdef" + TAG,
        CREATED + KEYID + ";nonce=n0123456789abcdef" + TAG,
        CREATED + KEYID + ';nonce=%"0123456789abcdef"' + TAG,
        CREATED + ";keyid=pcsa-ghent#sign-1" + NONCE + TAG,
        CREATED + ';keyid="pcsa-ghent"' + NONCE + TAG,
        CREATED + ";keyid=1" + NONCE + TAG,
        CREATED + ";keyid" + NONCE + TAG,
        ";created=?1" + KEYID + NONCE + TAG,
        f";created={int(NOW.timestamp())}.0" + KEYID + NONCE + TAG,
        f";created=@{int(NOW.timestamp())}" + KEYID + NONCE + TAG,
        f';created="{int(NOW.timestamp())}"' + KEYID + NONCE + TAG,
        CREATED + CREATED + KEYID + NONCE + TAG,
        CREATED + KEYID + NONCE + NONCE + TAG,
        CREATED + KEYID + NONCE + TAG + ";expires=1",
        CREATED + KEYID + NONCE + TAG + f";expires={int(NOW.timestamp()) + 60}",
        CREATED + KEYID + NONCE + TAG + ";more",
        CREATED + KEYID + NONCE + TAG + ';alg="hmac-sha256"',
        CREATED + KEYID + NONCE + TAG + ';alg="none"',
        CREATED + KEYID + NONCE + TAG + ";alg",
    ],
)
def test_the_parameters_have_one_form(parameters: str) -> None:
    assert refused(crafted(ALL, parameters)) is Code.SIGNATURE_MISSING


@pytest.mark.parametrize("created", ["-999999999999999", "999999999999999", "0"])
def test_a_moment_out_of_all_bounds_is_merely_stale(created: str) -> None:
    assert refused(crafted(ALL, f";created={created}" + KEYID + NONCE + TAG)) is Code.CLOCK_SKEW


def test_a_key_id_is_taken_whole() -> None:
    odd = crafted(ALL, CREATED + ';keyid="pcsa-ghent#sign-1#b"' + NONCE + TAG)
    assert find_signature(odd.headers).key_id == "pcsa-ghent#sign-1#b"


def test_signatures_of_others_do_not_disturb_and_two_of_ours_do() -> None:
    inputs, value = REQUEST.headers["signature-input"], REQUEST.headers["signature"]
    other = '("@method");created=1;keyid="proxy";tag="proxy"'
    beside = {"signature-input": f"a={other}, {inputs}, z={other}", "signature": f"a=:AA==:, {value}, z=:AA==:"}
    assert check(REQUEST._replace(headers={**REQUEST.headers, **beside})).key_id == KEY.key_id
    ours = inputs.removeprefix("crossroads=")
    signature = value.removeprefix("crossroads=")
    for label in ("second", "crossroads"):
        twice = {"signature-input": f"{inputs}, {label}={ours}", "signature": f"{value}, {label}={signature}"}
        assert refused(REQUEST._replace(headers={**REQUEST.headers, **twice})) is Code.SIGNATURE_MISSING


@pytest.mark.parametrize(
    "value", ["crossroads", "crossroads=1", 'crossroads="AA=="', "crossroads=(:AA==:)", "other=:AA==:"]
)
def test_a_signature_is_a_byte_sequence_under_its_label(value: str) -> None:
    assert refused(REQUEST._replace(headers={**REQUEST.headers, "signature": value})) is Code.SIGNATURE_MISSING


@pytest.mark.parametrize("body", [None, BODY], ids=["without body", "with body"])
def test_a_signature_is_read_the_same_however_it_is_written(body: bytes | None) -> None:
    request = signed(body)
    usual, inputs = check(request), request.headers["signature-input"]
    for other in (f"{inputs} ", inputs.replace("(", "( "), inputs.replace(";", "; "), inputs.replace('" "', '"  "')):
        assert check(request._replace(headers={**request.headers, "signature-input": other})) == usual


def test_headers_beyond_the_limit_are_not_read() -> None:
    for name in ("signature", "signature-input"):
        long = REQUEST.headers[name] + " " * 5000
        assert refused(REQUEST._replace(headers={**REQUEST.headers, name: long})) is Code.SIGNATURE_MISSING


fields = (
    st.text(max_size=80)
    | st.text('crosad=();:"@?.-,*%1 tgkeyid#', max_size=80)
    | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))
)
items = st.sampled_from(
    ["1", "1.5", '"a"', "tok", ":AA==:", "?1", "@1", '%"a"', "()", '("@method")', '("@method";req)', "(1 2)"]
)
parameters = st.lists(
    st.tuples(
        st.sampled_from(["created", "keyid", "nonce", "tag", "alg", "req", "*x"]), items | st.just('"crossroads"')
    ),
    max_size=6,
).map(lambda pairs: "".join(f";{name}={value}" for name, value in pairs))
wellformed = st.lists(st.tuples(st.sampled_from(["crossroads", "a", "*"]), items, parameters), max_size=3).map(
    lambda members: ", ".join(f"{label}={item}{rest}" for label, item, rest in members)
)


@given(fields | wellformed, fields | wellformed)
def test_malformed_fields_raise_nothing_but_a_refusal(inputs: str, value: str) -> None:
    for headers in (
        {"signature-input": inputs, "signature": value},
        {"signature-input": inputs, "signature": REQUEST.headers["signature"]},
        {"signature-input": REQUEST.headers["signature-input"], "signature": value},
        {"signature-input": f"crossroads={inputs}{TAG}", "signature": REQUEST.headers["signature"]},
    ):
        request = REQUEST._replace(headers={**REQUEST.headers, **headers})
        assert refused(request) in {Code.SIGNATURE_MISSING, Code.SIGNATURE_INVALID, Code.CLOCK_SKEW}
        with pytest.raises(SignatureRejected):
            verify_answer(HUB_PUBLIC, REQUEST, 200, headers, b"")


def test_the_bytes_of_a_signature_are_r_and_s() -> None:
    value = REQUEST.headers["signature"].removeprefix("crossroads=:").removesuffix(":")
    assert len(b64decode(value)) == 64
    assert len({new_nonce() for _ in range(100)}) == 100
