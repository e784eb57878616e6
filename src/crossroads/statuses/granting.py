"""By which table a right may be decided: the one on which its authorisation rests, in the hub's catalogue, that day.

The institution decides by its own copy, and compares: neither it nor the hub can change a rule alone.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import structlog

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.client import SyncClient
from crossroads.participant.client_settings import client_settings
from crossroads.participant.published import entries
from crossroads.participant.steps import Steps
from crossroads.statuses.model import Reach
from crossroads.statuses.rights import Right, read_rights
from crossroads.statuses.settings import StatusSettings
from crossroads.wire.messages import Message

_STATE = "serving"
_SHORT = 12
"""Of a digest, for people to compare."""

_log = structlog.get_logger()


class NotGranted(Refused):
    """The catalogue does not let the right be decided by this table."""


class Authorisation(Message, frozen=True, kw_only=True):
    """Of an authorisation, what it rests on."""

    reference: str
    data_groups: tuple[str, ...]
    decision_table: str | None = None


class Table(Message, frozen=True, kw_only=True):
    """Of a decision table, what tells it from another."""

    id: str
    decision: str
    reach: Reach
    sha256: str


class Granted(NamedTuple):
    """What the catalogue has in force on a day."""

    day: date
    authorisations: Mapping[str, Authorisation]
    tables: Mapping[str, Table]

    def check(self, right: Right) -> None:
        """Raise NotGranted for a right that the catalogue would have decided otherwise, or not at all."""
        resting = self.authorisations.get(right.authorisation)
        if resting is None:
            self._refuse(right, f"the authorisation {right.authorisation} is not in force then")
        elif right.data_group not in resting.data_groups:
            self._refuse(right, f"the authorisation {right.authorisation} is not for {right.data_group}")
        elif resting.decision_table is None:
            self._refuse(right, f"the authorisation {right.authorisation} rests on no decision table")
        elif (table := self.tables.get(resting.decision_table)) is None:
            self._refuse(right, f"the decision table {resting.decision_table} is not in force then")
        elif table.sha256 != right.version:
            theirs, ours = table.sha256[:_SHORT], right.version[:_SHORT]
            self._refuse(right, f"its table {table.id} is {theirs}…, and {right.table} here is {ours}…")
        elif (table.decision, table.reach) != (right.decision, right.reach):
            self._refuse(
                right, f"it decides by `{table.decision}`, reach {table.reach}, not `{right.decision}`, {right.reach}"
            )

    def _refuse(self, right: Right, why: str) -> None:
        raise NotGranted(f"The right {right.id} is not decided for {self.day}: by the catalogue of the hub, {why}.")


def granted(hub: str, day: date) -> Steps[Granted]:
    """Read what the catalogue has in force on a day. Raises Unavailable."""
    authorisations = yield from entries(hub, "authorisations", Authorisation, day)
    tables = yield from entries(hub, "decision-tables", Table, day)
    return Granted(day, {one.reference: one for one in authorisations}, {one.id: one for one in tables})


def check_granted(client: SyncClient, rights: Iterable[Right], day: date) -> None:
    """Compare the tables of all rights in force on a day with the catalogue. Raises NotGranted and Unavailable."""
    found = client.published(granted, day)
    for right in rights:
        if right.in_force(day):
            found.check(right)


def check_served(settings: StatusSettings) -> None:
    """Compare before anything is served. Raises NotGranted, WrongSetting and what reading a table raises.

    While the hub is down nobody asks, and before a question is answered it is compared anyhow: see `Live`.
    """
    rights = read_rights(settings.path(settings.rights))
    with SyncClient(client_settings(settings.path(settings.client), _STATE)) as client:
        try:
            check_granted(client, rights, brussels_day(SystemClock().now()))
        except Unavailable as error:
            _log.warning("tables not compared with the catalogue yet", reason=str(error))
