"""How the institution that keeps statuses runs: a participant, one process that listens to sources, and pages."""

from collections.abc import Mapping
from pathlib import Path

from crossroads.cli.beside import Beside
from crossroads.kernel.errors import Refused
from crossroads.participant.config import read_config
from crossroads.participant.serve import serve
from crossroads.statuses.granting import check_served
from crossroads.statuses.pages.settings import read_pages_settings
from crossroads.statuses.settings import FILE, read_status_settings

_PARTICIPANT = "participant.yaml"


def serve_statuses(environment: Mapping[str, str]) -> None:
    """Serve it until SIGINT or SIGTERM.

    Raises Refused where its home has no settings, NotGranted where the catalogue has another table, and WrongSetting.
    """
    home = Path(environment.get("CROSSROADS_HOME", "var")).resolve()
    missing = [name for name in (_PARTICIPANT, FILE) if not (home / name).is_file()]
    if missing:
        raise Refused(
            f"{home} has no {' and no '.join(missing)} (docs/how-to/statuses.md). It is set by CROSSROADS_HOME."
        )
    check_served(read_status_settings(home / FILE))
    beside = ["listen"]
    if pages := read_pages_settings(home):
        pages.check()
        beside.append("pages")
    with Beside(*(("statuses", verb, str(home / FILE)) for verb in beside)):
        serve(read_config(home / _PARTICIPANT))
