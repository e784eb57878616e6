"""Reading a settings file: an unknown or wrong setting refuses to start, with the file and the key."""

import importlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml

from crossroads.kernel.errors import CrossroadsError

T = TypeVar("T")


class WrongSetting(CrossroadsError):
    """A settings file cannot be used as it is."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The form of all settings: camelCase, unknown keys refused."""


FunctionName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")]
"""Module and function of the institution's own; the module is found as any that Python imports."""


def read_settings(path: Path, kind: type[T]) -> T:
    """Read a YAML (or JSON) file. Raises WrongSetting naming file and key."""
    try:
        return settings_of(path.read_bytes(), path, kind)
    except OSError as error:
        raise WrongSetting(f"{path}: cannot be read: {error.strerror}.") from error


def settings_of(content: bytes, path: Path, kind: type[T]) -> T:
    """Read what stands in a file. Raises WrongSetting naming the file, which is not looked at, and the key."""
    try:
        return msgspec.convert(yaml.safe_load(content.decode("utf-8")), kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        raise WrongSetting(f"{path}: {place.strip('`') or '$'}: {what}") from error
    except yaml.YAMLError as error:
        raise WrongSetting(f"{path}: this is not YAML: {_first_line(error)}") from error
    except UnicodeDecodeError as error:
        raise WrongSetting(f"{path}: cannot be read: it is not text in UTF-8.") from error
    except (ValueError, RecursionError):
        # A day that does not exist, or a nest without end.
        raise WrongSetting(f"{path}: a value in it is none.") from None


def _first_line(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f" (line {mark.line + 1})" if mark else ""
    return f"{getattr(error, 'problem', None) or 'unreadable'}{place}"


def function_named(name: FunctionName, key: str) -> Any:
    """Give the function that a setting names. Raises WrongSetting naming the key."""
    module, function = name.split(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise WrongSetting(f"$.{key}: {name} cannot be imported: {error}") from error
