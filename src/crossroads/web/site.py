"""A program for people: what it is called, how it looks, and who logs in how."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from crossroads.web.look import Look
from crossroads.web.openid import OpenIdConnect
from crossroads.web.sessions import Sessions, Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A part of the program in the bar at the top."""

    path: str
    text: str
    """The message, in English; the page says it in its language."""
    roles: frozenset[str] | None = None
    """Who sees it: everybody, or who is logged in with one of these (any, where there are none)."""

    def shown_to(self, who: Who | None) -> bool:
        """Tell whether somebody sees it."""
        return self.roles is None or (who is not None and (not self.roles or bool(self.roles & who.roles)))


class Refusal(NamedTuple):
    """That a page was refused to somebody."""

    page: str
    """Its route: never what was asked for in it."""
    why: str
    """The name of the error."""
    who: str | None
    """By a pseudonym, the same for all sessions of somebody; None where nobody is logged in."""
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One program, while it runs."""

    name: str
    """Of its cookie, in lower case."""
    title: str
    public_url: str
    test: bool
    """Whether the installation is one for tests: every page says so."""
    look: Look
    sessions: Sessions
    login: OpenIdConnect | None = None
    links: tuple[Link, ...] = ()
    home: str = ""
    """Where somebody goes after logging in."""
    observers: list[Callable[[Refusal], None]] = field(default_factory=list)
    """Told of each page that was refused."""

    @property
    def secure(self) -> bool:
        """Whether it is reached by TLS."""
        return self.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the cookie; the prefix binds it to this host."""
        return f"__Host-crossroads-{self.name}" if self.secure else f"crossroads-{self.name}"

    @property
    def login_cookie(self) -> str:
        """The name of the cookie of logins under way."""
        return f"{self.cookie}-login"

    @property
    def origin(self) -> str:
        """What a browser calls the origin of its pages."""
        return "/".join(self.public_url.split("/", 3)[:3])
