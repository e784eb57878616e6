"""Signing an attestation: PAdES B-B, with a key and a certificate that serve for nothing else."""

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Refused
from crossroads.participant.files import write_atomically
from crossroads.statuses.attestation_settings import AttestationSettings
from crossroads.wire.keys import SigningKey, UnsafeKeyFile, read_private

_TEST_LIFE = timedelta(days=730)
_MAKE = "For a test, `crossroads statuses certify` makes one with its certificate."
_LIKE_NOTHING_ELSE = {
    "digital_signature": True,
    "content_commitment": True,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


class Signing:
    """A key with its certificate."""

    def __init__(self, key: Path, certificate: Path) -> None:
        """Read both. Raises UnsafeKeyFile for a key that others can read, Refused where they do not belong together."""
        private = read_private(key)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise UnsafeKeyFile(f"{key} holds no ECDSA P-256 key.", _MAKE)
        self._certificate = read_certificate(certificate)
        if self._certificate.public_key() != private.public_key():
            raise Refused(f"{certificate} is not the certificate of the key in {key}.")
        self._private = private

    def holds(self, now: datetime, until: date) -> bool:
        """Tell whether the certificate is in force from a moment to a day."""
        last = self._certificate.not_valid_after_utc
        return self._certificate.not_valid_before_utc <= now and until < brussels_day(last)

    def sign(self, pdf: bytes) -> bytes:
        """Sign a PDF as a whole, which says itself that nothing may be changed."""
        metadata = signers.PdfSignatureMetadata(
            field_name="Attestation",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )
        signed = signers.PdfSigner(metadata, self._signer()).sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)))
        return bytes(signed.getvalue())

    def _signer(self) -> signers.SimpleSigner:
        der = self._private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return signers.SimpleSigner(
            signing_cert=asn1(self._certificate),
            signing_key=asn1_keys.PrivateKeyInfo.load(der),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyHanko's own
        )


def read_certificate(path: Path) -> x509.Certificate:
    """Read one certificate in PEM. Raises Refused."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Refused(f"{path} holds no certificate in PEM.") from error
    if len(found) != 1:
        raise Refused(f"{path} holds {len(found)} certificates: only that of the one who signs belongs there.")
    return found[0]


def read_certificates(settings: AttestationSettings) -> list[x509.Certificate]:
    """Read the certificate of now and those of before. Raises Refused."""
    return [read_certificate(settings.path(one)) for one in (settings.certificate, *settings.earlier)]


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """Give a certificate as the library that signs knows it."""
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def make_for_tests(institution: str, key: Path, certificate: Path, now: datetime) -> None:
    """Make a key, of mode 0600, and a certificate that it signs itself. Raises Refused where one is there."""
    if taken := [str(path) for path in (key, certificate) if path.exists()]:
        raise Refused(f"{' and '.join(taken)}: there already. Nothing is made.")
    SigningKey.generate(f"{institution}#attestations").write(key)
    private = read_private(key)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        write_atomically(certificate, _self_signed(institution, private, now))


def _self_signed(institution: str, private: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, institution)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _TEST_LIFE)
        .add_extension(x509.KeyUsage(**_LIKE_NOTHING_ELSE), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
