"""The first load of a network: who exists and who knows whom, in files that both operators sign."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from crossroads.bootstrap.wiring import Services
from crossroads.identity.first_load import LoadKind, prepare
from crossroads.network.founders import Founders

Lines = Iterable[Mapping[str, Any]]

_encoder = msgspec.json.Encoder(enc_hook=str)


async def load_directory(services: Services, founders: Founders, persons: Lines, inscriptions: Lines) -> None:
    """Import persons (`ssin`, `deceasedOn`) and inscriptions (`ssin`, `institution`, `context`, `startDate`, …)."""
    operators = services.catalogue.current.operators
    folder, installation = founders.installation.home / "loads", founders.installation.settings.installation
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kind, lines in (("persons", persons), ("inscriptions", inscriptions)):
        path = folder / f"{kind}.jsonl"
        signed = founders.sign(prepare(write(path, lines), _kind(kind), installation))
        if kind == "persons":
            await services.identity.import_persons(path, signed, operators)
        else:
            await services.directory.import_inscriptions(path, signed, operators)
        # Once loaded, the lines are in the directory alone.
        path.unlink()


def write(path: Path, lines: Lines) -> Path:
    """Write JSON Lines, one after another."""
    with path.open("wb") as file:
        file.writelines(_encoder.encode(line) + b"\n" for line in lines)
    return path


def _kind(text: str) -> LoadKind:
    return "persons" if text == "persons" else "inscriptions"
