"""The clients and the personas of the demo login: one YAML file."""

from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import read_secret


class NoDemoHere(CrossroadsError):
    """The demo login runs only in a test environment: there everybody may be anybody."""


class WrongPersonas(CrossroadsError):
    """The file of the demo login is not as it should be."""


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class DemoClient(_Struct, frozen=True, kw_only=True):
    """A program that lets people log in here."""

    id: str
    secret_file: str
    return_url: str
    back_channel: str | None = None


class Persona(_Struct, frozen=True, kw_only=True):
    """Somebody invented whom a visitor may be."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}\Z")]
    name: str
    story: dict[str, str] = {}
    """A sentence, by language."""
    ssin: str | None = None
    """A mock number."""
    roles: tuple[str, ...] = ()
    level: Annotated[int, msgspec.Meta(ge=1, le=3)] = 3
    clients: tuple[str, ...] = ()
    """The programs at which this persona is somebody; absent means all."""


class DemoLogin(_Struct, frozen=True, kw_only=True):
    """The whole file."""

    clients: tuple[DemoClient, ...]
    personas: tuple[Persona, ...]


def read_demo_login(path: Path, environment: Environment) -> tuple[DemoLogin, dict[str, str]]:
    """Read the file, and the secret of each client from beside it. Raises NoDemoHere, WrongPersonas, UnsafeKeyFile."""
    if environment is not Environment.TEST:
        raise NoDemoHere
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), DemoLogin)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise WrongPersonas(f"{path}: {error}") from error
    return found, {one.id: read_secret(path.parent / one.secret_file).decode().strip() for one in found.clients}
