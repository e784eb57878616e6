"""Files of a batch: packed or not, JSON Lines or CSV, in pieces of any size; what is wrong is said with its line."""

import gzip
import io
import random
import tracemalloc
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressionParameters, ZstdCompressor

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, check_digits, is_number_of_person
from crossroads.wire.batches import MAXIMUM_LINE, FileFormat, Packing, Record
from crossroads.wire.packing import BadFile, Line, Lines, Unpacker, packed
from crossroads.wire.rows import record_lines, record_reader

SSIN = "80631512393"
TODAY = date(2026, 3, 1)
PACKED = [Packing.GZIP, Packing.ZSTD]
HEADER = b"ssin,customerTicket,startDate,endDate,referenceDate\n"


def mock_ssin(counter: int) -> str:
    nine = f"806315{counter:03}"
    return nine + check_digits(nine, born_from_2000=False)


days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=36)
records = st.builds(
    Record,
    ssin=st.integers(1, 997).map(mock_ssin),
    customer_ticket=st.none() | texts,
    period=st.none()
    | st.tuples(days, st.none() | days)
    .filter(lambda two: not two[1] or two[0] <= two[1])
    .map(lambda two: Period(*two)),
    reference_date=st.none() | days,
)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


def lines(parts: Iterable[bytes], packing: Packing = Packing.PLAIN) -> list[Line]:
    reader = Lines(packing)
    return [*chain.from_iterable(map(reader.feed, parts)), *reader.finish()]


def read(parts: Iterable[bytes], form: FileFormat, packing: Packing = Packing.PLAIN) -> Iterator[Record]:
    reader = record_reader(form, packing, Environment.TEST, TODAY)
    for part in parts:
        yield from reader.feed(part)
    yield from reader.finish()


def zstd(data: bytes) -> bytes:
    return ZstdCompressor(write_checksum=True).compress(data)


@pytest.mark.parametrize("form", FileFormat)
@pytest.mark.parametrize("packing", Packing)
@given(several=st.lists(records, max_size=20), data=st.data())
def test_a_file_is_read_as_it_was_written(
    form: FileFormat, packing: Packing, several: list[Record], data: st.DataObject
) -> None:
    whole = b"".join(packed(record_lines(several, form), packing))
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    assert list(read(cut(whole, places), form, packing)) == several


@pytest.mark.parametrize(("packing", "opened"), [(Packing.GZIP, gzip.decompress), (Packing.PLAIN, bytes)])
@given(pieces=st.lists(st.binary()))
def test_others_open_what_is_packed(packing: Packing, opened: type[bytes], pieces: list[bytes]) -> None:
    assert opened(b"".join(packed(pieces, packing))) == b"".join(pieces)


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda one: not set(b"\r\n") & set(one))), st.data())
def test_lines_are_numbered_and_end_in_lf_or_cr_lf(texts: list[bytes], data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=len(texts), max_size=len(texts)))
    whole = b"".join(chain.from_iterable(zip(texts, ends, strict=True)))
    if texts and len(texts) % 2:
        whole = whole.removesuffix(ends[-1])
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    assert lines(cut(whole, places)) == [Line(number, text) for number, text in enumerate(texts, 1)]


@pytest.mark.parametrize("packing", PACKED)
def test_a_file_may_be_packed_in_several_pieces(packing: Packing) -> None:
    pack = gzip.compress if packing is Packing.GZIP else zstd
    whole = pack(b"a\nb") + pack(b"") + pack(b"c\n")
    assert lines([whole], packing) == lines(cut(whole, range(len(whole))), packing) == [Line(1, b"a"), Line(2, b"bc")]


def emptied(unpacker: Unpacker, data: bytes) -> None:
    for _ in unpacker.feed(data):
        pass
    unpacker.finish()


@pytest.mark.parametrize("packing", PACKED)
@given(st.data())
def test_a_file_that_is_cut_is_refused(packing: Packing, data: st.DataObject) -> None:
    whole = b"".join(packed([random.Random(1).randbytes(3000)], packing))
    part = whole[: data.draw(st.integers(1, len(whole) - 1))]
    with pytest.raises(BadFile, match="is cut") as found:
        emptied(Unpacker(packing), part)
    assert found.value.line is None


@pytest.mark.parametrize("packing", PACKED)
@given(st.data())
def test_a_damaged_file_is_refused_or_says_the_same(packing: Packing, data: st.DataObject) -> None:
    plain = random.Random(1).randbytes(3000)
    whole = b"".join(packed([plain], packing))
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    unpacker = Unpacker(packing)
    try:
        found = b"".join(unpacker.feed(damaged))
        unpacker.finish()
    except BadFile:
        return
    assert found == plain  # some bits of a header are read by nobody


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("data", [b"no such thing", b"\0" * 100, HEADER])
def test_a_file_that_is_not_packed_so_is_refused(packing: Packing, data: bytes) -> None:
    with pytest.raises(BadFile, match=f"not {packing}"):
        lines([data], packing)


