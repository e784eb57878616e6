"""The settings of a client, from a file of its own or from that of a participant."""

from pathlib import Path
from typing import Any

from crossroads.kernel.errors import Refused
from crossroads.participant.client_config import ClientConfig, ClientKeys, read_client_config
from crossroads.participant.config import Config, read_config
from crossroads.participant.yamlfile import read_settings


def participant_settings(path: Path) -> Config | None:
    """Give the settings of a participant; None where the file is of a client. Raises WrongSetting."""
    # Only a participant listens.
    return read_config(path) if "listen" in read_settings(path, dict[str, Any]) else None


def client_settings(path: Path, state: str) -> ClientConfig:
    """Give what a client needs. With a participant's file, its state is the folder `state` in that of the participant.

    Raises Refused for a participant without a key to seal to, and WrongSetting.
    """
    config = participant_settings(path)
    if config is None:
        return read_client_config(path)
    if config.keys.seal is None:
        raise Refused(f"{path} names no key to which answers can be sealed (keys.seal).")
    return ClientConfig(
        institution=config.institution,
        hub=config.hub,
        trust=config.trust,
        keys=ClientKeys(sign=config.keys.sign, seal=config.keys.seal),
        state=f"{config.state}/{state}",
        folder=config.folder,
    )
