"""People about whom is asked are inscribed first: the hub asks for it, and everybody can see by whom they are known.

Of whom is not asked about any more, the inscription is ended.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.participant.client import SyncClient
from crossroads.statuses.buffer import Buffer
from crossroads.wire.inscriptions import MAXIMUM_LINES, Action, BulkLine
from crossroads.wire.messages import InscriptionEvidence

_REFERENCE_BYTES = 16
_DAY = timedelta(days=1)


class Inscribing:
    """Inscribes people, each once, and ends that."""

    def __init__(self, client: SyncClient, institution: str, buffer: Buffer) -> None:
        """Inscribe them at an institution."""
        self._client, self._buffer = client, buffer
        self._lines = Lines(institution)
        self.left_out: Counter[str] = Counter()
        """How many cannot be inscribed, by the reason that the hub gives."""

    def inscribe(self, people: Iterable[str], context: str, day: date) -> Iterator[str]:
        """Give the people who are inscribed, a thousand at once. Raises Refused, Unavailable or Tampered."""
        waiting = iter(people)
        while some := list(islice(waiting, MAXIMUM_LINES)):
            refused = self._refused(self._buffer.not_inscribed(some, context), context, day)
            yield from (ssin for ssin in some if ssin not in refused)

    def end_needless(self, candidates: str, members: str, today: date) -> int:
        """End the inscriptions of whom the load did not ask about, and give how many; today is their last day.

        First of those who may have a right by themselves: who is one need not be known as living with one too.
        Raises Refused, Unavailable or Tampered; what is not ended then, is at the next load.
        """
        return sum(self._ended(context, candidates, today) for context in (candidates, members))

    def _ended(self, context: str, candidates: str, today: date) -> int:
        many, last = 0, ""
        while some := self._buffer.needless(context, candidates, last, MAXIMUM_LINES):
            outcomes = self._client.inscriptions.keep([self._lines.end(ssin, context, today) for ssin in some])
            # One that is not there was ended before, and what came of that was lost.
            over = [
                ssin
                for ssin, one in zip(some, outcomes, strict=True)
                if one.done or one.code == Code.INSCRIPTION_UNKNOWN
            ]
            self._buffer.inscribed_no_more(over, context)
            many, last = many + len(over), some[-1]
        return many

    def _refused(self, people: list[str], context: str, day: date) -> set[str]:
        """Inscribe people, and give those about whom the hub refuses that."""
        if not people:
            return set()
        outcomes = self._client.inscriptions.keep([self._lines.begin(ssin, context, day) for ssin in people])
        self.left_out.update(one.reason or one.code or "no reason" for one in outcomes if not one.done)
        self._buffer.inscribed((ssin for ssin, one in zip(people, outcomes, strict=True) if one.done), context)
        return {ssin for ssin, one in zip(people, outcomes, strict=True) if not one.done}


class Lines:
    """The lines by which people are inscribed. Sent twice, each does what it did once."""

    def __init__(self, institution: str) -> None:
        """Make them for an institution."""
        self._institution = institution

    def begin(self, ssin: str, context: str, day: date) -> BulkLine:
        """Give the line by which a person is inscribed for the year of a day, and on."""
        # The whole year is asked about, and an answer covers only days on which somebody is on file.
        return self._line(ssin, context, Period(day.replace(month=1, day=1)), Action.REGISTER, day)

    def end(self, ssin: str, context: str, day: date) -> BulkLine:
        """Give the line by which a person is inscribed until a day, and no more."""
        return self._line(ssin, context, Period(day + _DAY), Action.CUT, day)

    def _line(self, ssin: str, context: str, period: Period, action: Action, day: date) -> BulkLine:
        return BulkLine(
            reference=secrets.token_hex(_REFERENCE_BYTES),
            institution=self._institution,
            ssin=ssin,
            context=context,
            period=period,
            evidence=InscriptionEvidence(kind="reference", value=f"load-{day}"),
            action=action,
        )
