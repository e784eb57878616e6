"""How the institution that keeps statuses runs: as a participant, with settings of its own."""

from collections.abc import Mapping
from pathlib import Path

from crossroads.kernel.errors import Refused
from crossroads.participant.config import read_config
from crossroads.participant.serve import serve
from crossroads.statuses.settings import FILE

_PARTICIPANT = "participant.yaml"


def serve_statuses(environment: Mapping[str, str]) -> None:
    """Serve it until SIGINT or SIGTERM. Raises Refused where its home has no settings, and WrongSetting."""
    home = Path(environment.get("CROSSROADS_HOME", "var")).resolve()
    missing = [name for name in (_PARTICIPANT, FILE) if not (home / name).is_file()]
    if missing:
        raise Refused(
            f"{home} has no {' and no '.join(missing)} (docs/how-to/statuses.md). It is set by CROSSROADS_HOME."
        )
    serve(read_config(home / _PARTICIPANT))
