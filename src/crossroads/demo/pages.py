"""The programs of the demo with pages for people: the portal, those about rights, two desks, and the login."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.demo.clients import STATUSES
from crossroads.demo.rights_pages import RIGHTS, RightsPages
from crossroads.network.desks import Desk
from crossroads.network.logins import Login
from crossroads.network.members import Member
from crossroads.web.demo_provider.personas import Persona
from crossroads.web.settings import LoginSettings

PORTAL, LOGIN = "portal", "demo-login"
CENTRE, SOURCE = "pcsw-gent", "nsso"
_DESKS = {CENTRE: ("PCSA:SOCIAL_INQUIRY", "127.0.0.1"), SOURCE: ("NSSO:CONTRIBUTION_REDUCTIONS", "localhost")}
PORTS = 3 + len(_DESKS)
"""As many as these programs need."""


class Program(NamedTuple):
    """A program with pages, as it is started."""

    name: str
    arguments: Sequence[str]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where these programs are, and what they are set to."""

    login: Login
    portal: Member
    """The institution that the portal is. Nobody asks it for data: at its port are its pages."""
    rights: RightsPages
    desks: tuple[Desk, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The blocks of crossroads.yaml."""
        known = LoginSettings(issuer=self.login.url, client_id=PORTAL, client_secret=self.login.secret(PORTAL))
        portal = PortalSettings(
            port=self.portal.port,
            public_url=self.portal.url,
            home=self.portal.folder,
            client=self.portal.settings,
            login=known,
            statuses_url=self.rights.url,
        )
        return {"portal": portal, "demo_login": self.login.settings}

    @property
    def programs(self) -> Iterator[Program]:
        """All of them, the login first: who needs it asks for it only when somebody logs in."""
        yield Program(LOGIN, ("serve", "--role", LOGIN), self.login.url)
        yield Program(PORTAL, ("serve", "--role", PORTAL), self.portal.url)
        yield Program(RIGHTS, self.rights.arguments, self.rights.url)
        for desk in self.desks:
            yield Program(desk.name, desk.arguments, desk.url)

    def desk(self, institution: str) -> Desk:
        """Give the desk of an institution."""
        return next(desk for desk in self.desks if desk.member.institution == institution)

    def make(self, personas: Sequence[Persona]) -> None:
        """Write the settings of all but the portal; the folders of the members are there."""
        named = {PORTAL: self.portal.url, RIGHTS: self.rights.url} | {desk.name: desk.url for desk in self.desks}
        self.login.make([self.login.client(name, url) for name, url in named.items()], personas)
        self.rights.make(self.login, self.portal.url)
        for desk in self.desks:
            desk.make(self.login)


def pages(folder: Path, members: Sequence[Member], first_port: int) -> Pages:
    """Give those of the demo in this folder, on ports from the first one on."""
    by_name = {member.institution: member for member in members}
    portal, login, rights, *ports = range(first_port, first_port + PORTS)
    return Pages(
        login=Login(folder=folder / "login", port=login),
        portal=Member(institution=PORTAL, port=portal, folder=folder / PORTAL),
        rights=RightsPages(folder=folder / STATUSES, port=rights),
        desks=tuple(
            Desk(member=by_name[name], port=port, legal_context=context, host=host)
            for port, (name, (context, host)) in zip(ports, _DESKS.items(), strict=True)
        ),
    )
