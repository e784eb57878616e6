"""Invitations: a message in the box of a household for which a right is open, and that a client does not have.

Each household gets one message after a load, however often the command is given, and wherever it was killed: what was
published stands on the shelf of the participant, by a reference that is the same each time.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from hmac import digest

import msgspec

from crossroads.kernel.errors import Refused
from crossroads.participant.boxes_file import settle, shelve
from crossroads.participant.boxes_shelf import Shelf
from crossroads.participant.client import SyncClient
from crossroads.participant.files import write_atomically
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.hiding import shown
from crossroads.statuses.locking import locked
from crossroads.statuses.model import Load
from crossroads.statuses.rights import Right, Subjects, Texts
from crossroads.wire.box import BoxPublication, Delivery, DocumentCard, Sort, Subject, digest_of

_KEY_BYTES = 32
_REFERENCE = 32
_NAMES = {
    "nl": "Uitnodiging.txt",
    "fr": "Invitation (français).txt",
    "de": "Einladung.txt",
    "en": "Invitation (English).txt",
}
_MARK = "\ufeff"
"""So that every reader knows the letters."""


class Fate(StrEnum):
    """What came of a household."""

    INVITED = "invited"
    NO_BOX = "no_box"
    """Nobody of age has an active box."""
    NOBODY = "nobody"
    """Nobody of age has the right, as far as is known, or wishes to be written to."""
    REFUSED = "refused"
    """The hub lets nobody of them be written to."""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """How many households came to what, rounded; None for a number that is hidden."""

    households: int | None
    invited: int | None
    no_box: int | None
    nobody: int | None
    refused: int | None


class Inviting:
    """The invitations to one right, after one load."""

    def __init__(self, client: SyncClient, shelf: Shelf, buffer: Buffer, load: Load, right: Right) -> None:
        """Write with a client of the institution. Raises Refused for a right that lets nobody be written to."""
        if right.invitations is None:
            raise Refused(f"The right {right.id} says nothing of invitations: nobody may be written to about it.")
        self._client, self._shelf, self._buffer = client, shelf, buffer
        self._load, self._right, self._said = load, right, right.invitations

    def run(self, homes: Iterable[Sequence[str]], today: date) -> Invited:
        """Invite one of each home, the first who has an active box, and count.

        Raises Unavailable where the hub is silent: given again it goes on. Raises Conflict while it runs already.
        """
        counts = dict.fromkeys(Fate, 0)
        with locked(self._buffer.path.with_name("inviting.lock"), "Invitations are being sent already."):
            for adults in homes:
                counts[self._invited(adults, today)] += 1
        total = sum(counts.values())
        households, parts = shown(list(counts.values()), [total - count for count in counts.values()])
        return Invited(households=households, **dict(zip(counts, parts, strict=True)))

    def _invited(self, adults: Sequence[str], today: date) -> Fate:
        if any(self._before(one) is Delivery.PUBLISHED for one in adults):
            return Fate.INVITED
        fate = Fate.NOBODY
        # Somebody may have withdrawn since the load, or a source corrected what it said.
        for ssin in (one for one in adults if self._is_open(one, today)):
            try:
                if self._delivered(ssin, today) is Delivery.PUBLISHED:
                    return Fate.INVITED
                fate = Fate.NO_BOX
            except Refused:
                fate = fate if fate is Fate.NO_BOX else Fate.REFUSED
        return fate

    def _before(self, ssin: str) -> Delivery | None:
        before = self._shelf.find(self._client.institution, self._reference(ssin))
        return before.delivery if before else None

    def _is_open(self, ssin: str, today: date) -> bool:
        opened = self._buffer.opened(self._right.id, [ssin]).get(ssin, ())
        return any(one.period.last >= today for one in opened)

    def _delivered(self, ssin: str, today: date) -> Delivery:
        """Publish to a person, unless that was done; what was begun goes on as it was."""
        reference = self._reference(ssin)
        before = self._shelf.find(self._client.institution, reference)
        if before and before.delivery:
            return before.delivery
        contents = [(_MARK + text).encode() for text in _by_language(self._said.text).values()]
        publication = before.publication if before else self._publication(ssin, reference, contents, today)
        message = shelve(self._shelf, self._client.institution, publication, contents)
        published = self._client.box.publish(publication)
        settle(self._shelf, message, published)
        return published.delivery

    def _reference(self, ssin: str) -> str:
        """Give the reference of a person's invitation to this right after this load. It tells nothing of who it is."""
        text = f"invitation {self._right.id} {self._load.day} {ssin}"
        return digest(self._key, text.encode(), "sha256").hex()[:_REFERENCE]

    @cached_property
    def _key(self) -> bytes:
        """The key that references are made with, for those alone who can read the buffer."""
        # First used while nobody else invites: two that made one each would invite everybody twice.
        path = self._buffer.path.with_name("invitations.key")
        if not path.exists():
            write_atomically(path, secrets.token_bytes(_KEY_BYTES))
        return path.read_bytes()

    def _publication(self, ssin: str, reference: str, contents: Sequence[bytes], today: date) -> BoxPublication:
        return BoxPublication(
            reference=reference,
            ssin=ssin,
            legal_context=self._said.legal_context,
            subject=Subject(**_by_language(self._said.subject)),
            sort=Sort.INVITATION,
            received_on=today,
            # When the buffer goes nobody can tell any more whether the right is open.
            expires_on=self._load.until + timedelta(days=1),
            documents=tuple(_card(name, content) for name, content in zip(_NAMES.values(), contents, strict=True)),
        )


def _by_language(texts: Texts | Subjects) -> Mapping[str, str]:
    return {language: getattr(texts, language) for language in _NAMES}


def _card(name: str, content: bytes) -> DocumentCard:
    return DocumentCard(name=name, media_type="text/plain", size=len(content), digest=digest_of(content))
