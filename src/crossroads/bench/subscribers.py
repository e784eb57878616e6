"""Who is told in `bench changes`: invented welfare centres, the people known to some of them, and a catalogue."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import cycle, islice
from typing import Any, NamedTuple

import msgspec

from crossroads.bench.population import LEGAL_CONTEXT, LINES_EACH, SOURCE, population
from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution, Party
from crossroads.catalogue.model import Authorisation, Document, Mode, Subscription

MAILBOXES, KNOWN_TO = 100, 13
GROUP, SOURCE_CONTEXT = "employment-relations@1", "12:30"
_CONTEXT, _SECTOR, _CENTRE = "17:3", 17, 1
_AUTHORISATION = "CR-ILL/bench-changes"
_ENTRY: dict[str, Any] = {
    "valid_from": date(1990, 1, 15),
    "provenance": Provenance.ILLUSTRATIVE,
    "source": "ours: invented for a bench",
}

Line = dict[str, Any]


class Subscribers(NamedTuple):
    """The institutions that are told, and the people whom each change is about."""

    institutions: tuple[str, ...]
    people: tuple[str, ...]

    def lines(self) -> Iterator[Line]:
        """Give the inscriptions: each person at the source, and at as many institutions, the next ones each time."""
        places = cycle(self.institutions)
        for ssin in self.people:
            yield _line(ssin, SOURCE, SOURCE_CONTEXT)
            yield from (_line(ssin, institution, _CONTEXT) for institution in islice(places, KNOWN_TO))


def subscribers(people: int) -> Subscribers:
    """Make them."""
    names = tuple(f"bench-centre-{number:03}" for number in range(MAILBOXES))
    return Subscribers(names, population(people * LINES_EACH).persons)


def subscribed(document: Document, institutions: Sequence[str]) -> Document:
    """Give a catalogue in which they exist, are told of one data group, and may know it."""
    added = tuple(
        Institution(id=name, sector=_SECTOR, type=_CENTRE, names=Text(en=f"{name} (illustrative)"), **_ENTRY)
        for name in institutions
    )
    parties = tuple(Party(institution=name) for name in institutions)
    authorisation = Authorisation(
        reference=_AUTHORISATION,
        names=Text(en="Told in a bench (illustrative)"),
        parties=parties,
        legal_contexts=(LEGAL_CONTEXT,),
        data_groups=(GROUP,),
        modes=(Mode.PUSH,),
        inscription_contexts=(_CONTEXT,),
        **_ENTRY,
    )
    return msgspec.structs.replace(
        document,
        institutions=document.institutions + added,
        authorisations=(*document.authorisations, authorisation),
        subscriptions=document.subscriptions + tuple(_subscription(party) for party in parties),
    )


def _subscription(party: Party) -> Subscription:
    return Subscription(
        id=f"bench-{party.institution}",
        party=party,
        data_groups=(GROUP,),
        inscription_contexts=(_CONTEXT,),
        authorisation=_AUTHORISATION,
        **_ENTRY,
    )


def _line(ssin: str, institution: str, context: str) -> Line:
    given = {"ssin": ssin, "institution": institution, "context": context, "reference": "bench"}
    return given | {"startDate": "2015-01-01", "endDate": None, "phase": 0}
