"""The settings of a client, from a file of its own or from that of a participant."""

from pathlib import Path
from typing import Any

from crossroads.kernel.errors import Refused
from crossroads.participant.client_config import ClientConfig, ClientKeys, read_client_config
from crossroads.participant.config import read_config
from crossroads.participant.yamlfile import read_settings


def client_settings(path: Path, state: str) -> ClientConfig:
    """Give what a client needs. With a participant's file, its state is the folder `state` in that of the participant.

    Raises Refused for a participant without a key to seal to, and WrongSetting.
    """
    # Only a participant listens.
    if "listen" not in read_settings(path, dict[str, Any]):
        return read_client_config(path)
    config = read_config(path)
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
