"""Whether a right is open: for one person as the sources say now, for many from the buffer; and a person's own view.

Named in the settings of the participant, for the data group of each right and for that of the person's own view.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.period import Period
from crossroads.participant.client_settings import client_settings
from crossroads.participant.config import Config
from crossroads.participant.datagroups import JSON
from crossroads.participant.datasources import Found, Wanted, WantedMany
from crossroads.participant.statuses import Days, RightAnswer
from crossroads.participant.yamlfile import WrongSetting
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.comparing import Comparing
from crossroads.statuses.direct import Direct
from crossroads.statuses.live import Live
from crossroads.statuses.model import Entitlement, Holding
from crossroads.statuses.own_rule import is_own_rule
from crossroads.statuses.rights import Right, read_rights
from crossroads.statuses.settings import FILE, StatusSettings, read_status_settings

_SHORT = 12
"""Of the digest of a table, for people to compare."""


class RightSource:
    """Whether one right is open."""

    media_type = JSON

    def __init__(self, buffer: Buffer, right: str, live: Live) -> None:
        """Answer about many from a buffer, and about one person alone from the sources."""
        self._buffer, self._right, self._live = buffer, right, live

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give yes or no with its days, as of today. Raises Unavailable where a source does not answer."""
        opened = await self._live.entitlements(wanted.ssin, brussels_day(SystemClock().now()))
        return None if opened is None else _told(opened, wanted.period)

    async def read_many(self, wanted: WantedMany) -> Found:
        """Give the same of those who are known here, as of the last load. Raises Unavailable without one."""
        opened = self._buffer.opened(self._right, wanted.ssins)
        return {ssin: _told(rights, wanted.period) for ssin, rights in opened.items()}

    async def close(self) -> None:
        """Close the connections."""
        await self._live.close()


class OwnView:
    """What is held about a person, for that person."""

    media_type = JSON

    def __init__(self, buffer: Buffer, rights: Iterable[Right]) -> None:
        """Answer from a buffer."""
        self._buffer, self._rights = buffer, {one.id: one for one in rights}

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give statuses with their source and day, and rights with the rule that opened them; None for neither.

        Without a rule that names a status of another in the household alone.
        """
        return self._of(wanted.ssin)

    async def read_many(self, wanted: WantedMany) -> Found:
        """Give the same of many."""
        return {ssin: content for ssin in wanted.ssins if (content := self._of(ssin))}

    def _of(self, ssin: str) -> bytes | None:
        statuses, rights = self._buffer.holdings(ssin), self._buffer.entitlements(ssin)
        if not statuses and not rights:
            return None
        held = {one.status for one in statuses}
        told = [_right(one) | self._rule(one, held) for one in rights]
        return msgspec.json.encode({"statuses": [_status(one) for one in statuses], "rights": told})

    def _rule(self, one: Entitlement, statuses: Collection[str]) -> dict[str, object]:
        right = self._rights.get(one.right)
        return {"rule": one.rule} if right and is_own_rule(one, right, statuses) else {}


def right(config: Config, group: str) -> RightSource:
    """Make what answers for the data group of a right. Raises WrongSetting."""
    settings = _settings(config)
    buffer = Buffer(settings.path(settings.buffer))
    for one in read_rights(settings.path(settings.rights)):
        if one.data_group == group:
            return RightSource(buffer, one.id, Live(settings, _asking(config, settings), buffer, Direct(one)))
    raise WrongSetting(f"$.groups.{group}: no right in {settings.rights} is told by this data group.")


def own(config: Config, _group: str) -> OwnView:
    """Make what answers a person about itself. Raises WrongSetting."""
    settings = _settings(config)
    return OwnView(Buffer(settings.path(settings.buffer)), read_rights(settings.path(settings.rights)))


def _asking(config: Config, settings: StatusSettings) -> Comparing:
    """Give the one that all rights of these settings share."""
    made: Comparing = config.made.setdefault(
        __name__, Comparing(client_settings(settings.path(settings.client), "asking"))
    )
    return made


def _settings(config: Config) -> StatusSettings:
    return read_status_settings(config.path(FILE))


def _told(rights: Sequence[Entitlement], asked: Period) -> bytes:
    days = [_days(one.period) for one in rights if one.period.overlaps(asked)]
    return msgspec.json.encode(RightAnswer(entitled=bool(days), periods=days))


def _days(period: Period) -> Days:
    return Days(start_date=period.start_date, end_date=period.end_date)


def _status(one: Holding) -> dict[str, object]:
    days = msgspec.to_builtins(_days(one.period))
    return {"status": one.status, "source": one.source, "extracted": one.extracted, **days}


def _right(one: Entitlement) -> dict[str, object]:
    days = msgspec.to_builtins(_days(one.period))
    return {"right": one.right, "table": one.version[:_SHORT], **days}
