"""The witness: keeps the checkpoints of the hub's log that were seen, and notices when they belong to two logs.

Checkpoints of the same size must have the same root. Of different sizes, the hub must prove that the longer log extends
the shorter; that is asked at most once a minute, in one call for all that came since, and not by all in one second. The
evidence of a fork is kept, and nothing passes any more until people have looked at it. After ten rounds without a
proof, nothing passes until there is one.
"""

import random
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Tampered, Unavailable
from crossroads.participant.files import read_kept, write_atomically
from crossroads.participant.steps import Steps, fetch, post_json
from crossroads.wire.notes import Checkpoint, NoteVerifier, read_checkpoint, verify_checkpoint
from crossroads.wire.proofs import MAXIMUM_SIZES, Extensions, ExtensionsQuery, verify_extension

BETWEEN_CHECKS = timedelta(minutes=1)
AT_MOST_LATER = timedelta(seconds=30)
"""By chance, each time: those that were started together do not ask together for ever."""
MAXIMUM_FAILURES = 10
"""Rounds in a row in which the hub gave no proof."""
_MAXIMUM_PENDING = MAXIMUM_SIZES - 1
_MAXIMUM_REMEMBERED = 4096

_decoder = msgspec.json.Decoder(Extensions)


class LogForked(Tampered):
    """The hub shows two logs."""

    def __init__(self, message: str) -> None:
        """Carry the stable code."""
        super().__init__(message, code=Code.LOG_FORKED)


class _Kept(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """What survives a restart; the notes are the evidence."""

    verified: str = ""
    pending: dict[int, str] = {}
    fork: tuple[str, str] | None = None
    checked_at: datetime | None = None
    failures: int = 0


_kept_decoder = msgspec.json.Decoder(_Kept)


class Witness:
    """Watches one log, on behalf of one institution."""

    def __init__(self, verifier: NoteVerifier, file: Path, hub: str) -> None:
        """Take up what was kept in `file`. `hub` is the base URL that gives the proofs."""
        self._verifier = verifier
        self._file = file
        self._url = f"{hub}/v1/log/extensions"
        self._later = timedelta()
        self._kept = read_kept(file, _kept_decoder) or _Kept()
        notes = [note for note in (self._kept.verified, *self._kept.pending.values()) if note]
        self._seen = {
            checkpoint.size: (checkpoint.root, note) for note in notes if (checkpoint := read_checkpoint(note))
        }
        self._read: dict[str, Checkpoint] = {}

    @property
    def newest(self) -> str:
        """The newest checkpoint seen; empty before the first."""
        notes = (self._kept.verified, *self._kept.pending.values())
        return max(filter(None, notes), key=lambda note: read_checkpoint(note).size, default="")

    def check_trusted(self) -> None:
        """Refuse to go on when the hub was found to show two logs. Raises LogForked."""
        if self._kept.fork:
            raise LogForked(f"The hub showed two logs; the evidence is in {self._file}.")
        if self.doubted:
            raise LogForked("The hub does not prove that its log extends the one known here.")

    @property
    def doubted(self) -> bool:
        """Tell whether nothing passes until the hub gives the proofs it owes."""
        return not self._kept.fork and self._kept.failures >= MAXIMUM_FAILURES

    def regain_trust(self, now: datetime) -> Steps[None]:
        """As `check_trusted`; but when proofs are all that is missing, ask for them first, at most once a minute."""
        if self.doubted and self.due(now):
            yield from self.check(now)
        self.check_trusted()

    def observe(self, note: str) -> Checkpoint:
        """Take note of a checkpoint. Raises Tampered when the log did not sign it, LogForked when it is of another."""
        self.check_trusted()
        checkpoint = self._read.get(note) or self._verify(note)
        root, known = self._seen.get(checkpoint.size, (None, ""))
        if root is None:
            self._remember(checkpoint, note)
        elif root != checkpoint.root:
            self._fork(known, note)
        return checkpoint

    def due(self, now: datetime) -> bool:
        """Tell whether a round of proofs is to be asked for."""
        last = self._kept.checked_at
        return bool(self._kept.pending) and (last is None or now - last >= BETWEEN_CHECKS + self._later or now < last)

    def check(self, now: datetime) -> Steps[None]:
        """Ask the hub to prove that all checkpoints seen are of one log. Raises LogForked when it cannot."""
        self._kept.checked_at, self._later = now, AT_MOST_LATER * random.random()  # noqa: S311 - nothing secret
        pending = dict(self._kept.pending)
        notes = sorted(
            {read_checkpoint(note): note for note in (self._kept.verified, *pending.values()) if note}.items(),
            key=lambda item: item[0].size,
        )
        try:
            yield from self._check_all(notes)
        except Unavailable:
            self._kept.failures += 1
        else:
            self._kept.failures = 0
            self._kept.verified = notes[-1][1]
            self._kept.pending = {size: note for size, note in self._kept.pending.items() if size not in pending}
        self._save()

    def _check_all(self, notes: list[tuple[Checkpoint, str]]) -> Steps[None]:
        if len(notes) < 2:  # noqa: PLR2004 - one alone extends nothing
            return
        question = ExtensionsQuery(sizes=tuple(checkpoint.size for checkpoint, _ in notes))
        found = yield from fetch(post_json(self._url, question), _decoder)
        if len(found.proofs) != len(notes) - 1:
            raise Unavailable("The hub does not give all proofs that it was asked for.")
        for ((older, older_note), (newer, newer_note)), proof in zip(pairwise(notes), found.proofs, strict=True):
            try:
                verify_extension(proof, older, newer)
            except Tampered:
                self._fork(older_note, newer_note)

    def _verify(self, note: str) -> Checkpoint:
        checkpoint = verify_checkpoint(note, [self._verifier])
        _make_room(self._read)
        self._read[note] = checkpoint
        return checkpoint

    def _remember(self, checkpoint: Checkpoint, note: str) -> None:
        _make_room(self._seen)
        self._seen[checkpoint.size] = (checkpoint.root, note)
        if not self._kept.verified:
            # The first is believed; from then on all must be of its log.
            self._kept.verified = note
            self._save()
            return
        if len(self._kept.pending) >= _MAXIMUM_PENDING:
            # The newest are alike; the older ones are what a fork would be seen by.
            del self._kept.pending[max(self._kept.pending)]
        self._kept.pending[checkpoint.size] = note

    def _fork(self, known: str, other: str) -> None:
        self._kept.fork = (known, other)
        self._save()
        self.check_trusted()

    def _save(self) -> None:
        write_atomically(self._file, msgspec.json.encode(self._kept))


def _make_room(remembered: dict[int, tuple[bytes, str]] | dict[str, Checkpoint]) -> None:
    if len(remembered) >= _MAXIMUM_REMEMBERED:
        del remembered[next(iter(remembered))]  # type: ignore[arg-type]  # each of the two deletes its own kind of key
