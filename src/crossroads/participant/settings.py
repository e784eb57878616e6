"""Parts of settings that participant and client share."""

from typing import Annotated

import msgspec

from crossroads.participant.yamlfile import Settings

HttpUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s?#@]+[^\s?#@/]\Z")]
"""A base address: no user, no query, no slash at its end."""


class KeyFile(Settings, frozen=True, kw_only=True):
    """A private key: `<institution>#<key>` and a PEM file of mode 0600."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{2,40}#[a-z0-9-]{1,40}\Z")]
    file: str
