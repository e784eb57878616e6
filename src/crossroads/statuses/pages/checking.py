"""Telling anybody how an attestation stands, by its code or by the file: no more than it says itself."""

from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Refused, Tampered
from crossroads.statuses.attestation_model import Standing, Statement, Verdict
from crossroads.statuses.attesting import Attestations
from crossroads.statuses.verifying import genuine


class Checked(NamedTuple):
    """How it stands; of a file that is not as the institution signed it, nothing is told."""

    verdict: Verdict | None

    @property
    def standing(self) -> str:
        """In one word: valid, expired, revoked, unknown or altered."""
        return str(self.verdict.standing) if self.verdict else "altered"


class Checking:
    """Checks for one institution. Nothing of it may be called in an event loop."""

    def __init__(self, attestations: Attestations, certificates: Iterable[x509.Certificate], clock: Clock) -> None:
        """Trust the certificates, of now and of before, of the institution itself."""
        self._attestations, self._certificates, self._clock = attestations, tuple(certificates), clock

    def by_code(self, code: str, ssin: str | None, peer: str) -> Checked:
        """Tell how the attestation with a code stands. Raises what `Attestations.check` does."""
        return Checked(self._attestations.check(code, ssin, peer=peer))

    def by_file(self, pdf: bytes, ssin: str | None, peer: str) -> Checked:
        """Tell how a file stands: unaltered, and then as its code says. Raises what `Attestations.check` does."""
        said = next(filter(None, (self._read(pdf, certificate) for certificate in self._certificates)), None)
        if said is None:
            return Checked(None)
        found = self._attestations.check(said.code, ssin, peer=peer)
        if found.standing is Standing.UNKNOWN and said.until < brussels_day(self._clock.now()):
            # So old that nothing is kept of it.
            return Checked(Verdict(standing=Standing.EXPIRED, until=said.until))
        return Checked(found)

    def _read(self, pdf: bytes, certificate: x509.Certificate) -> Statement | None:
        # Of a certificate whose time is over, what it signed is over too, and not altered.
        moment = min(self._clock.now(), certificate.not_valid_after_utc)
        try:
            return genuine(pdf, certificate, moment)
        except (Tampered, Refused):
            return None
