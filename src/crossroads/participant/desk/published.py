"""What the hub's public catalogue says, as far as the pages of a desk need it. Cached in a file."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import Unavailable
from crossroads.participant.files import read_cached, write_atomically
from crossroads.participant.steps import Call, Http, fetch
from crossroads.web.contents import naming
from crossroads.wire.messages import Message

STALE_AFTER = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=10)
"""For one call to the hub."""
_JSON = "application/json"


class Text(Message, frozen=True, kw_only=True):
    """A name or sentence in the languages in which the catalogue has it."""

    nl: str | None = None
    fr: str | None = None
    de: str | None = None
    en: str | None = None


class Party(Message, frozen=True, kw_only=True):
    """To whom something is granted."""

    institution: str | None = None
    sector: int | None = None
    type: int | None = None

    def includes(self, institution: "Institution") -> bool:
        """Tell whether the institution is, or belongs to, this party."""
        if self.institution is not None:
            return self.institution == institution.id
        return self.sector == institution.sector and self.type in (None, institution.type)


class Sector(Message, frozen=True, kw_only=True):
    """A branch of social security, which may answer for data."""

    number: int
    names: Text

    @property
    def id(self) -> str:
        """The number as a key."""
        return str(self.number)


class Institution(Message, frozen=True, kw_only=True):
    """An organisation on the network."""

    id: str
    sector: int
    type: int = 0
    names: Text


class LegalContext(Message, frozen=True, kw_only=True):
    """A purpose, and who has it."""

    id: str
    names: Text
    assigned_to: tuple[Party, ...] = ()


class DataGroup(Message, frozen=True, kw_only=True):
    """What is asked for."""

    id: str
    names: Text
    description: Text
    authentic_source: int
    temporality: str
    json_schema: dict[str, Any] | None = msgspec.field(default=None, name="schema")
    media_type: str = _JSON

    @property
    def is_document(self) -> bool:
        """Whether it comes as it stands, and not field by field."""
        return self.media_type != _JSON


class InscriptionContext(Message, frozen=True, kw_only=True):
    """A capacity in which an institution knows a person."""

    id: str
    names: Text
    evidence: str = "reference"


class Authorisation(Message, frozen=True, kw_only=True):
    """Who may get what."""

    reference: str
    names: Text
    parties: tuple[Party, ...]
    legal_contexts: tuple[str, ...]
    data_groups: tuple[str, ...]
    modes: tuple[str, ...]
    inscription_contexts: tuple[str, ...] = ()
    decision_table: str | None = None
    """By which it is decided who has what it tells of."""


class _Sectors(Message, frozen=True, kw_only=True):
    items: tuple[Sector, ...]


class _Institutions(Message, frozen=True, kw_only=True):
    items: tuple[Institution, ...]


class _LegalContexts(Message, frozen=True, kw_only=True):
    items: tuple[LegalContext, ...]


class _DataGroups(Message, frozen=True, kw_only=True):
    items: tuple[DataGroup, ...]


class _InscriptionContexts(Message, frozen=True, kw_only=True):
    items: tuple[InscriptionContext, ...]


class _Authorisations(Message, frozen=True, kw_only=True):
    items: tuple[Authorisation, ...]


class Catalogue(Message, frozen=True, kw_only=True):
    """What is in force today."""

    sectors: tuple[Sector, ...] = ()
    institutions: tuple[Institution, ...] = ()
    legal_contexts: tuple[LegalContext, ...] = ()
    data_groups: tuple[DataGroup, ...] = ()
    inscription_contexts: tuple[InscriptionContext, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()

    def assigned(self, institution: str) -> frozenset[str]:
        """Give the legal contexts that an institution has."""
        found = self.institution(institution)
        if found is None:
            return frozenset()
        return frozenset(
            context.id for context in self.legal_contexts if any(party.includes(found) for party in context.assigned_to)
        )

    def institution(self, name: str) -> Institution | None:
        """Give an institution."""
        return next((one for one in self.institutions if one.id == name), None)

    def granted(self, institution: str, legal_context: str) -> Iterator[Authorisation]:
        """Give the authorisations of an institution for a legal context."""
        found = self.institution(institution)
        for one in self.authorisations:
            if found and legal_context in one.legal_contexts and any(party.includes(found) for party in one.parties):
                yield one

    def askable(self, institution: str, legal_context: str, mode: str) -> list[DataGroup]:
        """Give what an institution may ask for in a legal context: `online` or `batch`."""
        groups = {
            name for one in self.granted(institution, legal_context) if mode in one.modes for name in one.data_groups
        }
        return [group for group in self.data_groups if group.id in groups]

    def capacities(self, institution: str, legal_context: str) -> list[InscriptionContext]:
        """Give the inscription contexts that count for a legal context: those that its authorisations name."""
        names = {name for one in self.granted(institution, legal_context) for name in one.inscription_contexts}
        return [context for context in self.inscription_contexts if context.id in names]

    def schema(self, group: str) -> Any:
        """Give the schema of a data group's content, with the names of institutions; None where there is none."""
        found = next((one for one in self.data_groups if one.id == group), None)
        return naming(found.json_schema, self._names) if found else None

    def _names(self) -> dict[str, Any]:
        return {one.id: msgspec.to_builtins(one.names) for one in self.institutions}

    def names_of(self, kind: str, key: str) -> Text:
        """Give the name of an entry in all languages; none where the catalogue has no such entry today."""
        entries: Iterable[Any] = getattr(self, kind)
        return next((one.names for one in entries if one.id == key), Text())


