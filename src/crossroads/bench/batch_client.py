"""The asker of a batch in a bench: a file of questions, its voucher, the upload, and waiting for the end."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from crossroads.bench.installation import Place
from crossroads.bench.population import ASKER, GROUP, LEGAL_CONTEXT
from crossroads.bench.report import BenchFailed
from crossroads.kernel.period import Period
from crossroads.participant.trust import Trust, read_trust
from crossroads.wire.batches import (
    MAXIMUM_PART,
    PAGE,
    BatchState,
    BatchStatement,
    BatchStatus,
    Record,
    SummaryLine,
    Voucher,
)
from crossroads.wire.canonical import b64url
from crossroads.wire.messages import Asker
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of, sign_batch_statement
from crossroads.wire.signatures import Request, new_nonce, sign_request
from crossroads.wire.statements import group_digests, new_salts

_PERIOD_DAYS = 90
_PATIENCE_SECONDS = 60
_POLL_SECONDS = 0.2
_OK = 200
_RECORDS_KEY = b64url(bytes(range(16)))
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)

_status = msgspec.json.Decoder(BatchStatus).decode
_summary = msgspec.json.Decoder(SummaryLine).decode


class File(NamedTuple):
    """A file of questions, on disk, and what a voucher says of it."""

    path: Path
    records: int
    digest: str
    root: str


class Done(NamedTuple):
    """A batch that was answered."""

    seconds: float
    """From the voucher until it was completed."""
    summary: SummaryLine


def write_file(path: Path, ssins: Sequence[str], records: int, first: int = 0) -> File:
    """Write a file that asks about persons in turn, from one on: the hub takes no file twice."""
    digest, roots, numbers = sha256(), [], iter(range(records))
    with path.open("wb") as file:
        while page := list(islice(numbers, PAGE)):
            asked = [Record(ssin=ssins[(first + number) % len(ssins)]) for number in page]
            lines = b"".join(b"%s\n" % msgspec.json.encode(record) for record in asked)
            digest.update(lines)
            file.write(lines)
            leaves = [record_leaf(salt_of(_RECORDS_KEY, n), record) for n, record in zip(page, asked, strict=True)]
            roots.append(page_root(leaves))
    return File(path, records, b64url(digest.digest()), b64url(file_root(roots)))


class BatchClient:
    """Sends batches in the name of the asker."""

    def __init__(self, place: Place) -> None:
        """Read its keys and what it pins; the hub runs."""
        self._member = place.network.member(ASKER)
        self._sign, self._seal = self._member.signing_key(), self._member.sealing_key()
        self._trust: Trust = read_trust(self._member.folder / "trust.json")
        self._hub = place.network.installation.settings.public_url
        self._number = 0

    def answered(self, file: File) -> Done:
        """Send a file and wait until it is answered. Raises BenchFailed when a record did not get its data."""
        began = time.monotonic()
        self._number += 1
        status = self._call("POST", "/v1/batches", msgspec.json.encode(self._voucher(file)))
        for part in _parts(file.path):
            status = self._call("PUT", f"/v1/batches/{status.ticket}/file/{status.received}", part)
        while status.state not in _OVER:
            time.sleep(_POLL_SECONDS)
            status = self._call("GET", f"/v1/batches/{status.ticket}")
        seconds = time.monotonic() - began
        if status.state is not BatchState.COMPLETED or status.counts != {"DATA_FOUND": file.records}:
            raise BenchFailed(f"The batch did not go as it should: {status.state}, {status.counts}, {status.problem}")
        path = f"/v1/batches/{status.ticket}/result/"
        summary = _summary(self._raw("GET", f"{path}{status.parts - 1}"))
        self._call("POST", f"{path}acknowledge", b"")
        return Done(seconds, summary)

    def _call(self, method: str, path: str, body: bytes | None = None) -> BatchStatus:
        return _status(self._raw(method, path, body))

    def _raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        kind = "application/octet-stream" if method == "PUT" else "application/json"
        headers = {"content-type": kind} if body is not None else {}
        request = Request(method, self._hub + path, headers, body)
        headers |= sign_request(self._sign, request, datetime.now(UTC))
        connection = HTTPConnection(urlsplit(self._hub).netloc, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = got.read()
        finally:
            connection.close()
        if got.status != _OK:
            raise BenchFailed(f"{method} {path} gave {got.status}: {answer[:500].decode(errors='replace')}")
        return answer

    def _voucher(self, file: File) -> Voucher:
        now = datetime.now(UTC)
        deadline = now + timedelta(days=4)
        openings = new_salts([GROUP])
        asker = Asker(institution=ASKER, agent="clerk-7", encryption_key=self._seal.jwk.thumbprint)
        shared: dict[str, Any] = {"legal_context": LEGAL_CONTEXT, "period": period(now), "records": file.records}
        statement = BatchStatement(
            asker=ASKER,
            agent=asker.agent,
            data_groups=group_digests(openings),
            root=file.root,
            encryption_key=asker.encryption_key,
            nonce=new_nonce(),
            issued_at=now,
            expires_at=deadline,
            installation=self._trust.installation,
            environment=self._trust.environment,
            **shared,
        )
        return Voucher(
            reference=new_nonce()[:36],
            file_sequence_number=self._number,
            asker=asker,
            data_groups=(GROUP,),
            size=file.path.stat().st_size,
            digest=file.digest,
            deadline=deadline,
            statement=sign_batch_statement(statement, self._sign),
            openings=openings,
            records_key=_RECORDS_KEY,
            **shared,
        )


def period(now: datetime) -> Period:
    """Give the days that are asked for."""
    return Period(now.date() - timedelta(_PERIOD_DAYS), now.date())


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(MAXIMUM_PART):
            yield part
