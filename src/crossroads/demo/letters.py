"""Messages to the hub for which the client has no word of its own: about the BIS register, say."""

from contextlib import closing
from datetime import timedelta
from typing import TypeVar

import msgspec

from crossroads.demo.stage import Stage
from crossroads.kernel.clock import SystemClock
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.steps import SyncHttp
from crossroads.participant.trust import read_trust

_TIMEOUT = timedelta(seconds=10)

T = TypeVar("T")


def send(stage: Stage, institution: str, path: str, message: msgspec.Struct, answer: type[T]) -> T:
    """Post a message that an institution signs, and give the hub's answer. Raises Refused, Unavailable or Tampered."""
    member = stage.network.member(institution)
    trust = read_trust(member.folder / "trust.json")
    hub = Correspondence(member.signing_key(), trust, stage.hub, member.folder / "writing", SystemClock())
    with closing(SyncHttp(_TIMEOUT)) as http:
        return http.run(hub.send(path, message, msgspec.json.Decoder(answer)))
