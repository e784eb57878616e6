"""An attestation in the tour: made for a person, verified by anybody, and refused when a byte of it is another."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.x509 import Certificate

from crossroads.demo.browser import Browser, Page
from crossroads.demo.rights_pages import RIGHTS
from crossroads.demo.stage import Stage
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.statuses.attestation_settings import read_attestation_settings
from crossroads.statuses.attestation_signing import read_certificate
from crossroads.statuses.attesting import CHECK, Attestations, Attester
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.rights import Right
from crossroads.statuses.verifying import verify

_HOLDS, _ALTERED = "It holds", "It does not hold"


class Holder(NamedTuple):
    """Whose right is attested, and somebody else."""

    ssin: str
    other: str


def attested(stage: Stage, folder: Path, rights: Mapping[str, Right], buffer: Buffer, holder: Holder) -> bool:
    """Attest that the social tariff is open for a person; tell whether all went as it should. Raises Refused."""
    settings = read_attestation_settings(folder)
    attester = Attester(folder.name, Environment.TEST, settings, stage.opening.pages.rights.url)
    attestations = Attestations(attester, rights, buffer, SystemClock())
    pdf, said = attestations.attest(holder.ssin, "social-tariff", "en")
    forged = pdf.replace(str(said.until.year).encode(), str(said.until.year + 1).encode(), 1)
    (folder / "attestation.pdf").write_bytes(pdf)
    certificate = read_certificate(settings.path(settings.certificate))
    whole, refusal = verify(pdf, certificate, SystemClock().now()) == said, _refusal(forged, certificate)
    own, others = attestations.check(said.code, holder.ssin), attestations.check(said.code, holder.other)
    stage.screen.say(
        "\nA person for whom the tariff is open takes along a signed page that says so, and not why. Anybody verifies "
        "it by the certificate of the institution, or at its pages, by the code; who also has the person's card learns "
        "whether it is that person's:"
    )
    pages, there = _at_the_pages(stage, said.code, forged)
    stage.screen.facts(
        [
            ("The page", str(folder / "attestation.pdf")),
            ("As it was made", f"holds: {said.name}, until {said.until}" if whole else "does not hold"),
            ("With a later year", refusal or "holds"),
            ("Code and number", f"{_whose(own.holder)}; with another number {_whose(others.holder)}"),
            ("At the pages", there),
        ]
    )
    return whole and bool(refusal) and own.holder is True and others.holder is False and pages is not False


def _refusal(pdf: bytes, certificate: Certificate) -> str:
    """Give why a page does not hold; empty where it does."""
    try:
        verify(pdf, certificate, SystemClock().now())
    except Tampered as error:
        return str(error)
    return ""


def _at_the_pages(stage: Stage, code: str, forged: bytes) -> tuple[bool | None, str]:
    """Verify as anybody does in a browser: by the code, and a forged file. None where the pages do not run."""
    if failed := stage.opening.wanting(RIGHTS):
        return None, f"left out: {failed}"
    address = f"{stage.opening.pages.rights.url}/en{CHECK}"
    with Browser() as anybody:
        said = _title(anybody.send(address, {"code": code})), _title(anybody.upload(address, "file", forged))
    return said == (_HOLDS, _ALTERED), f"by its code, “{said[0]}”; the file with a later year, “{said[1]}”"


def _title(page: Page) -> str:
    return next((piece.text for piece in page.pieces if piece.tag == "h1"), "")


def _whose(holder: bool | None) -> str:  # noqa: FBT001 - what a verdict says
    return "theirs" if holder else "not theirs"
