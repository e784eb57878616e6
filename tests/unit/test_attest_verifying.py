"""Verifying: an attestation holds as it was signed, to the last byte, and until its last day."""

import re
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import NameObject, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from attestations import MARIE, NOW, RIGHT, YEAR, Place, fill
from crossroads.kernel.errors import Refused, Tampered
from crossroads.statuses.attestation_paper import draw
from crossroads.statuses.attestation_signing import Signing, asn1
from crossroads.statuses.verifying import MAXIMUM_BYTES, verify


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("attests"))
    fill(made.buffer, YEAR)
    return made


@pytest.fixture(scope="module")
def pdf(place: Place) -> bytes:
    return place.attestations.attest(MARIE, RIGHT, "nl").pdf


@pytest.fixture(scope="module")
def gap(pdf: bytes) -> range:
    """Where the signature stands: no part of what is signed."""
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) \d+\]", pdf)
    assert found
    return range(int(found[1]), int(found[2]))


def refused(pdf: bytes, place: Place) -> str:
    with pytest.raises(Tampered) as told:
        verify(pdf, place.certificate, NOW)
    return str(told.value)


def signing(place: Place) -> Signing:
    return Signing(place.folder / "attestations.key", place.folder / "attestations.pem")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
@example(0.0, 1)
@example(1 - 1e-9, 1)
def test_one_byte_altered_anywhere_is_refused(pdf: bytes, place: Place, where: float, change: int) -> None:
    at = int(where * len(pdf))
    refused(pdf[:at] + bytes([pdf[at] ^ change]) + pdf[at + 1 :], place)


def test_no_byte_of_the_signature_has_another_value(pdf: bytes, place: Place, gap: range) -> None:
    # Capitals, digits behind the end, numbers of versions, names of algorithms: readers overlook them.
    assert len(gap) > 1_000
    for at in gap:
        other = pdf[at : at + 1].swapcase() if pdf[at : at + 1].isalpha() else bytes([pdf[at] ^ 1])
        refused(pdf[:at] + other + pdf[at + 1 :], place)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_byte_left_out_or_put_in_is_refused(pdf: bytes, place: Place, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(pdf) - 1))
    refused(pdf[:at] + pdf[at + 1 :], place)
    refused(pdf[:at] + b" " + pdf[at:], place)


@pytest.mark.parametrize("added", [b"\n", b"%%EOF\n", b"\0" * 5_000])
def test_what_is_added_after_the_signature_is_refused(pdf: bytes, place: Place, added: bytes) -> None:
    assert refused(pdf + added, place) == "Something was added after it was signed."


def test_an_incremental_update_is_refused(pdf: bytes, place: Place) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root[NameObject("/Title")] = pdf_string("Everything is free")
    writer.update_root()  # type: ignore[no-untyped-call]  # pyHanko's own
    updated = BytesIO()
    writer.write(updated)  # type: ignore[no-untyped-call]  # pyHanko's own
    assert updated.getvalue().startswith(pdf)
    assert refused(updated.getvalue(), place) == "Something was added after it was signed."


def test_one_signed_with_another_certificate_is_refused(pdf: bytes, place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path)
    fill(other.buffer, YEAR)
    forged = other.attestations.attest(MARIE, RIGHT, "nl").pdf
    assert verify(forged, other.certificate, NOW).right == RIGHT
    assert "signed by somebody else" in refused(forged, place)
    assert "signed by somebody else" in refused(pdf, other)


def test_one_is_refused_when_its_time_is_over(pdf: bytes, place: Place) -> None:
    last = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    assert verify(pdf, place.certificate, last).until == last.date()
    with pytest.raises(Refused, match="It was valid until 2026-12-31"):
        verify(pdf, place.certificate, last + timedelta(minutes=1))


@pytest.mark.parametrize("when", [NOW - timedelta(days=1), NOW + timedelta(days=731)])
def test_a_certificate_that_is_not_in_force_verifies_nothing(pdf: bytes, place: Place, when: datetime) -> None:
    with pytest.raises(Refused, match="certificate is not in force"):
        verify(pdf, place.certificate, when)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7\n%%EOF",
        b"no PDF at all",
        b"/ByteRange [0 0 0 0]",
        b"/ByteRange [0 2 1 3]",
        b"/ByteRange [0 999999 999999 0]",
        b"/ByteRange [0 0 99999999999999999999 0]",
        b"/ByteRange [0 22 26 0]<00>",
        b"/ByteRange [0 24 30 0]  <3080>",
    ],
)
def test_what_is_no_attestation_is_refused(content: bytes, place: Place) -> None:
    refused(content, place)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_nothing_in_place_of_a_signature_does_harm(pdf: bytes, place: Place, gap: range, content: bytes) -> None:
    digits = content.hex().upper().encode()[: len(gap) - 2]
    refused(pdf[: gap.start] + b"<" + digits.ljust(len(gap) - 2, b"0") + b">" + pdf[gap.stop :], place)


def bomb(many: int) -> bytes:
    """Give a PDF whose one stream unpacks to so many bytes, again and again."""
    content = bytes(many)
    for _ in range(2):
        content = zlib.compress(content, 9)
    filters = b"/Filter [/FlateDecode /FlateDecode]"
    return b"%%PDF-1.7\n1 0 obj\n<</Type /XRef %s /Length %d>>\nstream\n%s\nendstream\n" % (
        filters,
        len(content),
        content,
    )


def test_a_bomb_is_never_unpacked(place: Place, pdf: bytes, gap: range) -> None:
    many = 100_000_000
    packed = bomb(many)
    assert len(packed) < MAXIMUM_BYTES < many
    signature = pdf[gap.start : gap.stop]
    place_of = b"/ByteRange [0 %06d %06d %06d]"
    head = packed + place_of % (0, 0, 0)
    start, tail = len(head), b"startxref\n9\n%%EOF\n"
    head = packed + place_of % (start, start + len(signature), len(tail))
    tracemalloc.start()
    try:
        assert refused(head + signature + tail, place).startswith("It was altered")
        assert tracemalloc.get_traced_memory()[1] < many / 10
    finally:
        tracemalloc.stop()


def test_a_file_that_is_too_large_is_not_looked_at(place: Place, pdf: bytes) -> None:
    assert refused(pdf + bytes(MAXIMUM_BYTES), place) == "It is larger than any attestation."


def test_another_pdf_that_the_institution_signed_is_no_attestation(place: Place) -> None:
    page = FPDF()
    page.add_page()
    page.set_keywords("free")
    assert "no attestation" in refused(signing(place).sign(bytes(page.output())), place)


def test_what_is_signed_is_what_is_drawn(place: Place) -> None:
    said = place.attestations.attest(MARIE, RIGHT, "de").statement
    signed = signing(place).sign(draw(said, "Statusbank", "de"))
    assert verify(signed, place.certificate, NOW) == said


def test_any_program_that_knows_signatures_finds_it_whole(place: Place, pdf: bytes) -> None:
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    trusting = ValidationContext(trust_roots=[asn1(place.certificate)], allow_fetching=False)
    status = validate_pdf_signature(signature, trusting)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
