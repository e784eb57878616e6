"""Who holds an office at the portal: the pages ask the hub for them, as the institution that the portal is.

The hub logs who it was: a pseudonym that stays the same from login to login, and the name that the provider gives. The
pseudonym is made under a secret of the portal, so that nobody who reads the log can try out numbers of people.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from crossroads.kernel.errors import Unavailable
from crossroads.participant.offices import Offices
from crossroads.web.access import Needs
from crossroads.web.look import clean
from crossroads.web.sessions import Level, Who
from crossroads.web.view import View

OFFICER = Needs(Level.HIGH, frozenset({"officer"}))
COMMITTEE = Needs(Level.HIGH, frozenset({"committee"}))
OVERSIGHT = "OVERSIGHT:INQUIRY"
DECISION = "COMMITTEE:DECISION"
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""In a pseudonym without digits nobody finds the number of a person."""
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds an office, before the hub."""

    offices: Offices
    agent: str
    name: str

    def oversees(self, **said: Any) -> dict[str, Any]:
        """Give what every request of a supervisor says, with the rest."""
        return {"legal_context": OVERSIGHT, "agent": self.agent, "name": self.name, **said}

    def decides(self, **said: Any) -> dict[str, Any]:
        """Give what every request of the committee says, with the rest."""
        return {"legal_context": DECISION, "agent": self.agent, "name": self.name, **said}


async def provide_holder(view: NamedDependency[SkipValidation[View]], state: State) -> Holder:
    """Give who is logged in. Raises Unavailable without client."""
    client = state.hub_client
    if client is None:
        raise Unavailable("The portal has no client of the hub.")
    who = view.somebody
    return Holder(client.offices, agent_of(who, state.holder_secret), clean(who.name)[:_LONGEST_NAME].strip() or "?")


def agent_of(who: Who, secret: bytes) -> str:
    """Give the pseudonym of somebody: one for all accounts of a person, where the provider gives the number."""
    known = ("person", who.ssin) if who.ssin is not None else ("account", who.issuer, who.subject)
    hidden = hmac.new(secret, msgspec.json.encode(known), sha256).hexdigest()[:24].translate(_LETTERS)
    return f"holder-{hidden}"
