"""Keys: ECDSA P-256 to sign (ES256), X25519 to seal to. Public: JWK; private: files of mode 0600."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from crossroads.kernel.errors import CrossroadsError, InvalidValue, Tampered
from crossroads.wire.canonical import b64url, from_b64url

_ES256 = ec.ECDSA(hashes.SHA256())
_HALF = 32
_PRIME = 2**255 - 19
_LOW_ORDER = frozenset(
    {
        0,
        1,
        0xB8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
        _PRIME - 1,
    }
)
"""Points of Curve25519 with which every secret is zero: nothing can be sealed to them (RFC 7748, section 6.1)."""
_PRIVATE_MODE = 0o600
MAKE_KEY = "Make one with `crossroads key generate`."

Coordinate = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""32 bytes in base64url, in the one way they can be written."""


class UnsafeKeyFile(CrossroadsError):
    """The file of a private key can be read by others, or is no key."""

    def __init__(self, fault: str, remedy: str) -> None:
        """Say what is wrong, and what to do; each is a sentence, and kept for who shows them apart."""
        super().__init__(f"{fault} {remedy}")
        self.fault, self.remedy = fault, remedy


class Jwk(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A public key as JSON Web Key (RFC 7517): EC P-256 or OKP X25519; coordinates in base64url."""

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "X25519"]
    x: Coordinate
    y: Coordinate | None = None

    def __post_init__(self) -> None:
        """Refuse what is neither a whole P-256 nor an X25519 key: one key has one form, and so one thumbprint."""
        if (self.kty, self.crv, self.y is not None) not in {("EC", "P-256", True), ("OKP", "X25519", False)}:
            raise ValueError("a key is EC P-256 with x and y, or OKP X25519 with x")
        if self.y is None and not _takes_seals(int.from_bytes(from_b64url(self.x), "little")):
            raise ValueError("nothing can be sealed to this X25519 key")

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint, SHA-256, base64url."""
        y = f',"y":"{self.y}"' if self.y is not None else ""
        text = f'{{"crv":"{self.crv}","kty":"{self.kty}","x":"{self.x}"{y}}}'
        return b64url(hashlib.sha256(text.encode()).digest())


class VerifyKey:
    """A public key that checks signatures."""

    def __init__(self, jwk: Jwk) -> None:
        """Load an EC P-256 key. Raises InvalidValue when it is none."""
        if jwk.crv != "P-256" or jwk.y is None:
            raise InvalidValue("A key that signs is an EC P-256 key.")
        try:
            numbers = ec.EllipticCurvePublicNumbers(_integer(jwk.x), _integer(jwk.y), ec.SECP256R1())
            self._key = numbers.public_key()
        except ValueError as error:
            raise InvalidValue("The point of the key is not on the curve P-256.") from error
        self.jwk = jwk

    def verify(self, signature: bytes, data: bytes) -> None:
        """Check a signature in JOSE form (r and s, 64 bytes). Raises Tampered."""
        if len(signature) != 2 * _HALF:
            raise Tampered("A signature has 64 bytes.")
        r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
        try:
            self._key.verify(encode_dss_signature(r, s), data, _ES256)
        except InvalidSignature:
            raise Tampered("The signature does not hold.") from None


class SigningKey:
    """A private key that signs, with the name under which others know it."""

    def __init__(self, key_id: str, private: ec.EllipticCurvePrivateKey) -> None:
        """Keep the key under its id, `<institution>#<key>`."""
        self.key_id = key_id
        self._private = private
        numbers = private.public_key().public_numbers()
        self.jwk = Jwk("EC", "P-256", _coordinate(numbers.x), _coordinate(numbers.y))

    def sign(self, data: bytes) -> bytes:
        """Sign in JOSE form (r and s, 64 bytes)."""
        r, s = decode_dss_signature(self._private.sign(data, _ES256))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)

    @classmethod
    def generate(cls, key_id: str) -> "SigningKey":
        """Make a new key."""
        return cls(key_id, ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def read(cls, key_id: str, path: Path) -> "SigningKey":
        """Read a key from a PEM file of mode 0600. Raises UnsafeKeyFile."""
        private = read_private(path)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise UnsafeKeyFile(f"{path} holds no EC P-256 key.", MAKE_KEY)
        return cls(key_id, private)

    def write(self, path: Path) -> None:
        """Write the key to a new file of mode 0600; never over an existing one."""
        _write_private(self._private, path)


class SealingKey:
    """A private X25519 key to which answers are sealed."""

    def __init__(self, key_id: str, private: x25519.X25519PrivateKey) -> None:
        """Keep the key under its id, `<institution>#<key>`."""
        self.key_id = key_id
        self.private = private
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.jwk = Jwk("OKP", "X25519", b64url(raw))

    @classmethod
    def generate(cls, key_id: str) -> "SealingKey":
        """Make a new key."""
        return cls(key_id, x25519.X25519PrivateKey.generate())

    @classmethod
    def read(cls, key_id: str, path: Path) -> "SealingKey":
        """Read a key from a PEM file of mode 0600. Raises UnsafeKeyFile."""
        private = read_private(path)
        if not isinstance(private, x25519.X25519PrivateKey):
            raise UnsafeKeyFile(f"{path} holds no X25519 key.", MAKE_KEY)
        return cls(key_id, private)

    def write(self, path: Path) -> None:
        """Write the key to a new file of mode 0600; never over an existing one."""
        _write_private(self.private, path)


def read_secret(path: Path) -> bytes:
    """Read a file that nobody but its owner may read. Raises UnsafeKeyFile."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise UnsafeKeyFile(f"{path} has mode {mode:04o}: others can read it.", "It must be 0600.")
            return file.read()
    except FileNotFoundError as error:
        raise UnsafeKeyFile(f"There is no key file {path}.", MAKE_KEY) from error
    except OSError as error:
        raise UnsafeKeyFile(f"{path} cannot be read ({error.strerror}).", "Give the file to who runs this.") from error


def read_private(path: Path) -> object:
    """Read a private key of any kind from a PEM file of mode 0600. Raises UnsafeKeyFile."""
    try:
        return serialization.load_pem_private_key(read_secret(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnsafeKeyFile(f"{path} holds no private key in PEM, or one under a password.", MAKE_KEY) from error


def _write_private(private: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey, path: Path) -> None:
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE), "wb") as file:
        file.write(pem)


def _takes_seals(point: int) -> bool:
    return point < _PRIME and point not in _LOW_ORDER


def _coordinate(number: int) -> str:
    return b64url(number.to_bytes(_HALF))


def _integer(text: str) -> int:
    return int.from_bytes(from_b64url(text))
