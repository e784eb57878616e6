"""Asking the sources at the moment of a question: what they say now about one person and those who live with them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import OpenedBlock
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.comparing import Comparing
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.inscribing import Lines
from crossroads.statuses.model import Entitlement, Reach, year_end
from crossroads.statuses.reading import failed_sources, holdings, home, resident
from crossroads.statuses.settings import StatusSettings

AGENT = "question"
_AT_ONCE = 8
"""Questions about members of a household that are asked at the same time."""
MOST_MEMBERS = 50
"""Others in a household who are asked about at the moment of a question; a file is answered about a larger one too."""
_DECIDING_SECONDS = 2
"""How long a table may take about one person."""


class Live:
    """One right, decided on what the sources say now."""

    def __init__(self, settings: StatusSettings, asking: Comparing, buffer: Buffer, direct: Direct) -> None:
        """Of the buffer is read only who was inscribed, and who wished to be left out."""
        self._settings, self._asking, self._buffer, self._direct = settings, asking, buffer, direct
        self._statuses = {
            group: name
            for name, group in settings.statuses.items()
            if direct.statuses is None or name in direct.statuses
        }
        self._lines = Lines(asking.institution)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def entitlements(self, ssin: str, day: date) -> list[Entitlement] | None:
        """Give when the right is open for a person; None for one of whom nothing may be or is known.

        Raises Unavailable where a source does not answer: what it would have said is not known then.
        """
        if not self._direct.right.in_force(day):
            return []
        if self._buffer.withdrawn([ssin]):
            return None
        try:
            await self._asking.check(self._direct.right, day)
            people = await self._people(ssin, day)
            return await decided(self._direct, ssin, people, day) if ssin in people else None
        except TimeoutError:
            raise Unavailable("The table takes too long to decide.") from None
        except Unavailable:
            raise
        except CrossroadsError as error:
            raise Unavailable(f"The right cannot be decided now: {error}") from error

    async def close(self) -> None:
        """Close the connections, which all rights share."""
        await self._asking.close()

    async def _people(self, ssin: str, day: date) -> Mapping[str, Person]:
        asked = {ssin, *(await self._members(ssin, day))}
        found = await asyncio.gather(*(self._person(one, day) for one in sorted(asked)))
        return {one: person for one, person in zip(sorted(asked), found, strict=True) if person}

    async def _members(self, ssin: str, day: date) -> Iterable[str]:
        """Give those of the household who may open the right, all of whom may be asked about."""
        if self._direct.right.reach is Reach.PERSON:
            return ()
        group = self._settings.household
        living = home(ssin, _of(group, await self._asked(ssin, [group], None, day)))
        others = [] if living.collective else sorted(living.members - {ssin})
        if len(others) > MOST_MEMBERS:
            raise Unavailable(f"The household has more than {MOST_MEMBERS} others: about it a file is answered.")
        return await self._inscribed(sorted(set(others) - self._buffer.withdrawn(others)), day)

    async def _inscribed(self, people: Sequence[str], day: date) -> Iterable[str]:
        """Give those of the people whom the hub lets be asked about; who is new in a household is inscribed first."""
        context = self._settings.members
        new = self._buffer.not_inscribed(self._buffer.not_inscribed(people, self._settings.candidates), context)
        outcomes = (
            await self._asking.client.inscriptions.keep([self._lines.begin(one, context, day) for one in new])
            if new
            else ()
        )
        refused = {ssin for ssin, one in zip(new, outcomes, strict=True) if not one.done}
        self._buffer.inscribed((one for one in new if one not in refused), context)
        return [one for one in people if one not in refused]

    async def _person(self, ssin: str, day: date) -> Person | None:
        settings = self._settings
        groups = [settings.identification, settings.household, *self._statuses]
        blocks = await self._asked(ssin, groups, Period(day.replace(month=1, day=1), year_end(day)), day)
        if not blocks:
            return None
        held = (
            one
            for block in blocks
            if block.data_group in self._statuses
            for one in holdings(ssin, self._statuses[block.data_group], block, day)
        )
        living = home(ssin, _of(settings.household, blocks))
        return Person(resident(ssin, _of(settings.identification, blocks)), living, tuple(held))

    async def _asked(self, ssin: str, groups: Sequence[str], period: Period | None, day: date) -> Sequence[OpenedBlock]:
        async with self._room:
            reply = await self._asking.client.ask(
                ssin=ssin,
                legal_context=self._settings.legal_context,
                data_groups=groups,
                agent=AGENT,
                period=period,
                reference_date=day,
            )
        if failed := failed_sources(reply.answer, reply.rejected):
            raise Unavailable(f"{' and '.join(sorted(failed))} did not answer.")
        return reply.blocks


def _of(group: str, blocks: Iterable[OpenedBlock]) -> OpenedBlock | None:
    """Give the block of a data group of the register, which is one; of a status each who held it gives its own."""
    return next((block for block in blocks if block.data_group == group), None)


async def decided(direct: Direct, ssin: str, people: Mapping[str, Person], day: date) -> list[Entitlement]:
    """Decide, beside the event loop: a table that counts long holds up no other answer. Raises TimeoutError."""
    async with asyncio.timeout(_DECIDING_SECONDS):
        return await asyncio.to_thread(direct.entitlements, ssin, people, day)
