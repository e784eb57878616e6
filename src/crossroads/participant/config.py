"""The settings of a participant: one YAML file. Paths in it are relative to its folder."""

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from crossroads.kernel.identifiers import ContextId, DataGroupId, InstitutionId
from crossroads.participant.settings import HttpUrl, KeyFile
from crossroads.participant.yamlfile import FunctionName, Settings, WrongSetting, read_settings

_SAFE_NAME = r"^(?!\.)[A-Za-z0-9._{}-]{1,100}\Z"
_OTHER_FORMS = 2
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

SafeName = Annotated[str, msgspec.Meta(pattern=_SAFE_NAME)]


class Listen(Settings, frozen=True, kw_only=True):
    """Where it listens. Without a certificate only on this machine, or behind a proxy that has one."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    certificate: str | None = None
    key: str | None = None
    behind_proxy: bool = False

    def __post_init__(self) -> None:
        """Refuse to answer about people in clear over a network."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give both certificate and key, or neither")
        if not (self.certificate or self.behind_proxy or self.host in _LOOPBACK):
            raise ValueError("without certificate and key, listen on 127.0.0.1 or say behindProxy: true")


class OwnKeys(Settings, frozen=True, kw_only=True):
    """The institution's private keys. Only `sign` is needed to answer."""

    sign: KeyFile
    seal: KeyFile | None = None


class GroupSource(Settings, frozen=True, kw_only=True):
    """Where the content of one data group comes from: a query, documents in a folder, or a function of one's own."""

    sql: str | None = None
    sql_many: str | None = None
    """The same for all `:ssins` of a page, each row with its `ssin`; without it `sql` runs for each."""
    one: bool = False
    list_name: SafeName | None = msgspec.field(default=None, name="list")
    json: tuple[str, ...] = ()
    documents: str | None = None
    file: SafeName = "{ssin}.xml"
    media_type: str | None = None
    otherwise: tuple[SafeName, ...] = ()
    schema_file: str | None = msgspec.field(default=None, name="schema")
    function: FunctionName | None = None
    """What gives the source: it is called with these settings and the id of the data group; see `OwnSource`."""
    in_the_clear: bool = False
    """That the hub may read it, where the catalogue leaves it unsealed. The hub alone cannot decide that."""

    def __post_init__(self) -> None:
        """Refuse a mixture of the three forms."""
        if [self.sql, self.documents, self.function].count(None) != _OTHER_FORMS:
            raise ValueError("a data group has either sql or documents or function")
        if self.function is not None:
            self._check_nothing_else()
            return
        if self.sql is None and self.sql_many is not None:
            raise ValueError("sqlMany stands beside sql")
        if self.sql is not None and self.one == (self.list_name is not None):
            raise ValueError("sql needs either `one: true` or `list: <name>`")
        if self.sql is not None and (self.media_type or self.otherwise):
            raise ValueError("mediaType and otherwise belong to documents")
        if self.documents is not None and (self.one or self.list_name or self.json or self.schema_file):
            raise ValueError("one, list, json and schema belong to sql")
        if self.documents is not None and ("{ssin}" not in self.file or not self.media_type):
            raise ValueError("documents need a mediaType, and a file with {ssin} in its name")

    def _check_nothing_else(self) -> None:
        others = (self.sql_many, self.list_name, self.json, self.otherwise, self.media_type)
        if self.one or any(others):
            raise ValueError("beside function stand only schema and inTheClear")


class FeedTarget(Settings, frozen=True, kw_only=True):
    """What a change of the daily feed is notified as: in which context the register knows people, and which group."""

    context: ContextId
    data_group: DataGroupId
    household_group: DataGroupId | None = None
    """What a change of a household is notified as; without it households are kept, and nobody is told."""
    descent_group: DataGroupId | None = None
    """The same for who descends from whom."""


class RegisterSource(Settings, frozen=True, kw_only=True):
    """For the institution that keeps the register of persons: birth_date and last_name of one :ssin."""

    sql: str
    feed: FeedTarget | None = None
    """Where a daily feed is applied to its tables, which are beside the outbox."""


class OutboxTable(Settings, frozen=True, kw_only=True):
    """The database that holds the table `crossroads_outbox`. Its role reads that table and updates it."""

    database: str
    password_file: str | None = None


