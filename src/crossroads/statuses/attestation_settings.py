"""The settings of attestations: `attestations.yaml`, beside `statuses.yaml`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.participant.yamlfile import Settings, WrongSetting, read_settings
from crossroads.web.languages import LANGUAGES

FILE = "attestations.yaml"

LONGEST_NAME = 200
"""Characters of a name: more do not fit on the page."""
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


class AttestationSettings(Settings, frozen=True, kw_only=True):
    """Who attests, with which key, and for how long. Paths are relative to `folder`."""

    names: Mapping[str, Title]
    """Of the institution, by language."""
    key: str
    """In PEM, mode 0600: ECDSA P-256, for attestations alone."""
    certificate: str
    """Of that key, in PEM: one certificate, without those above it."""
    earlier: tuple[str, ...] = ()
    """Certificates of before, under which attestations are valid still."""
    state: str = "attestations"
    """A folder of its own."""
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 90
    """For how long an attestation may be relied on."""
    kept_days: Annotated[int, msgspec.Meta(ge=0, le=400)] = 30
    """For how long after that something is kept of it."""
    folder: Path = Path()
    """The folder of the settings file; not a setting itself."""

    def path(self, text: str) -> Path:
        """Give the path that a setting means."""
        return self.folder / text


def read_attestation_settings(folder: Path) -> AttestationSettings:
    """Read the settings that stand in a folder. Raises WrongSetting naming file and key."""
    path = folder / FILE
    settings = msgspec.structs.replace(read_settings(path, AttestationSettings), folder=folder.resolve())
    if missing := [language for language in LANGUAGES if language not in settings.names]:
        raise WrongSetting(f"{path}: $.names: the name in {', '.join(missing)} is missing.")
    return settings
