"""People about whom is asked are inscribed first: the hub asks for it, and everybody can see by whom they are known."""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from hmac import digest
from itertools import islice
from pathlib import Path

from crossroads.kernel.period import Period
from crossroads.participant.client import SyncClient
from crossroads.participant.files import write_atomically
from crossroads.statuses.buffer import Buffer
from crossroads.wire.inscriptions import MAXIMUM_LINES, Action, BulkLine
from crossroads.wire.messages import InscriptionEvidence

_KEY_BYTES = 32
_REFERENCE = 32


class Inscribing:
    """Inscribes people, each once."""

    def __init__(self, client: SyncClient, institution: str, buffer: Buffer, folder: Path) -> None:
        """Inscribe them at an institution; `folder` keeps the key that references are made with."""
        self._client, self._buffer = client, buffer
        self._lines = Lines(institution, folder)
        self.left_out: Counter[str] = Counter()
        """How many cannot be inscribed, by the reason that the hub gives."""

    def inscribe(self, people: Iterable[str], context: str, day: date) -> Iterator[str]:
        """Give the people who are inscribed, a thousand at once. Raises Refused, Unavailable or Tampered."""
        waiting = iter(people)
        while some := list(islice(waiting, MAXIMUM_LINES)):
            refused = self._refused(self._buffer.not_inscribed(some, context), context, day)
            yield from (ssin for ssin in some if ssin not in refused)

    def _refused(self, people: list[str], context: str, day: date) -> set[str]:
        """Inscribe people, and give those about whom the hub refuses that."""
        if not people:
            return set()
        outcomes = self._client.inscriptions.keep([self._lines.line(ssin, context, day) for ssin in people])
        self.left_out.update(one.reason or one.code or "no reason" for one in outcomes if not one.done)
        self._buffer.inscribed((ssin for ssin, one in zip(people, outcomes, strict=True) if one.done), context)
        return {ssin for ssin, one in zip(people, outcomes, strict=True) if not one.done}


class Lines:
    """The lines by which people are inscribed."""

    def __init__(self, institution: str, folder: Path) -> None:
        """Make them for an institution; `folder` keeps the key that references are made with."""
        self._institution, self._key = institution, _key(folder / "references.key")

    def line(self, ssin: str, context: str, day: date) -> BulkLine:
        """Give the line of a person; the same one has the same reference on one day."""
        # The same line has the same reference, so that one that was sent before a crash is not a second one.
        reference = digest(self._key, f"{context} {day} {ssin}".encode(), "sha256").hex()[:_REFERENCE]
        return BulkLine(
            reference=reference,
            institution=self._institution,
            ssin=ssin,
            context=context,
            # The whole year is asked about, and an answer covers only days on which somebody is on file.
            period=Period(day.replace(month=1, day=1)),
            evidence=InscriptionEvidence(kind="reference", value=f"load-{day}"),
            action=Action.REGISTER,
        )


def _key(path: Path) -> bytes:
    if not path.exists():
        write_atomically(path, secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()