@pytest.mark.parametrize("packing", PACKED)
def test_what_follows_a_packed_file_is_refused(packing: Packing) -> None:
    with pytest.raises(BadFile, match="damaged"):
        lines([b"".join(packed([b"a\n"], packing)) + b"more"], packing)


def bomb(packing: Packing, megabytes: int) -> bytes:
    return b"".join(packed((b"%01023d\n" % 0 * 1024 for _ in range(megabytes)), packing))


@pytest.mark.parametrize("packing", PACKED)
def test_a_bomb_is_opened_piece_by_piece_and_stopped(packing: Packing) -> None:
    whole, given = bomb(packing, 64), deque[int](maxlen=1)
    tracemalloc.start()
    with pytest.raises(BadFile, match="more than 100 times as large as it was sent"):
        given.extend(line.number for line in Lines(packing).feed(whole))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 1024 * 1024
    assert given[0] < 32 * 1024


def test_a_file_may_not_be_larger_than_the_limit_unpacked_however_it_is_packed() -> None:
    content = random.Random(1).randbytes(30_000).hex().encode() + b"\n"
    for packing in Packing:
        with pytest.raises(BadFile, match="larger than it may be"):
            emptied(Unpacker(packing, 60_000), b"".join(packed([content], packing)))
        emptied(Unpacker(packing, 60_001), b"".join(packed([content], packing)))


def test_a_file_of_nothing_but_beginnings_is_refused() -> None:
    with pytest.raises(BadFile, match="more than 131072 pieces"):
        lines([zstd(b"") * 131_073], Packing.ZSTD)


def test_a_window_that_needs_too_much_memory_is_refused() -> None:
    packer = ZstdCompressor(compression_params=ZstdCompressionParameters(window_log=24)).compressobj()
    with pytest.raises(BadFile, match="not zstd, or is damaged"):
        lines([packer.compress(random.Random(1).randbytes(10_000_000)), packer.flush()], Packing.ZSTD)


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_of_the_longest_length_is_read_and_a_longer_one_refused(packing: Packing, end: bytes) -> None:
    good = b"x\n" + b"y" * MAXIMUM_LINE + end
    assert [len(line.text) for line in lines(packed([good], packing), packing)] == [1, MAXIMUM_LINE]
    with pytest.raises(BadFile, match="Line 2: It is longer than 4096 bytes"):
        lines(packed([b"x\ny" + b"y" * MAXIMUM_LINE + end], packing), packing)


@pytest.mark.parametrize("packing", Packing)
def test_a_line_of_ten_megabytes_is_refused_at_its_beginning(packing: Packing) -> None:
    with pytest.raises(BadFile) as found:
        lines(packed([b"x\n", *([b"y" * 100_000] * 100)], packing), packing)
    assert found.value.line == 2


def bad(data: bytes, form: FileFormat) -> BadFile:
    with pytest.raises(BadFile) as found:
        list(read([data], form))
    assert not is_number_of_person(str(found.value), Environment.TEST, TODAY)
    assert str(found.value).startswith(f"Line {found.value.line}: ")
    assert found.value.__cause__ is None
    return found.value


GOOD = f'{{"ssin":"{SSIN}"}}\n'.encode()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f'{{"ssin":"{SSIN}","ssin":"{SSIN}"}}', "repeated"),
        (f'{{"ssin":"{SSIN}","{SSIN}":1}}', "unknown field"),
        (f'{{"ssin":"{SSIN}","name":"x"}}', "unknown field `name`"),
        (f'{{"ssin":{SSIN}}}', "ssin: An SSIN is text of exactly eleven digits"),
        ('{"ssin":"806315-123-93"}', "ssin: An SSIN is text"),
        ('{"ssin":"80631512394"}', "check digits"),
        (f'{{"ssin":"{SSIN}","period":{{"startDate":"{SSIN}"}}}}', "period.startDate: A day"),
        (f'{{"ssin":"{SSIN}","period":{{"startDate":"2026-02-30"}}}}', "period.startDate: A day"),
        (f'{{"ssin":"{SSIN}","period":{{"startDate":"2026-02-02","endDate":"2026-02-01"}}}}', "ends before it starts"),
        (f'{{"ssin":"{SSIN}","customerTicket":"{"x" * 37}"}}', "customerTicket: A customer ticket"),
        ('{"customerTicket":"x"}', "required field `ssin`"),
        (f'["{SSIN}"]', "Expected `object`"),
        (f'{{"ssin":"{SSIN}"', "not one JSON object"),
        (f'{{"ssin":"{SSIN}"}} {{"ssin":"{SSIN}"}}', "not one JSON object"),
        (SSIN, "Expected `object`"),
        ("", "empty"),
    ],
)
def test_what_is_wrong_with_a_line_of_json_is_said_with_its_number(line: str, says: str) -> None:
    found = bad(GOOD * 2 + line.encode() + b"\n" + GOOD, FileFormat.JSON_LINES)
    assert found.line == 3
    assert says in found.detail


