"""The settings of the pages: `pages.yaml`, beside `statuses.yaml`."""

from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.participant.settings import HttpUrl
from crossroads.participant.website import Website
from crossroads.participant.yamlfile import read_settings
from crossroads.statuses.attestation_settings import read_attestation_settings
from crossroads.statuses.attestation_signing import read_certificates

FILE = "pages.yaml"


class PagesSettings(Website, frozen=True, kw_only=True):
    """All settings. The provider of the login must tell the number of the person."""

    portal: HttpUrl | None = None
    """The portal for citizens, to which these pages lead; absent means that they lead nowhere."""
    most_a_minute: Annotated[int, msgspec.Meta(ge=10, le=100_000)] = 120
    """Pages that one peer gets in a minute."""

    def check(self) -> None:
        """Read what they need. Raises WrongSetting, UnsafeAddress, UnsafeKeyFile, and Refused for a certificate."""
        self.login_settings()
        self.secret()
        read_certificates(read_attestation_settings(self.folder))


def read_pages_settings(folder: Path) -> PagesSettings | None:
    """Read the settings that stand in a folder; None where it has none. Raises WrongSetting naming file and key."""
    path = folder / FILE
    if not path.exists():
        return None
    return msgspec.structs.replace(read_settings(path, PagesSettings), folder=folder.resolve())