class ItemsHandler(Settings, frozen=True, kw_only=True):
    """What deals with the items that the hub brings: a function of the institution's own, as a consumer has it."""

    handler: FunctionName
    database: str | None = None
    """Where the inbox is kept, and the handler writes; absent means a file beside the state."""
    password_file: str | None = None


class Config(Settings, frozen=True, kw_only=True):
    """All settings."""

    institution: InstitutionId
    listen: Listen
    url: HttpUrl
    """The address under which the hub reaches it; signatures are over this one."""
    state: str
    keys: OwnKeys
    trust: str
    hub: HttpUrl
    holders: dict[InstitutionId, KeyFile] = msgspec.field(default_factory=dict)
    """Institutions that it manages and answers for, beside itself, each with the key that signs its blocks."""
    database: str | None = None
    password_file: str | None = None
    groups: dict[DataGroupId, GroupSource] = msgspec.field(default_factory=dict)
    register: RegisterSource | None = None
    outbox: OutboxTable | None = None
    items: ItemsHandler | None = None
    """For an institution to whose endpoint the hub brings its items."""
    folder: Path = Path()
    """The folder of the settings file; not a setting itself."""
    made: dict[str, Any] = msgspec.field(default_factory=dict)
    """What functions of the institution's own share, each under the name of its module; not a setting itself."""

    def __post_init__(self) -> None:
        """Refuse keys of another institution, and SQL without a database."""
        own = [(self.institution, key) for key in (self.keys.sign, self.keys.seal) if key]
        for institution, key in (*own, *self.holders.items()):
            if key.id.split("#")[0] != institution:
                raise ValueError(f"the id of a key of {institution} must begin with `{institution}#`")
        if self.database is None and (self.register or any(group.sql for group in self.groups.values())):
            raise ValueError("sql needs a database")

    def path(self, text: str) -> Path:
        """Give the path that a setting means."""
        return self.folder / text

    @property
    def in_the_clear(self) -> frozenset[str]:
        """The data groups that may go unsealed, where the catalogue says so too."""
        return frozenset(name for name, group in self.groups.items() if group.in_the_clear)

    @property
    def answers_for(self) -> frozenset[str]:
        """The holders whose data it gives."""
        return frozenset({self.institution, *self.holders})


def read_config(path: Path) -> Config:
    """Read the settings. Raises WrongSetting."""
    config = msgspec.structs.replace(read_settings(path, Config), folder=path.resolve().parent, made={})
    outbox = config.outbox.database if config.outbox else None
    items = config.items.database if config.items else None
    for place, database in (("database", config.database), ("outbox.database", outbox), ("items.database", items)):
        if database and _parsed(database).password:
            raise WrongSetting(
                f"{path}: $.{place}: no password in the settings; put it in a file and name that in passwordFile"
            )
    return config


def database_url(config: Config) -> URL:
    """Give the address of the database, with its password. Raises WrongSetting."""
    return _url(config, config.database or "", config.password_file)


def outbox_url(config: Config) -> URL:
    """Give the address of the outbox's database, with its password. Raises WrongSetting."""
    if config.outbox is None:
        raise WrongSetting("The settings name no outbox: add `outbox:` with its `database:`.")
    return _url(config, config.outbox.database, config.outbox.password_file)


def items_url(config: Config) -> URL | None:
    """Give the address of the inbox, with its password; None where it is a file. Raises WrongSetting."""
    items = config.items
    return _url(config, items.database, items.password_file) if items and items.database else None


def _url(config: Config, database: str, password_file: str | None) -> URL:
    url = _parsed(database)
    if url.get_backend_name() == "sqlite" and url.database and not re.match(r"/|file:|:memory:", url.database):
        url = url.set(database=str(config.path(url.database)))
    if password_file:
        url = url.set(password=_secret(config.path(password_file)))
    return url


def _parsed(database: str) -> URL:
    try:
        return make_url(database)
    except ArgumentError as error:
        raise WrongSetting(
            "$.database: not an address as SQLAlchemy writes them, such as sqlite:///data.sqlite"
        ) from error


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise WrongSetting(f"{path}: others can read this password; its mode must be 0600")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise WrongSetting(f"{path}: cannot be read: {error}") from error


def own_schemas(config: Config) -> dict[str, dict[str, Any]]:
    """Give the JSON Schemas that the settings name, by data group. Raises WrongSetting."""
    return {
        name: read_settings(config.path(group.schema_file), dict[str, Any])
        for name, group in config.groups.items()
        if group.schema_file
    }
