"""Keys: one key has one form, and a private key is a file that nobody else can read."""

import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import Jwk, SealingKey, SigningKey, UnsafeKeyFile, VerifyKey

KEY = SigningKey.generate("pcsa-ghent#sign-1")
SEAL = SealingKey.generate("pcsa-ghent#seal-1")
SIGNATURE = KEY.sign(b"data")
PRIME = 2**255 - 19
LOW_ORDER = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    PRIME - 1,
)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_signature_holds_over_its_data_with_its_key_only() -> None:
    VerifyKey(KEY.jwk).verify(SIGNATURE, b"data")
    for key, data in ((KEY, b"datA"), (SigningKey.generate("pcsa-ghent#sign-1"), b"data")):
        with pytest.raises(Tampered, match="does not hold"):
            VerifyKey(key.jwk).verify(SIGNATURE, data)


@given(st.integers(0, 63), st.integers(1, 255))
def test_no_byte_of_a_signature_can_change(place: int, change: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[place] ^= change
    with pytest.raises(Tampered):
        VerifyKey(KEY.jwk).verify(bytes(changed), b"data")


@given(st.binary(max_size=100))
def test_garbage_is_no_signature(signature: bytes) -> None:
    with pytest.raises(Tampered):
        VerifyKey(KEY.jwk).verify(signature, b"data")


@pytest.mark.parametrize("r", [0, 1, ORDER, ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER, 2**256 - 1])
def test_numbers_out_of_range_are_no_signature(r: int, s: int) -> None:
    with pytest.raises(Tampered):
        VerifyKey(KEY.jwk).verify(r.to_bytes(32) + s.to_bytes(32), b"data")


def test_thumbprints_are_those_of_rfc_7638() -> None:
    signing = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": KEY.jwk.x, "y": KEY.jwk.y or ""})
    sealing = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": SEAL.jwk.x})
    assert KEY.jwk.thumbprint == signing.thumbprint()
    assert SEAL.jwk.thumbprint == sealing.thumbprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "OKP"},
        {"crv": "X25519"},
        {"y": None},
        {"y": SEAL.jwk.x[:-1] + "B"},
        {"x": KEY.jwk.x + "="},
        {"x": KEY.jwk.x + "\n"},
        {"x": "AA"},
        {"x": "A" * 44},
        {"x": f'{KEY.jwk.x}","y":"{KEY.jwk.y}', "y": None},
        {"kty": "oct", "k": "AA"},
        {"d": KEY.jwk.x},
    ],
    ids="-".join,
)
def test_a_public_key_has_one_form(changes: dict[str, Any]) -> None:
    whole = msgspec.to_builtins(KEY.jwk) | changes
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value for name, value in whole.items() if value is not None}, Jwk)


def test_a_sealing_key_with_a_second_coordinate_would_have_two_thumbprints() -> None:
    with pytest.raises(ValueError, match="X25519 with x"):
        Jwk("OKP", "X25519", SEAL.jwk.x, SEAL.jwk.x)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_to_a_point_of_low_order_nothing_can_be_sealed(point: int) -> None:
    raw = point.to_bytes(32, "little")
    with pytest.raises(ValueError, match="shared key"):
        x25519.X25519PrivateKey.generate().exchange(x25519.X25519PublicKey.from_public_bytes(raw))
    with pytest.raises(ValueError, match="nothing can be sealed"):
        Jwk("OKP", "X25519", b64url(raw))


@pytest.mark.parametrize("point", [PRIME + 9, 9 + 2**255], ids=["above the prime", "with a bit that does not count"])
def test_a_point_is_written_in_one_way(point: int) -> None:
    Jwk("OKP", "X25519", b64url((9).to_bytes(32, "little")))
    with pytest.raises(ValueError, match="nothing can be sealed"):
        Jwk("OKP", "X25519", b64url(point.to_bytes(32, "little")))


def test_only_a_point_of_the_curve_checks_signatures() -> None:
    for jwk in (Jwk("EC", "P-256", b64url(bytes(32)), b64url(bytes(32))), Jwk("EC", "P-256", KEY.jwk.x, KEY.jwk.x)):
        with pytest.raises(InvalidValue, match="curve"):
            VerifyKey(jwk)
    with pytest.raises(InvalidValue, match="EC P-256"):
        VerifyKey(SEAL.jwk)


def test_keys_are_written_for_their_owner_only_and_read_back(tmp_path: Path) -> None:
    signing, sealing = tmp_path / "new" / "sign.pem", tmp_path / "new" / "seal.pem"
    KEY.write(signing)
    SEAL.write(sealing)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (signing, sealing)} == {0o600}
    assert stat.S_IMODE(signing.parent.stat().st_mode) == 0o700
    assert SigningKey.read("pcsa-ghent#sign-1", signing).jwk == KEY.jwk
    assert SealingKey.read("pcsa-ghent#seal-1", sealing).jwk == SEAL.jwk
    with pytest.raises(FileExistsError):
        KEY.write(signing)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "sign.pem"
    KEY.write(file)
    file.chmod(mode)
    with pytest.raises(UnsafeKeyFile, match="0600"):
        SigningKey.read("pcsa-ghent#sign-1", file)


def pem(key: Any, encryption: serialization.KeySerializationEncryption) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))


PLAIN = serialization.NoEncryption()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        pem(ed25519.Ed25519PrivateKey.generate(), PLAIN),
        pem(ec.generate_private_key(ec.SECP384R1()), PLAIN),
        pem(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"x")),
    ],
    ids=["empty", "text", "ed25519", "p-384", "password"],
)
def test_a_file_without_the_right_key_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "sign.pem"
    file.write_bytes(content)
    file.chmod(0o600)
    for kind in (SigningKey, SealingKey):
        with pytest.raises(UnsafeKeyFile, match=r"sign\.pem"):
            kind.read("pcsa-ghent#1", file)


def test_what_cannot_be_read_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(UnsafeKeyFile, match=r"There is no key file .*crossroads key generate"):
        SigningKey.read("a#1", tmp_path / "none.pem")
    with pytest.raises(UnsafeKeyFile, match=r"cannot be read \(Is a directory\)"):
        SigningKey.read("a#1", tmp_path)


def test_a_key_for_one_use_is_no_key_for_the_other(tmp_path: Path) -> None:
    for name, key in (("p256", KEY._private), ("x25519", x25519.X25519PrivateKey.generate())):
        file = tmp_path / name
        file.write_bytes(pem(key, PLAIN))
        file.chmod(0o600)
    with pytest.raises(UnsafeKeyFile, match="X25519"):
        SealingKey.read("a#1", tmp_path / "p256")
    with pytest.raises(UnsafeKeyFile, match="P-256"):
        SigningKey.read("a#1", tmp_path / "x25519")
