"""The hub's own keys: files of mode 0600 in the folder `keys` of its home. Messages, permits and log have one each."""

import os
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crossroads.bootstrap.settings import Installation
from crossroads.wire.keys import MAKE_KEY, SigningKey, UnsafeKeyFile, read_private, read_secret
from crossroads.wire.notes import NoteSigner

_SECRET_BYTES = 32


def message_key(installation: Installation) -> SigningKey:
    """Read the key that signs answers. Raises UnsafeKeyFile."""
    return _signing_key(installation, installation.settings.message_key)


def permit_key(installation: Installation) -> SigningKey:
    """Read the key that signs permits. Raises UnsafeKeyFile."""
    return _signing_key(installation, installation.settings.permit_key)


def log_key(installation: Installation) -> NoteSigner:
    """Read the key that signs checkpoints; its name is that of the installation. Raises UnsafeKeyFile."""
    path = installation.keys / "log.pem"
    private = read_private(path)
    if not isinstance(private, Ed25519PrivateKey):
        raise UnsafeKeyFile(f"{path} holds no Ed25519 key.", MAKE_KEY)
    return NoteSigner(installation.settings.installation, private)


def subject_key(installation: Installation) -> bytes:
    """Give the secret under which the log hashes numbers that belong to nobody; made at the first start."""
    path = installation.keys / "subject.key"
    if not path.exists():
        installation.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        # Whichever process links first has made it; the others read that one.
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return read_secret(path)


def _signing_key(installation: Installation, name: str) -> SigningKey:
    return SigningKey.read(f"{installation.settings.hub}#{name}", installation.keys / f"{name}.pem")
