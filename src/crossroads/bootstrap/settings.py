"""Settings: one `crossroads.yaml` and `CROSSROADS_*` in the environment. An unknown or unsafe setting refuses to start.

A setting of the environment wins over one of the file: `CROSSROADS_PORT=8443`, `CROSSROADS_LIMITS__CONCURRENT=500`.
State lies under `CROSSROADS_HOME` (default `./var`), and the file there or at `CROSSROADS_CONFIG`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import yaml

from crossroads.admission.limits import Limits
from crossroads.audit.events import LogClass
from crossroads.bootstrap.portal_settings import DemoLoginSettings, PortalSettings
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.ssin import Environment

PREFIX = "CROSSROADS_"
_NOT_SETTINGS = {"HOME", "CONFIG", "OWNER_URL", "RETENTION_URL", "REAL", "TEST_HOME"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class UnsafeSettings(CrossroadsError):
    """The settings are not valid, or not safe to run with."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an installation is set to. Every field stands in `docs/reference/settings.md`."""

    installation: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.-]{2,60}\Z")] = "crossroads.example"
    """The name of the installation; also the origin of its log. Never changed once founded."""
    environment: Environment = Environment.TEST
    """`production` or `test`; in every answer and statement. Mock SSINs exist only in `test`."""
    hub: InstitutionId = "cbss"
    """The institution of the catalogue that the hub itself is."""
    register: InstitutionId = "national-register"
    """The institution that confirms persons with a national number."""
    public_url: str = "http://127.0.0.1:8100"
    """What the hub calls itself; signatures cover it."""
    host: str = "127.0.0.1"
    """Where the hub listens. Other than loopback needs a certificate, or `behind_proxy`."""
    port: Port = 8100
    """The port at which it listens."""
    metrics_port: Port | None = None
    """Where /metrics listens, on loopback; absent means nowhere."""
    certificate: Path | None = None
    """TLS certificate (chain) in PEM."""
    certificate_key: Path | None = None
    """Its private key in PEM."""
    behind_proxy: bool = False
    """That a proxy which does TLS stands in front, and that its X-Forwarded-For tells the peer."""
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """Processes of the hub on this machine. There must be at least as many `streams` as processes everywhere."""
    job_workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 1
    """Further processes of it, for batches and what recurs: at low priority, and at half pace while single questions
    are asked. 0 where another machine does."""
    database_url: str | None = None
    """Of role crossroads_hub; absent means the embedded PostgreSQL under the home."""
    streams: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    """Streams of the log: the most hub processes that can write at once."""
    log_kept_days: Annotated[int, msgspec.Meta(ge=1, le=36_525)] = 3653
    """Days for which what the log says stays, as of the last `crossroads migrate`; then it is removed, by a job."""
    log_class_days: dict[LogClass, Annotated[int, msgspec.Meta(ge=1, le=36_525)]] = {}
    """Other days for a class of events: `exchange`, `directory`, `changes` or `batch`."""
    log_online_days: Annotated[int, msgspec.Meta(ge=31, le=36_525)] | None = None
    """Days before `crossroads audit archive` may take a month out of the database. Absent: as long as it is kept."""
    log_archive: Path | None = None
    """The folder into which a job moves months that old, and lets expire what is there. Absent: only commands do."""
    log_archive_url: str | None = None
    """URL of role crossroads_retention for that job, where the database is your own: see docs/how-to/log.md."""
    pattern_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 14
    """Days within which inscribing, asking and ending is a pattern for `crossroads audit patterns`. Illustrative."""
    box_reminder_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 15
    """After which a message in a box counts as long unread. A change is for messages published from then on."""
    error_answer_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    """Days within which a source answers a report of a presumed error; after them it is overdue. Illustrative."""
    bis_kept_days: Annotated[int, msgspec.Meta(ge=1, le=36_525)] | None = None
    """Days after which the data of the BIS register go, once a person is dead or in another register; absent: never."""
    item_kept_days: Annotated[int, msgspec.Meta(ge=30, le=36_525)] = 365
    """Days for which an acknowledged item of a mailbox stays, from when it was first given. Illustrative."""
    result_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    """Days for which the result of a batch is kept, unless it is acknowledged before. Illustrative."""
    message_key: str = "message-1"
    """The key that signs answers: `keys/<name>.pem` under the home, registered as `<hub>#<name>`."""
    permit_key: str = "permit-1"
    """The key that signs permits; likewise."""
    portal: PortalSettings | None = None
    """The pages for people, as `portal.…`; absent means that this installation serves none."""
    demo_login: DemoLoginSettings | None = None
    """A login for demonstrations, as `demo_login.…`; only where `environment` is `test`."""
    limits: Limits = Limits()

    def check_safe(self) -> None:
        """Refuse to listen to the world without TLS, and a job that could not work. Raises UnsafeSettings."""
        if self.log_archive and (self.database_url is None) != (self.log_archive_url is None):
            raise UnsafeSettings("log_archive needs log_archive_url where the database is your own, and only there.")
        if (self.certificate is None) != (self.certificate_key is None):
            raise UnsafeSettings("certificate and certificate_key go together.")
        if self.host not in _LOOPBACK and self.certificate is None and not self.behind_proxy:
            raise UnsafeSettings(
                f"host is {self.host}: without certificate and certificate_key the hub listens on loopback only. "
                "Set them, or behind_proxy: true where a proxy does TLS."
            )


class Installation(NamedTuple):
    """Settings, and the folder of all state."""

    settings: Settings
    home: Path

    @property
    def keys(self) -> Path:
        """The folder of the hub's own keys."""
        return self.home / "keys"


def load(environment: Mapping[str, str] = os.environ) -> Installation:
    """Read file and environment. Raises UnsafeSettings with the file and the setting that is wrong."""
    home = Path(environment.get("CROSSROADS_HOME", "var")).resolve()
    path = Path(environment.get("CROSSROADS_CONFIG", home / "crossroads.yaml"))
    values = _read(path)
    for name, text in environment.items():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in _NOT_SETTINGS:
            _put(values, name.removeprefix(PREFIX).lower().split("__"), yaml.safe_load(text), name)
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise UnsafeSettings(f"{path} and {PREFIX}*: {error}") from error
    settings.check_safe()
    return Installation(settings, home)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except yaml.YAMLError as error:
        raise UnsafeSettings(f"{path} is not YAML: {error}") from error
    if not isinstance(values, dict | None):
        raise UnsafeSettings(f"{path} must hold settings as name: value.")
    return values or {}


def _path(_: type[Any], value: Any) -> Path:
    """Read a path, the one type of the settings that msgspec leaves to us."""
    return Path(value)


def _put(values: dict[str, Any], names: list[str], value: Any, variable: str) -> None:
    for name in names[:-1]:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise UnsafeSettings(f"{variable} does not name a setting.")
    values[names[-1]] = value
