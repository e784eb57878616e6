"""A batch as it stands, and what is said of it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.jobs.model import Job
from crossroads.kernel.codes import Code
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import BatchProblem, BatchState, BatchStatus, Voucher
from crossroads.wire.jobs import JobState

CHECK_KIND, RUN_KIND, WHOLE_KIND = "batch-check", "batch-answer", "batch"
"""Kinds of job, about the ticket of a batch: reading the file, then asking and answering page by page, which several
jobs share. Processes of the last version make one alone, of the third kind, and know none that is shared."""
OVER = frozenset({BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED})
PAGE_OF_BATCHES = 50
"""Batches in one page of the list."""

_decode_voucher = msgspec.json.Decoder(Voucher).decode


class Batch(NamedTuple):
    """A batch as it is stored."""

    ticket: UUID
    institution: str
    reference: str
    file_sequence_number: int
    voucher_digest: bytes
    voucher: bytes | None
    signer: str
    """The key that signed the statement."""
    accepted_at: datetime
    deadline: datetime
    state: BatchState
    size: int
    received: int
    records: int
    decided: int
    answered: int
    counts: dict[str, int]
    parts: int
    problem_code: str | None
    problem: str | None
    problem_line: int | None
    finished_at: datetime | None
    kept_until: datetime | None
    fetched: bool

    @property
    def over(self) -> bool:
        """Tell whether nothing more will come of it."""
        return self.state in OVER

    @property
    def announced(self) -> Voucher:
        """The voucher; only of a batch that is not over."""
        if self.voucher is None:
            raise ValueError("The voucher went when the batch was over.")
        return _decode_voucher(self.voucher)


class Announced(NamedTuple):
    """A voucher that was found to be right."""

    ticket: UUID
    voucher: Voucher
    digest: bytes
    signer: str
    nonce: str
    accepted_at: datetime


class Refusal(NamedTuple):
    """Why a file was refused."""

    code: Code
    detail: str
    line: int | None = None


class Page(NamedTuple):
    """A page that was read: its records as JSON Lines, and the root of their tree."""

    number: int
    records: bytes
    root: bytes


def status_of(batch: Batch, job: Job | None, environment: Environment, checkpoint: str) -> BatchStatus:
    """Give what the institution is told of its batch; `job` is what works on it, if anything does."""
    paused = job is not None and job.state is JobState.PAUSED
    return BatchStatus(
        ticket=batch.ticket,
        environment=environment,
        reference=batch.reference,
        file_sequence_number=batch.file_sequence_number,
        state=BatchState.PAUSED if paused else batch.state,
        records=batch.records,
        received=batch.received,
        size=batch.size,
        decided=batch.decided,
        answered=batch.answered,
        submitted_at=batch.accepted_at,
        deadline=batch.deadline,
        finished_at=batch.finished_at,
        counts=batch.counts,
        parts=batch.parts,
        kept_until=batch.kept_until,
        fetched=batch.fetched,
        problem=_problem(batch, job if paused else None),
        checkpoint=checkpoint,
    )


def _problem(batch: Batch, paused: Job | None) -> BatchProblem | None:
    if batch.problem_code is not None:
        return BatchProblem(code=batch.problem_code, detail=batch.problem or "", line=batch.problem_line)
    if paused is not None:
        return BatchProblem(code=str(Code.BATCH_PAUSED), detail=paused.problem or Code.BATCH_PAUSED.description)
    return None
