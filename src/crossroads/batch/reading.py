"""A file as it is read: record by record into pages, and at the end whether it is what the voucher announced."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256

import msgspec

from crossroads.batch.errors import FileFault
from crossroads.batch.model import Page
from crossroads.catalogue.model import Temporality
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.ssin import is_number_of_person, parse_ssin
from crossroads.wire.batches import PAGE, FileFormat, Record, Voucher
from crossroads.wire.canonical import b64url
from crossroads.wire.packing import BadFile
from crossroads.wire.pages import file_root, page_root, read_batch_statement, record_leaf, salt_of
from crossroads.wire.rows import RECORD_COLUMNS, CsvRows, JsonRows, RowReader, Rows

_encode = msgspec.json.encode


class RecordCheck:
    """What must be true of a record besides its form, as of a single question."""

    def __init__(self, voucher: Voucher, snapshot: Snapshot, today: date) -> None:
        """Know what the data groups are asked for: a period, or a moment. The voucher may give either for all."""
        groups = [group for name in voucher.data_groups if (group := snapshot.data_group(name, today))]
        asked_for = {group.temporality for group in groups}
        self._needs_period = Temporality.PERIOD in asked_for and voucher.period is None
        self._needs_date = Temporality.MOMENT in asked_for and voucher.reference_date is None
        self._environment, self._today = snapshot.genesis.environment, today

    def __call__(self, record: Record) -> None:
        """Raise InvalidValue for a record that cannot be asked; the message holds nothing of it."""
        parse_ssin(record.ssin, self._environment, self._today)
        if self._needs_period and record.period is None:
            raise InvalidValue("A data group that is asked for a period needs one, here or in the voucher.")
        if self._needs_date and record.reference_date is None:
            raise InvalidValue("A data group that is asked for a moment needs its date, here or in the voucher.")
        ticket = record.customer_ticket
        if ticket and is_number_of_person(ticket, self._environment, self._today):
            raise InvalidValue("The customer ticket may not be the number of a person.")


class Reading:
    """What was read of a file so far. Of pages that were given only their roots are kept."""

    def __init__(self, voucher: Voucher, check: RecordCheck, roots: Sequence[bytes] = ()) -> None:
        """Begin the file of a voucher. Pages of which the roots are known were read before: they are passed over."""
        self.records = len(roots) * PAGE
        rows: Rows[Record] = (JsonRows if voucher.format is FileFormat.JSON_LINES else CsvRows)(Record, RECORD_COLUMNS)
        self._reader = RowReader(rows, voucher.packing, check, self.records)
        self._voucher, self._digest = voucher, sha256()
        self._lines: list[bytes] = []
        self._leaves: list[bytes] = []
        self._roots = list(roots)

    def feed(self, part: bytes) -> Iterator[Page]:
        """Give the pages that are whole now; all are to be taken before more is fed. Raises FileFault."""
        self._digest.update(part)
        return self._pages(self._reader.feed(part))

    def finish(self) -> Iterator[Page]:
        """Give the last page, and check that the file is the one announced. Raises FileFault."""
        yield from self._pages(self._reader.finish())
        if self._lines:
            yield self._page()
        self._check_whole()

    def _pages(self, records: Iterable[Record]) -> Iterator[Page]:
        key, most = self._voucher.records_key, self._voucher.records
        try:
            for record in records:
                if self.records == most:
                    raise FileFault(Code.FILE_COUNT, f"The file has more records than the {most} of its voucher.")
                self._leaves.append(record_leaf(salt_of(key, self.records), record))
                self._lines.append(_encode(record))
                self.records += 1
                if len(self._lines) == PAGE:
                    yield self._page()
        except BadFile as fault:
            code = Code.FILE_UNREADABLE if fault.line is None else Code.FILE_RECORD_INVALID
            raise FileFault(code, str(fault), fault.line) from None

    def _page(self) -> Page:
        page = Page(len(self._roots), b"\n".join(self._lines), page_root(self._leaves))
        self._roots.append(page.root)
        self._lines, self._leaves = [], []
        return page

    def _check_whole(self) -> None:
        voucher = self._voucher
        if b64url(self._digest.digest()) != voucher.digest:
            raise FileFault(Code.FILE_DIGEST)
        if self.records != voucher.records:
            said = f"The file has {self.records} records, and its voucher says {voucher.records}."
            raise FileFault(Code.FILE_COUNT, said)
        if b64url(file_root(self._roots)) != read_batch_statement(voucher.statement)[1].root:
            raise FileFault(Code.FILE_ROOT)
