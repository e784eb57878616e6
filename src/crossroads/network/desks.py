"""The desk of an institution of a network on this machine: its settings, and who works there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import yaml

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.period import Period
from crossroads.network.logins import Login
from crossroads.network.members import Member
from crossroads.participant.desk.acts import new_agent
from crossroads.participant.desk.appointing import Appointing
from crossroads.participant.desk.config import read_desk_config
from crossroads.participant.desk.model import User
from crossroads.web.demo_provider.personas import Persona

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Pages for the staff of one institution, in one legal context."""

    member: Member
    port: int
    legal_context: str
    host: str = "127.0.0.1"
    """As browsers call this machine. A browser keeps one login for each name: two desks have two names."""

    @property
    def name(self) -> str:
        """What the login calls it."""
        return f"desk-{self.member.institution}"

    @property
    def url(self) -> str:
        """Where browsers reach it."""
        return f"http://{self.host}:{self.port}"

    @property
    def arguments(self) -> Sequence[str]:
        """What starts it, after `crossroads`."""
        return ("desk", "serve", str(self.member.folder / "desk.yaml"))

    def make(self, login: Login) -> None:
        """Write its settings beside those of the participant."""
        secret = str(login.secret(self.name).resolve())
        settings = {
            "client": self.member.settings.name,
            "listen": {"port": self.port},
            "url": self.url,
            "login": {"issuer": login.url, "clientId": self.name, "clientSecretFile": secret},
            "state": "desk",
        }
        (self.member.folder / "desk.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")

    async def appoint(self, manager: Persona, staff: Persona) -> None:
        """Make the first local manager and, by that one, the first staff, each for a year; later starts change nothing.

        The hub must answer. Raises Refused, Unavailable.
        """
        appointing = Appointing(read_desk_config(self.member.folder / "desk.yaml"), SystemClock())
        await appointing.open()
        today, roster = brussels_day(datetime.now(UTC)), appointing.acts.roster
        period, contexts = Period(today, today + _YEAR), [self.legal_context]
        managers = roster.managers(self.legal_context, today)
        if not managers:
            managers = {await appointing.manager(_user(manager), contexts, period)}
        clerk = roster.user(staff.id)
        if clerk is None or all(role.agent != clerk.agent for role in roster.roles.values()):
            await appointing.staff(min(managers), _user(staff), contexts, period)


def _user(persona: Persona) -> User:
    return User(agent=new_agent(), subject=persona.id, name=persona.name)
