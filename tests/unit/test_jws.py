"""Signed JSON: what joserfc signs we read, what we sign it reads, and nothing else passes."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from joserfc import jws as oracle
from joserfc.jwk import ECKey

from crossroads.kernel.errors import Tampered
from crossroads.wire import jws
from crossroads.wire.canonical import b64url, from_b64url
from crossroads.wire.keys import SigningKey, VerifyKey

KIND = "crossroads-statement+jws"
KEY = SigningKey.generate("pcsa-ghent#sign-1")
PUBLIC = VerifyKey(KEY.jwk)
LENIENT = oracle.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
COMPACT = jws.sign(b'{"a":1}', {"ticket": "x"}, KIND, KEY)


def oracle_key(key: SigningKey) -> ECKey:
    return ECKey.import_key(key._private)


def compact(header: bytes, payload: bytes = b"{}", key: SigningKey = KEY) -> str:
    """Sign any header, right or wrong."""
    signing_input = f"{b64url(header)}.{b64url(payload)}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"


def accepted(text: str) -> bytes:
    parsed = jws.parse(text)
    parsed.verify(PUBLIC, KIND)
    return parsed.payload


def header(**changes: Any) -> bytes:
    members = {"alg": "ES256", "kid": KEY.key_id, "typ": KIND} | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@given(st.binary(max_size=200))
def test_the_library_reads_what_we_sign(payload: bytes) -> None:
    read = oracle.deserialize_compact(jws.sign(payload, {"ticket": "x"}, KIND, KEY), oracle_key(KEY), registry=LENIENT)
    assert read.payload == payload
    assert read.headers() == {"alg": "ES256", "kid": KEY.key_id, "typ": KIND, "ticket": "x"}


@given(st.binary(max_size=200))
def test_we_read_what_the_library_signs(payload: bytes) -> None:
    signed = oracle.serialize_compact({"alg": "ES256", "kid": KEY.key_id, "typ": KIND}, payload, oracle_key(KEY))
    assert accepted(signed) == payload


@given(st.binary(max_size=200))
def test_a_detached_signature_holds_over_the_payload_beside_it_only(payload: bytes) -> None:
    detached = jws.detach(jws.sign(payload, {}, KIND, KEY))
    jws.parse(detached, payload).verify(PUBLIC, KIND)
    with pytest.raises(Tampered):
        jws.parse(detached, payload + b" ").verify(PUBLIC, KIND)
    if payload:
        with pytest.raises(Tampered):
            jws.parse(detached).verify(PUBLIC, KIND)
        with pytest.raises(Tampered, match="detached"):
            jws.parse(jws.sign(payload, {}, KIND, KEY), payload)


@given(st.integers(0, len(COMPACT) - 1), st.characters())
def test_no_character_can_change(place: int, char: str) -> None:
    assume(COMPACT[place] != char)
    with pytest.raises(Tampered):
        accepted(COMPACT[:place] + char + COMPACT[place + 1 :])


@given(st.text("Aae-_.=\n {}", max_size=30) | st.text(max_size=30))
def test_no_text_raises_anything_else(text: str) -> None:
    for attempt in (text, f"{b64url(text.encode(errors='replace'))}..", COMPACT + text, text + COMPACT):
        if attempt != COMPACT:
            with pytest.raises(Tampered):
                accepted(attempt)


members = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["alg", "typ", "crit"]), members)
def test_another_algorithm_type_or_critical_member_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Tampered):
        accepted(compact(json.dumps(json.loads(header()) | {name: value}).encode()))


@given(members)
def test_other_members_do_not_matter_however_odd(value: Any) -> None:
    text = compact(json.dumps(json.loads(header()) | {"more": value}).encode())
    try:
        assert accepted(text) == b"{}"
    except Tampered as error:
        assert "compact JWS" in str(error)  # noqa: PT017 - NaN, half surrogates and huge numbers are not JSON


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "ES384", "es256", " ES256", None])
def test_no_other_algorithm_passes(alg: str | None) -> None:
    with pytest.raises(Tampered, match="ES256"):
        accepted(compact(header(alg=alg)))
    unsigned = f"{b64url(header(alg=alg))}.{b64url(b'{}')}."
    with pytest.raises(Tampered):
        accepted(unsigned)


def test_the_public_key_is_no_shared_secret() -> None:
    signing_input = f"{b64url(header(alg='HS256'))}.{b64url(b'{}')}".encode()
    for secret in (KEY.jwk.x.encode(), KEY.jwk.thumbprint.encode(), from_b64url(KEY.jwk.x), b""):
        mac = hmac.digest(secret, signing_input, "sha256")
        for signature in (mac, mac + mac):
            with pytest.raises(Tampered):
                accepted(f"{signing_input.decode()}.{b64url(signature)}")


def test_a_key_in_the_header_is_not_believed() -> None:
    stranger = SigningKey.generate(KEY.key_id)
    jwk = {"kty": "EC", "crv": "P-256", "x": stranger.jwk.x, "y": stranger.jwk.y}
    for odd in ({"jwk": jwk}, {"jku": "https://example.org"}, {"x5c": ["AA"]}):
        with pytest.raises(Tampered, match="does not hold"):
            accepted(compact(header(**odd), key=stranger))


@pytest.mark.parametrize("typ", ["JWT", "crossroads-block+jws", KIND.upper(), f"{KIND} ", "", None])
def test_a_signature_for_one_kind_is_none_for_another(typ: str | None) -> None:
    with pytest.raises(Tampered, match=r"not a crossroads-statement\+jws"):
        accepted(compact(header(typ=typ)))


def test_the_key_id_is_signed() -> None:
    swapped = b64url(header(kid="pps-si#sign-1")) + COMPACT[COMPACT.index(".") :]
    assert jws.parse(swapped).key_id == "pps-si#sign-1"
    with pytest.raises(Tampered, match="does not hold"):
        accepted(swapped)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"alg":"none","alg":"ES256","kid":"a#1","typ":"%s"}' % KIND.encode(),
        b'{"alg":"ES256","kid":"b#1","kid":"a#1","typ":"%s"}' % KIND.encode(),
        b'{"alg":"ES256","kid":"b#1","\\u006bid":"a#1","typ":"%s"}' % KIND.encode(),
        b'{"alg":"ES256","kid":"a#1","typ":"%s","more":{"a":1,"a":2}}' % KIND.encode(),
        header() + b"{}",
        header() + b"\x00",
        b"\xef\xbb\xbf" + header(),
        header().decode().encode("utf-16"),
        header(more=float("nan")),
        header(more=float("inf")),
        header(more="x").replace(b'"x"', b'"\\ud800"'),
        header(more="x").replace(b'"x"', b'"\xed\xa0\x80"'),
        header(more=1).replace(b": 1", b": 1" + b"0" * 5000),
        header(more=1).replace(b": 1", b": " + b"[" * 50_000 + b"]" * 50_000),
        b"[" * 50_000,
        b"[]",
        b'"ES256"',
        b"null",
        b"",
    ],
    ids=lambda raw: str(raw[:40]),
)
def test_a_header_that_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(Tampered, match="compact JWS"):
        accepted(compact(raw))


@pytest.mark.parametrize("raw", [header(more="é/"), header().replace(b"/", b"\\/"), b" " + header() + b"\n"])
def test_a_header_may_be_written_with_blanks_and_escapes(raw: bytes) -> None:
    assert accepted(compact(raw)) == b"{}"


def test_base64url_has_one_form() -> None:
    protected, payload, signature = COMPACT.split(".")
    twin = signature[:-1] + chr(ord(signature[-1]) + 1)  # the same bytes: of the last character only four bits count
    for text in (
        f"{protected}.{payload}.{twin}",
        f"{protected}.{payload}.{signature}==",
        f"{protected}.{payload}=.{signature}",
        f"{protected}.{payload}.{signature}\n",
        f" {COMPACT}",
        f"{protected}.{payload}!.{signature}",
        f"{protected}.{payload}.{signature}.",
        f"{COMPACT}.{signature}",
        f"{protected}..{signature}",
    ):
        with pytest.raises(Tampered):
            accepted(text)


def test_a_signature_in_asn_1_is_refused() -> None:
    signing_input = COMPACT.rpartition(".")[0]
    with pytest.raises(Tampered, match="64 bytes"):
        accepted(f"{signing_input}.{urlsafe_b64encode(b'0E' + bytes(69)).decode().rstrip('=')}")


@pytest.mark.parametrize("kid", [None, 1, ["a#1"], {"a": 1}, True])
def test_a_key_id_that_is_no_text_names_no_key(kid: Any) -> None:
    assert jws.parse(compact(header(kid=kid))).key_id == ""


def test_a_header_of_any_size_costs_nothing() -> None:
    long = b64url(b'{"alg":"ES256","kid":"a#b","typ":"t","more":"' + b"x" * 8_000_000 + b'"}')
    with pytest.raises(Tampered):
        jws.parse(f"{long}..{b64url(b'x' * 64)}", b"")
