"""Sessions: kept at the server, sealed under what only the browser's cookie holds. Who reads the store reads nobody."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, TypeVar

import msgspec

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import Conflict, CrossroadsError, Unavailable
from crossroads.web.handles import check_handle, new_handle
from crossroads.web.sealing import NotSealed, seal, unseal
from crossroads.web.vault import Row, Vault

_TOKEN_BYTES = 32
_TRIES = 5
_REMEMBERED = 50
"""Forms sent, of which a second sending is known; older ones are forgotten."""
_MOST_KEPT, _MOST_BYTES = 20, 256 * 1024
_MOST_IN_ALL = 512 * 1024
"""Bytes of a session: each page of it reads them all, and many write them."""
MOST_OF_ONE = 10
"""Sessions that somebody has at once, ended ones included; of more, the oldest end."""
AFTERWARDS = timedelta(hours=1)
"""For which an ended session can still say whose it was, so that what was typed can wait for its owner."""

T = TypeVar("T")


class TooMuchKept(CrossroadsError):
    """It is too much to keep for a later page."""


class Level(IntEnum):
    """How sure it is who somebody is: the levels of assurance of eIDAS."""

    NONE = 0
    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is logged in, as the provider says."""

    issuer: str
    subject: str
    provider_session: str | None = None
    name: str
    ssin: str | None = None
    """Of the person; kept here alone, and never in a page's address or a cookie."""
    level: Level
    roles: frozenset[str] = frozenset()
    since: datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed into a form whose session had ended: it waits for its owner."""

    owner: bytes
    fields: dict[str, list[str]] = {}
    """All values of each field."""


class Session(msgspec.Struct, kw_only=True):
    """What is kept of one browser between two pages."""

    csrf: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    who: Who | None = None
    drafts: dict[str, Draft] = msgspec.field(default_factory=dict)
    """By path of the form, without language."""
    sent: dict[str, str] = msgspec.field(default_factory=dict)
    """Forms that were sent, by the number each carries, and where the browser was led then."""
    kept: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    """What a page keeps for the next one, under a random name that may stand in a URL."""
    acting: dict[str, Any] | None = None
    """For whom somebody acts until he says otherwise, as the program writes it."""


class Visit:
    """One browser's session during one request. `current` is what is known of it now."""

    def __init__(self, token: str, row: Row, session: Session, *, ended: bool) -> None:
        """Keep what was found."""
        self.token, self.row, self.current, self.ended = token, row, session, ended

    @property
    def who(self) -> Who | None:
        """Who is logged in, now."""
        return None if self.ended else self.current.who

    @property
    def owner(self) -> bytes | None:
        """Whose it is, or was."""
        return self.row.subject