def test_a_line_of_json_may_have_blanks_another_order_and_nulls() -> None:
    (record,) = read([f' {{"period": null, "ssin" : "{SSIN}"}}'.encode()], FileFormat.JSON_LINES)
    assert record == Record(ssin=SSIN)


@pytest.mark.parametrize("form", FileFormat)
@pytest.mark.parametrize("wrong", [b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_a_line_that_is_not_utf_8_is_refused(form: FileFormat, wrong: bytes) -> None:
    first, second = (
        record_lines([Record(ssin=SSIN, customer_ticket="x")], form) if form is FileFormat.CSV else (GOOD,) * 2
    )
    line = (
        second.replace(b"x", wrong)
        if form is FileFormat.CSV
        else GOOD.replace(b'"}', b'","customerTicket":"' + wrong + b'"}')
    )
    found = bad(first + line, form)
    assert found.line == 2
    assert "UTF-8" in found.detail


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"{SSIN},x,,", "4 fields, the header 5"),
        (f"{SSIN},x,,,,", "6 fields, the header 5"),
        (f"{SSIN};x;;;", "1 fields, the header 5"),
        (f" {SSIN},x,,,", "ssin: An SSIN is text"),
        ("6315123-93,x,,,", "ssin: An SSIN is text"),
        ("80631512394,x,,,", "check digits"),
        (f"{SSIN},x,01/02/2026,,", "startDate: A day that exists, written as 2026-01-31."),
        (f"{SSIN},x,,,2026-02-30", "referenceDate: A day"),
        (f"{SSIN},x,,2026-02-28,", "required field `startDate`"),
        (f"{SSIN},x,2026-02-02,2026-02-01,", "ends before it starts"),
        (f"{SSIN},\tx,,,", "customerTicket: A customer ticket"),
        (",x,,,", "required field `ssin`"),
        (f'{SSIN},"x,,,', "not CSV"),
        (f'{SSIN},"x"y,,,', "not CSV"),
        (f"{SSIN},x\ry,,,", "not CSV"),
        ("", "empty"),
    ],
)
def test_what_is_wrong_with_a_line_of_csv_is_said_with_its_number(line: str, says: str) -> None:
    found = bad(HEADER + f"{SSIN},x,,,\r\n{line}\n{SSIN},y,,,\n".encode(), FileFormat.CSV)
    assert found.line == 3
    assert says in found.detail


@pytest.mark.parametrize(
    "header",
    [SSIN, "ssin;customerTicket", "ssin,ssin", "SSIN", "ssin,", "ssin, customerTicket", f"ssin,{SSIN}", '"ssin'],
)
def test_a_header_that_is_none_is_refused(header: str) -> None:
    assert bad(f"{header}\n{SSIN}\n".encode(), FileFormat.CSV).line == 1


def test_a_file_of_csv_may_have_any_columns_quotes_and_a_byte_order_mark() -> None:
    file = io.StringIO(f'\ufeff"customerTicket",ssin\r\n"a ""b"", c",{SSIN}\r\n,"{SSIN}"')
    found = list(read([file.getvalue().encode()], FileFormat.CSV))
    assert found == [Record(ssin=SSIN, customer_ticket='a "b", c'), Record(ssin=SSIN)]


def test_a_real_person_is_no_mock_and_a_mock_is_no_real_person() -> None:
    reader = record_reader(FileFormat.JSON_LINES, Packing.PLAIN, Environment.PRODUCTION, TODAY)
    with pytest.raises(BadFile, match="Line 1: A mock SSIN exists only in a test environment"):
        list(reader.feed(GOOD))


def test_a_million_copies_of_one_person_are_a_file_like_others() -> None:
    whole = b"".join(packed([GOOD * 10_000] * 5, Packing.ZSTD))
    assert len(whole) < 2000
    assert sum(1 for record in read([whole], FileFormat.JSON_LINES, Packing.ZSTD) if record.ssin == SSIN) == 50_000


def test_a_record_is_written_as_json_is() -> None:
    (line,) = record_lines([Record(ssin=SSIN, reference_date=TODAY)], FileFormat.JSON_LINES)
    assert msgspec.json.decode(line) == {"ssin": SSIN, "referenceDate": "2026-03-01"}
    assert zlib.decompress(b"".join(packed([line], Packing.GZIP)), zlib.MAX_WBITS | 16) == line
