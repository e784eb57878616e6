"""Who acted for whom, in the lines that a person reads: by what the log says, and the names of the mandates.

A look says under which pseudonym it was made; that this one acts for the person, and on what ground, was logged when
the acting began. Where the log does not say it, nothing is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import chain

from crossroads.audit.events import Event
from crossroads.audit.seen_store import Place, Seen, SeenStore, View
from crossroads.identity.acting import Acting
from crossroads.identity.acting_store import Mandate
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.transparency.looking import Looked
from crossroads.wire.acting import ACTING, Side
from crossroads.wire.usage import Acted, Ground

_OF_MANDATES = frozenset({Event.MANDATE_GIVEN, Event.MANDATE_ACCEPTED, Event.MANDATE_ENDED})
_ACTS = frozenset({Event.ACTING_BEGUN, Event.ACTING_REFUSED})
_MOST_BEGUN = 200


@dataclass(frozen=True, slots=True)
class Deputies:
    """Finds who acted."""

    store: SeenStore
    acting: Acting

    async def of(self, entries: Sequence[Seen], looked: Looked) -> Mapping[Place, Acted]:
        """Give, of some entries about a person, those by which somebody acted. Raises Unavailable."""
        concerned = [one for one in entries if one.event in _OF_MANDATES | _ACTS or _purpose(one) in ACTING]
        if not concerned:
            return {}
        begun = await self._begun([one for one in concerned if one.event not in _OF_MANDATES | _ACTS], looked)
        # Who acts for the person learns of no other who does, nor for whom the person acts.
        named = looked.sight.legal_context not in ACTING
        mandates = await self.acting.of_either(looked.persons) if named else []
        names = dict(chain.from_iterable(_names(one) for one in mandates))
        found = ((one.place, _acted(one, begun, names)) for one in concerned)
        return {place: acted for place, acted in found if acted}

    async def _begun(self, looks: Sequence[Seen], looked: Looked) -> list[Seen]:
        """Give who began to act for the person on the days of some looks, the newest first."""
        if not looks:
            return []
        moments = [one.place.at for one in looks]
        first = datetime.combine(brussels_day(min(moments)), time(), BRUSSELS)
        now = max(moments)
        events = [str(Event.ACTING_BEGUN)]
        view = View(persons=looked.persons, events=events, first=first, until=now, now=now)
        return (await self.store.page(view, _MOST_BEGUN)).entries


def _acted(entry: Seen, begun: Iterable[Seen], names: Mapping[tuple[str, Side], str]) -> Acted | None:
    if entry.event in _OF_MANDATES:
        return _of(entry, Ground.MANDATE, entry.fields.get("kind"), names)
    if entry.event in _ACTS:
        return _of(entry, entry.fields.get("kind"), entry.fields.get("side"), names)
    found = next((one for one in begun if _same(one, entry)), None)
    return _of(found, found.fields.get("kind"), Side.GIVER, names) if found else None


def _of(entry: Seen, ground: str | None, side: str | None, names: Mapping[tuple[str, Side], str]) -> Acted | None:
    if ground is None or side is None:
        return None
    name = names.get((str(entry.fields.get("mandate")), Side(side)))
    return Acted(ground=Ground(ground), side=Side(side), name=name)


def _same(begun: Seen, look: Seen) -> bool:
    """Tell whether a look is by who began to act then, as the person's."""
    if begun.fields.get("side") != Side.GIVER or begun.place.at > look.place.at:
        return False
    return _hand(begun) == _hand(look)


def _hand(one: Seen) -> tuple[object, ...]:
    return one.asker, one.fields.get("agent"), one.fields.get("legalContext"), brussels_day(one.place.at)


def _names(mandate: Mandate) -> list[tuple[tuple[str, Side], str]]:
    """Give the name of the other, by the side that the person is."""
    key = str(mandate.mandate)
    return [((key, Side.GIVER), mandate.receiver_name), ((key, Side.RECEIVER), mandate.giver_name)]


def _purpose(entry: Seen) -> str:
    return entry.fields.get("legalContext") or ""
