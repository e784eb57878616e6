"""Institutions on this machine: each its own folder with keys, database, settings and state, and its own process."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crossroads.bootstrap.wiring import Services
from crossroads.network.founders import Founders
from crossroads.participant.client import ClientConfig, ClientKeys, KeyFile
from crossroads.participant.config import read_config
from crossroads.participant.outbox import open_outbox
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.registrations import KeyUse

Rows = Iterable[Sequence[Any]]
_SIGN, _SEAL = "sign-1", "seal-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An institution with a participant of its own, and those it answers for."""

    institution: str
    port: int
    folder: Path
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """As the settings of a participant have them."""
    holders: tuple[str, ...] = ()
    register: str | None = None
    """The query of the register of persons, where this institution keeps it."""
    outbox: bool = False
    """Whether it notifies changes: from an outbox beside its own data."""
    feed: Mapping[str, str] | None = None
    """For the register of persons: what its daily feed is notified as, in the settings of a participant."""

    @property
    def url(self) -> str:
        """Where the hub reaches it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Path:
        """The settings of its participant."""
        return self.folder / "participant.yaml"

    @property
    def database(self) -> Path:
        """Its own data."""
        return self.folder / "data.sqlite"

    def signing_key(self, institution: str | None = None) -> SigningKey:
        """Read the key that signs for it, or for an institution it manages."""
        name = institution or self.institution
        return SigningKey.read(f"{name}#{_SIGN}", self.folder / "keys" / f"{name}-{_SIGN}.pem")

    def sealing_key(self) -> SealingKey:
        """Read the key to which its answers are sealed."""
        return SealingKey.read(f"{self.institution}#{_SEAL}", self.folder / "keys" / f"{self.institution}-{_SEAL}.pem")

    def client(self, hub_url: str) -> ClientConfig:
        """Give the settings of a client that asks in its name; its state is beside that of the participant."""
        return ClientConfig(
            institution=self.institution,
            hub=hub_url,
            trust="trust.json",
            keys=ClientKeys(**{use: KeyFile(**key) for use, key in self._keys().items()}),
            state="client",
            folder=self.folder,
        )

    def make(self, hub_url: str, trust: bytes) -> None:
        """Make keys, settings and outbox."""
        for name in (self.institution, *self.holders):
            SigningKey.generate(f"{name}#{_SIGN}").write(self.folder / "keys" / f"{name}-{_SIGN}.pem")
        sealing = self.folder / "keys" / f"{self.institution}-{_SEAL}.pem"
        SealingKey.generate(f"{self.institution}#{_SEAL}").write(sealing)
        (self.folder / "trust.json").write_bytes(trust)
        self.settings.write_text(yaml.safe_dump(self._settings(hub_url), sort_keys=False, allow_unicode=True), "utf-8")
        if self.outbox:
            with closing(open_outbox(read_config(self.settings))) as outbox:
                outbox.create()

    async def join(self, founders: Founders, services: Services) -> None:
        """Register keys and endpoint with the hub."""
        own = self.signing_key()
        await founders.register_key(services, own, KeyUse.SIGN)
        await founders.register_key(services, self.sealing_key(), KeyUse.SEAL, own)
        await founders.register_endpoint(services, own, self.url)
        for holder in self.holders:
            await founders.register_key(services, self.signing_key(holder), KeyUse.SIGN)

    def store(self, tables: Mapping[str, tuple[Sequence[str], Rows]]) -> None:
        """Put rows in its database: columns and rows of each table, found by `ssin`."""
        with sqlite3.connect(self.database) as connection:
            for table, (columns, rows) in tables.items():
                names = ", ".join(f'"{column}"' for column in columns)
                marks = ", ".join("?" * len(columns))
                connection.execute(f'CREATE TABLE IF NOT EXISTS "{table}" ({names})')
                connection.execute(f'CREATE INDEX IF NOT EXISTS "{table}_ssin" ON "{table}" (ssin)')
                connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608 - ours
        connection.close()

    def _keys(self) -> dict[str, dict[str, str]]:
        return {
            use: {"id": f"{self.institution}#{name}", "file": f"keys/{self.institution}-{name}.pem"}
            for use, name in (("sign", _SIGN), ("seal", _SEAL))
        }

    def _settings(self, hub_url: str) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "institution": self.institution,
            "listen": {"host": "127.0.0.1", "port": self.port},
            "url": self.url,
            "state": "state",
            "keys": self._keys(),
            "trust": "trust.json",
            "hub": hub_url,
            "database": "sqlite:///data.sqlite",
            "groups": {name: dict(group) for name, group in self.groups.items()},
        }
        if self.holders:
            settings["holders"] = {
                name: {"id": f"{name}#{_SIGN}", "file": f"keys/{name}-{_SIGN}.pem"} for name in self.holders
            }
        if self.register:
            settings["register"] = {"sql": self.register} | ({"feed": dict(self.feed)} if self.feed else {})
        if self.outbox:
            settings["outbox"] = {"database": settings["database"]}
        return settings