class _Part(NamedTuple):
    path: str
    kind: type[Any]


_PARTS = {
    "sectors": _Part("sectors", _Sectors),
    "institutions": _Part("institutions", _Institutions),
    "legal_contexts": _Part("legal-contexts", _LegalContexts),
    "data_groups": _Part("data-groups", _DataGroups),
    "inscription_contexts": _Part("inscription-contexts", _InscriptionContexts),
    "authorisations": _Part("authorisations", _Authorisations),
}


class Published:
    """Fetches the catalogue when it is old. While the hub is silent, what was fetched last goes on."""

    def __init__(self, hub: str, file: Path, http: Http) -> None:
        """Take up what was fetched before."""
        self._hub, self._file, self._http = hub, file, http
        self._catalogue = read_cached(file, msgspec.json.Decoder(Catalogue))
        self._fetched_at: datetime | None = None
        self.of: datetime | None = None
        """Of when it is, as far as this process fetched it."""

    async def now(self, now: datetime) -> Catalogue:
        """Give the catalogue. Raises Unavailable when it was never fetched, and cannot be."""
        if self._catalogue is None or self._fetched_at is None or now - self._fetched_at > STALE_AFTER:
            await self._refresh(now)
        if self._catalogue is None:
            raise Unavailable("The catalogue cannot be read: the hub does not answer.")
        return self._catalogue

    @property
    def latest(self) -> Catalogue:
        """Give what was fetched last, without asking anybody; an empty one where nothing ever was."""
        return self._catalogue or Catalogue()

    def forget(self) -> None:
        """Fetch it anew before it is used again: something shows that it is old."""
        self._fetched_at = None

    async def _refresh(self, now: datetime) -> None:
        self._fetched_at = now
        try:
            found = {name: (await self._items(part)) for name, part in _PARTS.items()}
        except Unavailable:
            return
        self._catalogue, self.of = Catalogue(**found), now
        write_atomically(self._file, msgspec.json.encode(self._catalogue))

    async def _items(self, part: _Part) -> tuple[Any, ...]:
        call = Call("GET", f"{self._hub}/v1/{part.path}")
        found = await self._http.run(fetch(call, msgspec.json.Decoder(part.kind)))
        items: tuple[Any, ...] = found.items
        return items
