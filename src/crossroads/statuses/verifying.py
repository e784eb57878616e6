"""Verifying an attestation with nothing but the certificate of the institution: whole, unaltered, not too old.

The bytes come first: nothing of a file is unpacked before it is known that the institution signed all of it. Beside
what is signed a PDF has a gap for the signature, in which a reader overlooks much: here it is written in one way only.
"""

import asyncio
import re
from datetime import datetime
from io import BytesIO

import msgspec
from asn1crypto import cms, core
from cryptography import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import UnacceptableSignerError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Refused, Tampered
from crossroads.statuses.attestation_model import Statement
from crossroads.statuses.attestation_signing import asn1

MAXIMUM_BYTES = 256 * 1024
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0 (\d{1,6}) (\d{1,6}) (\d{1,6})\s*\]")
_ALTERED = "It was altered after it was signed, or signed by somebody else."


def verify(pdf: bytes, certificate: x509.Certificate, now: datetime) -> Statement:
    """Give what an attestation says, whoever's it is. Not to be called in an event loop.

    Raises Tampered where it is not, to the last byte, what the owner of the certificate signed, and Refused for one
    whose time is over.
    """
    said = genuine(pdf, certificate, now)
    if brussels_day(now) > said.until:
        raise Refused(f"It was valid until {said.until}: have a new one made.")
    return said


def genuine(pdf: bytes, certificate: x509.Certificate, now: datetime) -> Statement:
    """Give what an attestation says, also when its time is over. Not to be called in an event loop.

    Raises Tampered as `verify` does, and Refused where the certificate is not in force.
    """
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refused("The certificate is not in force today: ask the institution for its present one.")
    signed, gap = _parts(pdf)
    _check(signed, _signature(gap, certificate), certificate, now)
    return _statement(pdf)


def _parts(pdf: bytes) -> tuple[bytes, bytes]:
    """Give what is signed, which is everything but a gap, and the gap."""
    if len(pdf) > MAXIMUM_BYTES:
        raise Tampered("It is larger than any attestation.")
    found = _RANGE.findall(pdf)
    if not found:
        raise Tampered("This is no signed attestation.")
    start, resume, rest = map(int, found[-1])
    if resume + rest < len(pdf):
        raise Tampered("Something was added after it was signed.")
    if not start < resume or resume + rest != len(pdf):
        raise Tampered(_ALTERED)
    return pdf[:start] + pdf[resume:], pdf[start:resume]


def _signature(gap: bytes, certificate: x509.Certificate) -> cms.SignedData:
    """Give the signature that stands in the gap. Each byte in it that is not signed has one value that it may have."""
    try:
        content = cms.ContentInfo.load(bytes.fromhex(gap[1:-1].decode("ascii")))["content"]
        signer = content["signer_infos"][0]
        expected = _written(certificate, signer["signed_attrs"], signer["signature"].native)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise Tampered(_ALTERED) from None
    digits = expected.dump().hex().upper().encode()
    if gap != b"<" + digits.ljust(len(gap) - 2, b"0") + b">":
        raise Tampered(_ALTERED)
    signed: cms.SignedData = expected["content"]
    return signed


def _written(certificate: x509.Certificate, attributes: cms.CMSAttributes, signature: bytes) -> cms.ContentInfo:
    """Write a signature by the owner of a certificate as it is always written here."""
    own = asn1(certificate)
    sha256 = {"algorithm": "sha256", "parameters": core.Null()}
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
            ),
            "digest_algorithm": sha256,
            "signed_attrs": cms.CMSAttributes.load(attributes.untag().dump()),
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
    )
    content = {
        "version": "v1",
        "digest_algorithms": [sha256],
        "encap_content_info": {"content_type": "data"},
        "certificates": [own],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})


def _check(signed: bytes, signature: cms.SignedData, certificate: x509.Certificate, now: datetime) -> None:
    trusting = ValidationContext(trust_roots=[asn1(certificate)], moment=now, allow_fetching=False)
    try:
        status = asyncio.run(async_validate_detached_cms(signed, signature, trusting))
    except (SignatureValidationError, UnacceptableSignerError, ValueError, TypeError):
        raise Tampered(_ALTERED) from None
    if not (status.intact and status.valid and status.trusted):
        raise Tampered(_ALTERED)


def _statement(pdf: bytes) -> Statement:
    """Read what is said; only where it is known who says it."""
    try:
        return msgspec.json.decode(str(PdfFileReader(BytesIO(pdf)).trailer["/Info"]["/Keywords"]), type=Statement)
    except (PdfError, KeyError, ValueError, TypeError, msgspec.MsgspecError):
        raise Tampered("The institution signed it, but it is no attestation.") from None
