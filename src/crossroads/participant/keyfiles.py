"""How settings name a private key: its id and its file."""

from typing import Annotated

import msgspec

from crossroads.participant.yamlfile import Settings


class KeyFile(Settings, frozen=True, kw_only=True):
    """A private key: `<institution>#<key>` and a PEM file of mode 0600."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{2,40}#[a-z0-9-]{1,40}\Z")]
    file: str
