"""The first users of a desk: the local manager whom the command line makes, and staff whom that manager appoints."""

from collections.abc import Sequence

from crossroads.kernel.clock import Clock
from crossroads.kernel.period import Period
from crossroads.participant.desk.acts import Acts, new_id
from crossroads.participant.desk.config import DeskConfig
from crossroads.participant.desk.model import COMMAND_LINE, Appoint, Grant, Power, Role, User
from crossroads.participant.desk.published import TIMEOUT, Published
from crossroads.participant.steps import Http


class Appointing:
    """Acts on a desk, whether it runs or not. Call `open` before anything else; the hub must answer."""

    def __init__(self, settings: DeskConfig, clock: Clock) -> None:
        """Know the log of the desk."""
        self._settings, self._clock = settings, clock
        self._asking = settings.asking()
        self._here: frozenset[str] = frozenset()
        self.acts = Acts(settings.home / "acts", self._asking.institution, clock)

    async def open(self) -> None:
        """Make the log where it is missing, and ask the catalogue for the institution's legal contexts."""
        await self.acts.open()
        http = Http(TIMEOUT)
        try:
            published = Published(self._asking.hub, self._settings.home / "catalogue.json", http)
            self._here = (await published.now(self._clock.now())).assigned(self._asking.institution)
        finally:
            await http.close()

    async def manager(self, user: User, legal_contexts: Sequence[str], period: Period) -> str:
        """Make a user local manager where there is none. Gives the agent, that of the account if known. As `do`."""
        return await self._appoint(COMMAND_LINE, Power.MANAGER, user, legal_contexts, period)

    async def staff(self, manager: str, user: User, legal_contexts: Sequence[str], period: Period) -> str:
        """Have a manager make a user staff. Gives the agent. Raises NotAllowed, as on the pages."""
        return await self._appoint(manager, Power.STAFF, user, legal_contexts, period)

    async def _appoint(self, by: str, power: Power, user: User, legal_contexts: Sequence[str], period: Period) -> str:
        known = self.acts.roster.user(user.subject)
        if known is None:
            await self.acts.do(Appoint(user=user), by, self._here)
        agent = (known or user).agent
        for context in legal_contexts:
            role = Role(id=new_id(), agent=agent, power=power, legal_context=context, period=period)
            await self.acts.do(Grant(role=role), by, self._here)
        return agent
