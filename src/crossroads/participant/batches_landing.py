"""A landing folder: pairs of a voucher and a file of questions come in, over SFTP say; results are put beside them.

`spring.yaml` announces `spring.csv`; `spring.status.json` tells how far it is, `spring.result.jsonl` what came of it.
Others write in the folder, so nothing in it is followed elsewhere and nothing is believed before its digest is right.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.batches_client import SyncBatches
from crossroads.participant.batches_file import ENDINGS, Source, digest_in, form_of, opened_here
from crossroads.participant.batches_output import Written, write_results
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.files import read_cached, write_atomically
from crossroads.participant.typed import counted
from crossroads.participant.yamlfile import Settings, settings_of
from crossroads.wire.batches import MAXIMUM_LIFE, BatchState, BatchStatus
from crossroads.wire.canonical import b64url
from crossroads.wire.messages import Message

_VOUCHERS = (".yaml", ".json")
_STATUS, _RESULT = ".status.json", ".result.jsonl"
_MAXIMUM_VOUCHER = 64 * 1024
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)


class LandingVoucher(Settings, frozen=True, kw_only=True):
    """What stands in a voucher. `sha256` is that of the file as it lies there, in hexadecimal, as of `sha256sum`."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    legal_context: str
    data_groups: tuple[str, ...]
    agent: str = "landing-folder"
    period: Period | None = None
    reference_date: date | None = None
    on_behalf_of: str | None = None
    reference: str | None = None
    file_sequence_number: int | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_LIFE.days)] = 4
    """Until the deadline."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the file, as vouchers have it."""
        return b64url(bytes.fromhex(self.sha256))

    @property
    def wish(self) -> BatchWish:
        """What is asked."""
        return BatchWish(
            self.legal_context,
            self.data_groups,
            self.agent,
            self.period,
            self.reference_date,
            self.on_behalf_of,
            self.reference,
            self.file_sequence_number,
            timedelta(days=self.days),
        )


class Landed(Message, frozen=True, kw_only=True):
    """`NAME.status.json`: how far a pair is."""

    voucher: str
    """SHA-256 of the voucher that this is about: a voucher that was mended is taken up anew."""
    over: bool = False
    error: str | None = None
    """Why it was not taken, in a sentence."""
    status: BatchStatus | None = None
    written: Written | None = None


_decoder = msgspec.json.Decoder(Landed)


class Landing:
    """Deals with the pairs of one folder."""

    def __init__(self, folder: Path, batches: SyncBatches, say: Callable[[str], None]) -> None:
        """Tell `say`, in sentences, what happens to which pair."""
        self._folder, self._batches, self._say = folder, batches, say
        self._looked_at: dict[Path, tuple[int, int]] = {}
        """Files that were not whole: when they were changed, and how large they were."""

    def look(self) -> int:
        """Do for each pair what can be done now, and give how many are under way."""
        return sum(not self._one(list(alike)) for _, alike in groupby(self._vouchers(), lambda path: path.stem))

    def _vouchers(self) -> Iterator[Path]:
        for path in sorted(self._folder.iterdir(), key=lambda path: (path.stem, path.suffix)):
            if path.suffix in _VOUCHERS and not path.name.startswith(".") and not path.name.endswith(_STATUS):
                yield path

    def _one(self, alike: list[Path]) -> bool:
        """Deal with the voucher of a name. Of two, which would share a status file, neither counts."""
        if len(alike) == 1:
            return self._dealt(alike[0])
        self._say(f"{' and '.join(path.name for path in alike)}: two vouchers of one name. Take one of them away.")
        return False

    def _dealt(self, voucher: Path) -> bool:
        """Take the next step with a pair, and tell whether it is over."""
        try:
            return self._taken_on(voucher)
        except OSError as error:
            self._say(f"{voucher.name}: {error.strerror}. It is tried again.")
            return False

    def _taken_on(self, voucher: Path) -> bool:
        before, digest = read_cached(_beside(voucher, _STATUS), _decoder), ""
        try:
            content = _content(voucher)
            digest = sha256(content).hexdigest()
            before = before if before and before.voucher == digest else Landed(voucher=digest)
            after = before if before.over else self._step(voucher, content, before)
        except (Unavailable, Tampered) as error:
            self._say(f"{voucher.name}: {error} It is tried again.")
            return False
        except CrossroadsError as error:
            if error.code is Code.BATCH_LIMIT:
                return False
            after = Landed(voucher=digest, over=True, error=str(error))
        if after != before:
            write_atomically(_beside(voucher, _STATUS), msgspec.json.encode(after))
            self._say(_sentence(voucher, after))
        return after.over

    def _step(self, voucher: Path, content: bytes, before: Landed) -> Landed:
        announced = settings_of(content, voucher, LandingVoucher)
        if before.status is not None:
            ticket = before.status.ticket
            if not self._batches.is_of(ticket, announced.wish, announced.digest):
                # Who may write here may write status files, too: nobody gets the result of another's batch by that.
                raise CrossroadsError("The status file is about the batch of another voucher.")
            status = self._batches.status(ticket)
        else:
            source = self._whole(voucher, announced)
            if source is None:
                return before
            with source.file:
                status = self._batches.submit_open(source, announced.wish)
        # The checkpoint is another each time and says nothing of the batch.
        status = msgspec.structs.replace(status, checkpoint=None)
        if status.state is not BatchState.COMPLETED or status.fetched:
            return Landed(voucher=before.voucher, over=status.state in _OVER, status=status)
        written = write_results(self._batches.results(status.ticket), _beside(voucher, _RESULT))
        if not written.rejected:
            self._batches.acknowledge(status.ticket)
        return Landed(voucher=before.voucher, over=True, status=status, written=written)

    def _whole(self, voucher: Path, announced: LandingVoucher) -> Source | None:
        """Give the file of a voucher, open, when all of it is there."""
        for path in (_beside(voucher, ending) for ending in ENDINGS):
            with suppress(OSError):
                file = opened_here(path)
                if self._is_whole(path, file, announced.digest):
                    return Source(file, form_of(path), announced.digest)
                file.close()
        return None

    def _is_whole(self, path: Path, file: BinaryIO, digest: str) -> bool:
        """Tell whether a file has its digest; one that was looked at and did not change since is not read again."""
        found = os.fstat(file.fileno())
        look = (found.st_mtime_ns, found.st_size)
        if self._looked_at.get(path) == look:
            return False
        if digest_in(file) == digest:
            return True
        self._looked_at[path] = look
        return False


def _beside(voucher: Path, ending: str) -> Path:
    return voucher.with_name(voucher.stem + ending)


def _content(voucher: Path) -> bytes:
    try:
        with opened_here(voucher) as file:
            content = file.read(_MAXIMUM_VOUCHER + 1)
    except OSError:
        raise CrossroadsError("The voucher is no file of its own.") from None
    if len(content) > _MAXIMUM_VOUCHER:
        raise CrossroadsError(f"The voucher is larger than {_MAXIMUM_VOUCHER} bytes.")
    return content


def _sentence(voucher: Path, landed: Landed) -> str:
    if landed.error is not None or landed.status is None:
        return f"{voucher.name}: not taken. {landed.error}"
    status = landed.status
    if landed.written is not None:
        rejected = counted(landed.written.rejected, "block was rejected", "blocks were rejected")
        bad = f" {rejected}." if landed.written.rejected else ""
        return f"{voucher.name}: the result of {counted(landed.written.records, 'record', 'records')} is there.{bad}"
    problem = f" {status.problem.detail}" if status.problem else ""
    return f"{voucher.name}: {status.state.lower()}, {status.answered} of {status.records} answered.{problem}"