class Sessions:
    """Starts, finds, changes and ends sessions."""

    def __init__(self, vault: Vault, secret: bytes, clock: Clock, *, idle: timedelta, longest: timedelta) -> None:
        """Keep them in the vault; `secret` hides whose they are from who reads it."""
        self._vault, self._secret, self._clock = vault, secret, clock
        self._idle, self.longest = idle, longest

    async def start(self, session: Session) -> Visit:
        """Begin a session under a new token."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        row = self._row(token, session, version=0, created_at=now, now=now)
        await self._vault.add(row)
        if row.subject is not None:
            await self._vault.trim(row.subject, MOST_OF_ONE)
        return Visit(token, row, session, ended=False)

    async def find(self, token: str | None) -> Visit | None:
        """Give the session of a token; `ended` where its time is over. None where there is none, or a forged one."""
        row = await self._vault.get(_derived(b"key:", token)) if token else None
        if token is None or row is None:
            return None
        try:
            session = _opened(token, row.content)
        except (NotSealed, msgspec.MsgspecError):
            return None
        return Visit(token, row, session, ended=self._clock.now() >= row.ends_at)

    async def touch(self, visit: Visit) -> None:
        """Note that it is in use, where that was not noted in the last minute."""
        if self._clock.now() - visit.row.used_at >= timedelta(minutes=1):
            await self.change(visit, lambda _: None)

    async def change(self, visit: Visit, apply: Callable[[Session], T]) -> T:
        """Change a session by a function, which is called again where another request changed it meanwhile.

        Raises Conflict where it ended meanwhile.
        """
        for _ in range(_TRIES):
            done = apply(visit.current)
            row = self._row(
                visit.token,
                visit.current,
                version=visit.row.version,
                created_at=visit.row.created_at,
                now=self._clock.now(),
            )
            if await self._vault.replace(row):
                visit.row = row._replace(version=row.version + 1)
                return done
            found = await self.find(visit.token)
            if found is None or found.ended:
                raise Conflict("The session ended meanwhile.")
            visit.row, visit.current = found.row, found.current
        raise Unavailable("Too many pages of this browser are being treated at once.")

    async def sent_before(self, visit: Visit, number: str) -> str | None:
        """Take the number of a form: None the first time; later where the browser was led, or "" while that is open."""

        def take(session: Session) -> str | None:
            if number in session.sent:
                return session.sent[number]
            session.sent[number] = ""
            for old in list(session.sent)[:-_REMEMBERED]:
                del session.sent[old]
            return None

        return await self.change(visit, take)

    async def keep(self, visit: Visit, value: object) -> str:
        """Keep something for a later page of this browser: gives a random name, which may stand in a URL.

        Of many, the oldest go. Raises TooMuchKept.
        """
        content, handle = msgspec.Raw(msgspec.json.encode(value)), new_handle(visit.owner)
        if len(bytes(content)) > _MOST_BYTES:
            raise TooMuchKept

        def note(session: Session) -> None:
            session.kept[handle] = content
            while len(session.kept) > _MOST_KEPT or sum(len(bytes(one)) for one in session.kept.values()) > _MOST_BYTES:
                del session.kept[next(iter(session.kept))]

        await self.change(visit, note)
        return handle

    @staticmethod
    def kept(visit: Visit, handle: str, kind: type[T]) -> T | None:
        """Give what was kept under a name; None where it is not any more, or of another page. Raises NotYours."""
        found = visit.current.kept.get(handle)
        if found is None and handle:
            check_handle(handle, visit.owner)
        try:
            return None if found is None else msgspec.json.decode(found, type=kind)
        except msgspec.ValidationError:
            return None

    async def end(self, visit: Visit) -> None:
        """End a session; nothing of it stays."""
        await self._vault.remove(visit.row.key)

    async def end_all(self, issuer: str, subject: str | None, provider_session: str | None) -> int:
        """End all sessions of somebody, or of one session at the provider. Gives how many."""
        return await self._vault.remove_of(
            self._hidden(issuer, subject) if provider_session is None else None,
            self._hidden(issuer, provider_session),
        )

    async def purge(self) -> int:
        """Remove what ended long ago."""
        return await self._vault.purge(self._clock.now() - AFTERWARDS)

    def owner(self, who: Who) -> bytes | None:
        """Give by what it is known whose something is."""
        return self._hidden(who.issuer, who.subject)

    def now(self) -> datetime:
        """Give the time by which sessions end."""
        return self._clock.now()

    def key_for(self, purpose: str) -> bytes:
        """Give the key under which a browser keeps something itself: 32 bytes, the same in all processes."""
        return hmac.new(self._secret, b"key for " + purpose.encode(), hashlib.sha256).digest()

    def pseudonym(self, who: Who) -> str:
        """Give what stands for somebody in a log."""
        return hashlib.sha256(b"pseudonym:" + (self.owner(who) or b"")).hexdigest()[:16]

    def _row(self, token: str, session: Session, *, version: int, created_at: datetime, now: datetime) -> Row:
        who = session.who
        return Row(
            key=_derived(b"key:", token),
            subject=self.owner(who) if who else None,
            provider_session=self._hidden(who.issuer, who.provider_session) if who else None,
            content=_sealed(token, session),
            version=version,
            created_at=created_at,
            used_at=now,
            ends_at=min(now + self._idle, created_at + self.longest),
        )

    def _hidden(self, issuer: str, name: str | None) -> bytes | None:
        if name is None:
            return None
        return hmac.new(self._secret, msgspec.json.encode((issuer, name)), hashlib.sha256).digest()


def _derived(purpose: bytes, token: str) -> bytes:
    return hashlib.sha256(purpose + token.encode()).digest()


def _sealed(token: str, session: Session) -> bytes:
    return seal(_fitting(session), _derived(b"seal:", token))


def _fitting(session: Session) -> bytes:
    """Write a session, without the oldest of what it keeps where it is too much."""
    content = msgspec.json.encode(session)
    while len(content) > _MOST_IN_ALL and (held := session.drafts or session.kept or session.sent):
        del held[next(iter(held))]
        content = msgspec.json.encode(session)
    return content


def _opened(token: str, content: bytes) -> Session:
    return msgspec.json.decode(unseal(content, _derived(b"seal:", token)), type=Session)
