"""The correspondence with the hub that the settings of a participant mean."""

from crossroads.kernel.clock import SystemClock
from crossroads.participant.config import Config
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.trust import read_trust
from crossroads.wire.keys import SigningKey


def correspondence(config: Config, state: str) -> Correspondence:
    """Open it, with what it has seen of the hub in a folder of the state. Raises WrongSetting or UnsafeKeyFile."""
    return Correspondence(
        SigningKey.read(config.keys.sign.id, config.path(config.keys.sign.file)),
        read_trust(config.path(config.trust)),
        config.hub,
        config.path(config.state) / state,
        SystemClock(),
    )
