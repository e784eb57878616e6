"""An institution that attests: its buffer, rights, key and certificate, in a folder of a test."""

import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.statuses.attestation_settings import FILE, read_attestation_settings
from crossroads.statuses.attestation_signing import make_for_tests, read_certificate
from crossroads.statuses.attesting import Attestations, Attester
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.model import Entitlement, Load, Reach
from crossroads.statuses.rights import Right, Texts

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
MARIE, PAUL = (str(mock_ssin(date(1980, 3, 15), number)) for number in (1, 2))
RIGHT = "social-tariff"
SETTINGS: dict[str, Any] = {
    "names": {"nl": "Statusbank", "fr": "Banque des statuts", "de": "Statusbank", "en": "Status bank"},
    "key": "attestations.key",
    "certificate": "attestations.pem",
}


class SetClock:
    """A clock that is set by hand."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def right(name: str = "Social tariff", **fields: Any) -> Right:
    """Give a right, with the same name in every language."""
    given: dict[str, Any] = {
        "id": RIGHT,
        "names": dict.fromkeys(("nl", "fr", "de", "en"), name),
        "data_group": "social-tariff-client@1",
        "owner": "fod-economie",
        "authorisation": "CR-ILL/social-tariff-2",
        "legal_reference": Texts(**dict.fromkeys(("nl", "fr", "de", "en"), "illustrative")),
        "reach": Reach.HOUSEHOLD,
        "table": "social-tariff.dmn",
        "decision": "right",
        "valid_from": date(2009, 7, 1),
    }
    return Right(**{**given, **fields})


def fill(
    buffer: Buffer, *periods: Period, until: date = date(2027, 1, 31), known: Iterable[str] = (MARIE, PAUL)
) -> None:
    """Load that the right is open for Marie, and for nobody else who is known."""
    opened = [Entitlement(ssin=MARIE, right=RIGHT, period=one, rule=1, version="table") for one in periods]
    with buffer.loading() as (number, _):
        buffer.commit(Load(number=number, day=TODAY, until=until, sources={}), known, [], opened)


def write_settings(folder: Path, **changes: Any) -> None:
    """Write `attestations.yaml`."""
    (folder / FILE).write_text(yaml.safe_dump(SETTINGS | changes))


def drawn(pdf: bytes) -> str:
    """Give what is drawn on the page, as the PDF writes it."""
    start = pdf.index(b"stream\n", pdf.index(b"/FlateDecode")) + 7
    return zlib.decompressobj().decompress(pdf[start:]).decode("cp1252")


class Place:
    """All of it: change what a test is about, then attest."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.right = folder, SetClock(), right()
        self.buffer = Buffer(folder / "buffer")
        write_settings(folder)
        make_for_tests("statuses", folder / "attestations.key", folder / "attestations.pem", NOW)

    @property
    def attestations(self) -> Attestations:
        """Those of the institution, as its settings are now."""
        attester = Attester("statuses", Environment.TEST, read_attestation_settings(self.folder))
        return Attestations(attester, {self.right.id: self.right}, self.buffer, self.clock)

    @property
    def certificate(self) -> x509.Certificate:
        """That of the institution."""
        return read_certificate(self.folder / "attestations.pem")
