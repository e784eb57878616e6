"""Sealing what a browser keeps, or what is kept under what it holds."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crossroads.kernel.errors import CrossroadsError

_NONCE_BYTES = 12


class NotSealed(CrossroadsError):
    """It was not sealed under this key."""


def seal(content: bytes, key: bytes) -> bytes:
    """Seal under a key of 32 bytes."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def unseal(sealed: bytes, key: bytes) -> bytes:
    """Give what was sealed. Raises NotSealed."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        raise NotSealed from None
