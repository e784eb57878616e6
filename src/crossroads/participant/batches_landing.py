"""A landing folder: pairs of a voucher and a file of questions come in, over SFTP say; results are put beside them.

`spring.yaml` announces `spring.csv`; `spring.status.json` tells how far it is, `spring.result.jsonl` what came of it.
Others write in the folder, so nothing in it is followed elsewhere and nothing is believed before its digest is right.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.batches_client import SyncBatches
from crossroads.participant.batches_file import ENDINGS, digest_of
from crossroads.participant.batches_output import Written, write_results
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.files import read_cached, write_atomically
from crossroads.participant.yamlfile import Settings, read_settings
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
        return sum(not self._dealt(voucher) for voucher in self._vouchers())

    def _vouchers(self) -> Iterator[Path]:
        for path in sorted(self._folder.iterdir()):
            if path.suffix in _VOUCHERS and not path.name.startswith(".") and not path.name.endswith(_STATUS):
                yield path

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
            digest = _digest(voucher)
            before = before if before and before.voucher == digest else Landed(voucher=digest)
            after = before if before.over else self._step(voucher, before)
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

    def _step(self, voucher: Path, before: Landed) -> Landed:
        announced = read_settings(voucher, LandingVoucher)
        if before.status is not None:
            ticket = before.status.ticket
            if not self._batches.is_of(ticket, announced.wish, announced.digest):
                # Who may write here may write status files, too: nobody gets the result of another's batch by that.
                raise CrossroadsError("The status file is about the batch of another voucher.")
            status = self._batches.status(ticket)
        else:
            file = self._whole(voucher, announced)
            if file is None:
                return before
            status = self._batches.submit(file, announced.wish)
        # The checkpoint is another each time and says nothing of the batch.
        status = msgspec.structs.replace(status, checkpoint=None)
        if status.state is not BatchState.COMPLETED or status.fetched:
            return Landed(voucher=before.voucher, over=status.state in _OVER, status=status)
        written = write_results(self._batches.results(status.ticket), _beside(voucher, _RESULT))
        if not written.rejected:
            self._batches.acknowledge(status.ticket)
        return Landed(voucher=before.voucher, over=True, status=status, written=written)

    def _whole(self, voucher: Path, announced: LandingVoucher) -> Path | None:
        """Give the file of a voucher when all of it is there."""
        for file in (_beside(voucher, ending) for ending in ENDINGS):
            if file.is_symlink() or not file.is_file():
                continue
            found = file.stat()
            look = (found.st_mtime_ns, found.st_size)
            if self._looked_at.get(file) == look:
                continue
            if digest_of(file) == announced.digest:
                return file
            self._looked_at[file] = look
        return None


def _beside(voucher: Path, ending: str) -> Path:
    return voucher.with_name(voucher.stem + ending)


def _digest(voucher: Path) -> str:
    if voucher.is_symlink() or not voucher.is_file():
        raise CrossroadsError("The voucher is no file of its own.")
    if voucher.stat().st_size > _MAXIMUM_VOUCHER:
        raise CrossroadsError(f"The voucher is larger than {_MAXIMUM_VOUCHER} bytes.")
    return sha256(voucher.read_bytes()).hexdigest()


def _sentence(voucher: Path, landed: Landed) -> str:
    if landed.error is not None or landed.status is None:
        return f"{voucher.name}: not taken. {landed.error}"
    status = landed.status
    if landed.written is not None:
        bad = f" {landed.written.rejected} blocks were rejected." if landed.written.rejected else ""
        return f"{voucher.name}: the result of {landed.written.records} records is there.{bad}"
    problem = f" {status.problem.detail}" if status.problem else ""
    return f"{voucher.name}: {status.state.lower()}, {status.answered} of {status.records} answered.{problem}"
