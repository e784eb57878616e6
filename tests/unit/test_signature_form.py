"""The form of a signature: what must be covered, how its fields are written, and that nothing else is read."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.codes import Code
from crossroads.wire.signatures import (
    Request,
    SignatureRejected,
    content_digest,
    find_signature,
    new_nonce,
    verify_answer,
)
from signed import BODY, HUB_PUBLIC, JSON, KEY, NOW, REQUEST, URL, check, refused, signed


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
