"""Deciding what an institution is told of the items of its mailbox, and how they travel."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.access.push import Pushing, PushPermit
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.mutations.mailbox_store import Given, Row, given_of
from crossroads.mutations.model import NOTICES, About, Person, State
from crossroads.mutations.notices import notice_of
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import Change, Item, MutationKind, NoticeKind, Void

_CODES = {str(code): code for code in Code}


class Telling(NamedTuple):
    """An item as it is told now."""

    row: Row
    given: Given
    entry: Entry | None
    """None where it is told as it was told before."""
    elsewhere: PushPermit | None
    """What is told of it in another mailbox instead, from now on."""

    @property
    def changed(self) -> bool:
        """Whether another thing is told than before, or nothing was."""
        return self.entry is not None


class Delivery:
    """Items of one mailbox, judged by one catalogue."""

    def __init__(
        self, recipient: str, pushing: Pushing, abouts: Mapping[int, About], people: Mapping[int, Person]
    ) -> None:
        """Decide by these changes and people."""
        self._recipient, self._pushing, self._abouts, self._people = recipient, pushing, abouts, people

    def tell(self, row: Row) -> Telling:
        """Decide about an item, whether it was told before or not."""
        found = self._decided(row)
        elsewhere = found if isinstance(found, PushPermit) and found.mailbox != self._recipient else None
        decided = Code.NOT_MANAGED if elsewhere else found
        given = given_of(decided)
        if given == row.given:
            return Telling(row, given, None, None)
        left = elsewhere if row.state is not State.ACKNOWLEDGED else None
        return Telling(row, given, self._entry(row, given, decided), left)

    def repeated(self, told: Sequence[Telling]) -> list[Entry]:
        """Give the one entry of all that is told as it was told before, if there is any."""
        same = [one for one in told if not one.changed]
        if not same:
            return []
        fields = {
            "mailbox": self._recipient,
            "numbers": _runs(one.row.number for one in same),
            "void": dict(Counter(one.given.void for one in same if one.given.void)),
            "catalogueVersion": self._pushing.snapshot.version,
        }
        return [Entry(event=Event.ITEM_REPEATED, asker=self._recipient, fields=fields)]

    def reports(self, told: Sequence[Telling]) -> list[tuple[int, UUID]]:
        """Give the reports of errors that a source is told of for the first time, each with the key of its person."""
        first = [(one.row.person, self._abouts[one.row.mutation]) for one in told if one.changed and not one.given.void]
        return [(key, about.report) for key, about in first if about.report and about.kind == NoticeKind.PRESUMED_ERROR]

    def item(self, told: Telling) -> Item:
        """Give an item as it travels."""
        row, given = told.row, told.given
        void = _CODES[given.void] if given.void else None
        about, person = self._abouts[row.mutation], self._people[row.person]
        notice = about.kind in NOTICES and not void
        return Item(
            number=row.number,
            previous=row.previous,
            slot=row.slot,
            ticket=row.ticket,
            added_at=row.added_at,
            concerning=row.institution if row.institution != self._recipient else None,
            change=None if void or notice else self._change(row, given),
            notice=notice_of(about, person.ssin) if notice else None,
            void=Void(code=str(void), reason=void.description) if void else None,
            parked=row.reason,
        )

    def _decided(self, row: Row) -> PushPermit | Code:
        about = self._abouts[row.mutation]
        own = [line for line in self._people[row.person].lines if line.institution == row.institution]
        return self._pushing.decide(about.changed, row.institution, own)

    def _change(self, row: Row, given: Given) -> Change:
        about, person = self._abouts[row.mutation], self._people[row.person]
        group = self._pushing.snapshot.data_group(about.data_group or "", self._pushing.on)
        sealed = group is None or group.sealed
        content = about.content if given.whole and not sealed else None
        period = given.period or Period(about.start_date, about.end_date)
        return Change(
            ssin=AnsweredSsin(value=person.ssin, replaces=about.ssin if about.ssin != person.ssin else None),
            data_group=about.data_group or "",
            period=period,
            kind=MutationKind(about.kind),
            happened_on=about.happened_on,
            source=about.source,
            legal_context=given.legal_context or "",
            authorisation=given.authorisation or "",
            sealed=sealed,
            content=msgspec.json.decode(content) if content else None,
            signature=about.signature if content else None,
            # Of content, the source signed when it was: who has that may know every day of the change.
            wrong_since=about.wrong_since if content else _within(about.wrong_since, period),
        )

    def _entry(self, row: Row, given: Given, decided: PushPermit | Code) -> Entry:
        about = self._abouts[row.mutation]
        return Entry(
            event=Event.ITEM_VOIDED if given.void else Event.ITEM_DELIVERED,
            ticket=row.ticket,
            person=row.person,
            asker=row.institution,
            fields={
                "mailbox": self._recipient,
                "number": row.number,
                "first": row.given is None,
                "source": about.source,
                "dataGroup": about.data_group,
                "report": str(about.report) if about.report else None,
                "kind": about.kind,
                "period": msgspec.to_builtins(given.period),
                "content": bool(given.whole and about.content),
                "legalContext": given.legal_context,
                "authorisation": given.authorisation,
                "lines": list(decided.lines) if isinstance(decided, PushPermit) else [],
                "catalogueVersion": self._pushing.snapshot.version,
                "code": given.void,
            },
        )


def _within(moment: datetime | None, period: Period) -> datetime | None:
    """Give a moment, but for one before the days that the recipient may know.

    It is left out, not moved: what was given before the first of these days, about them, may be wrong too.
    """
    return moment if moment and brussels_day(moment) >= period.start_date else None


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Give rising numbers as first and last of each unbroken run: a page of a thousand is one, or few."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
