"""What a client says of a file is what whoever reads the file finds, however it is written and packed."""

from datetime import UTC, date, datetime
from hashlib import sha256
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.participant import batches_file
from crossroads.participant.batches_file import ENDINGS, Form, RecordRules, form_of, measure, pages_of
from crossroads.wire.batches import Days, FileFormat, Packing, Record
from crossroads.wire.canonical import b64url
from crossroads.wire.packing import packed
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of
from crossroads.wire.rows import record_lines
from fakebatches import person

KEY = "k" * 43
TODAY = datetime(2026, 6, 1, tzinfo=UTC).date()
DAY = date(2026, 1, 1)
RULES = RecordRules(Environment.TEST, TODAY, Days(Period(DAY), None))
_records = st.builds(
    Record,
    ssin=st.integers(0, 3000).map(person),
    customer_ticket=st.none() | st.text("abc -,\"'é", min_size=1, max_size=36),
    period=st.none() | st.just(Period(DAY)) | st.just(Period(DAY, TODAY)),
    reference_date=st.none() | st.just(DAY),
)


@settings(deadline=None, max_examples=40)
@given(
    records=st.lists(_records, min_size=1, max_size=12),
    form=st.builds(Form, st.sampled_from(FileFormat), st.sampled_from(Packing)),
    page=st.integers(1, 5),
)
def test_root_digest_and_pages_are_those_of_the_records(records: list[Record], form: Form, page: int) -> None:
    content = b"".join(packed(record_lines(records, form.format), form.packing))
    copy, told = BytesIO(), list[tuple[str, int, int]]()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(batches_file, "PAGE", page)
        measured = measure(BytesIO(content), copy, form, RULES, KEY, lambda *step: told.append(step))
        (Path(folder) / "file").write_bytes(copy.getvalue())
        pages = list(pages_of(Path(folder) / "file", form))
    leaves = [record_leaf(salt_of(KEY, number), record) for number, record in enumerate(records)]
    roots = [page_root(leaves[start : start + page]) for start in range(0, len(leaves), page)]
    assert measured.root == b64url(file_root(roots))
    assert (measured.records, measured.size) == (len(records), len(content))
    assert measured.digest == b64url(sha256(content).digest())
    assert copy.getvalue() == content
    assert [record for one in pages for record in one] == records
    assert {len(one) for one in pages[:-1]} <= {page}
    assert told[-1] == ("checked", len(content), len(content))


def test_the_form_of_a_file_is_told_by_its_name() -> None:
    forms = {form_of(Path(f"people.2026{ending}")) for ending in ENDINGS}
    assert forms == {Form(*both) for both in product(FileFormat, Packing)}
    for name in ("people", "people.txt", "people.gz", "people.csv.zip", ".csv"):
        with pytest.raises(Refused):
            form_of(Path(name))
