"""The two operators of an installation on this machine, with all that they sign to bring it into being.

For the demo, the tests and the benches. In a real installation each operator has a machine and a key file of their own:
see `docs/how-to/keys.md`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crossroads.bootstrap.keys import log_key, message_key, permit_key
from crossroads.bootstrap.settings import Installation
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.acts import REGISTER_ENDPOINT, REGISTER_KEY
from crossroads.catalogue.keys import EndpointRegistration, Genesis, OperatorKey
from crossroads.catalogue.model import Document
from crossroads.wire.keys import Jwk, SealingKey, SigningKey
from crossroads.wire.registrations import KeyUse, Registration, SignedAct, act

OPERATORS = ("operator:alice#1", "operator:bob#1")
_LIFE = timedelta(days=730)


class Founders:
    """Both operators, who here always agree."""

    def __init__(self, installation: Installation) -> None:
        """Read their keys from the folder `operators` of the home, or make them."""
        self.installation = installation
        folder = installation.home / "operators"
        self.keys = tuple(_read_or_make(key_id, folder / f"{_name(key_id)}.pem") for key_id in OPERATORS)

    def sign(self, unsigned: SignedAct) -> SignedAct:
        """Sign as both."""
        for key in self.keys:
            unsigned = unsigned.signed_by(key)
        return unsigned

    def make_hub_keys(self) -> None:
        """Make the hub's keys for messages, permits and log, unless they are there."""
        settings, folder = self.installation.settings, self.installation.keys
        for name in (settings.message_key, settings.permit_key):
            _read_or_make(f"{settings.hub}#{name}", folder / f"{name}.pem")
        if not (folder / "log.pem").exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (folder / "log.pem").touch(mode=0o600)
            (folder / "log.pem").write_bytes(pem)

    @property
    def operators(self) -> tuple[OperatorKey, ...]:
        """Their public keys."""
        return tuple(OperatorKey(key_id=key.key_id, jwk=key.jwk) for key in self.keys)

    async def found(self, services: Services, document: Document) -> None:
        """Found the installation, put the catalogue in force and register the hub's keys."""
        settings = self.installation.settings
        log = str(log_key(self.installation).verifier)
        await services.catalogue.found(
            Genesis(
                installation=settings.installation,
                environment=settings.environment,
                hub=settings.hub,
                log_key=log,
                operators=self.operators,
            )
        )
        plan = await services.catalogue.plan(document)
        await services.catalogue.apply(self.sign(plan.signable()))
        await self.register_key(services, message_key(self.installation), KeyUse.SIGN)
        await self.register_key(services, permit_key(self.installation), KeyUse.PERMIT)

    async def register_key(
        self, services: Services, key: SigningKey | SealingKey, use: KeyUse, voucher: SigningKey | None = None
    ) -> None:
        """Register a key; a sealing key is vouched for by a signing key of its institution."""
        signed = self.sign(act(REGISTER_KEY, registration_of(self.installation, key.key_id, key.jwk, use)))
        own = voucher if isinstance(key, SealingKey) else key
        await services.catalogue.register_key(signed.signed_by(own) if own else signed)

    async def register_endpoint(self, services: Services, key: SigningKey, url: str) -> None:
        """Register where an institution answers."""
        registration = EndpointRegistration(
            installation=self.installation.settings.installation,
            institution=key.key_id.split("#")[0],
            url=url,
            issued_at=datetime.now(UTC),
        )
        await services.catalogue.register_endpoint(self.sign(act(REGISTER_ENDPOINT, registration)).signed_by(key))

    def trust(self) -> bytes:
        """Give the content of a `trust.json`: what every institution pins."""
        settings = self.installation.settings
        return msgspec.json.format(
            msgspec.json.encode(
                {
                    "installation": settings.installation,
                    "environment": settings.environment,
                    "hub": settings.hub,
                    "operators": [{"keyId": key.key_id, "jwk": key.jwk} for key in self.keys],
                    "logKey": str(log_key(self.installation).verifier),
                }
            )
        )


def registration_of(installation: Installation, key_id: str, jwk: Jwk, use: KeyUse) -> Registration:
    """Give the registration of a key from now on, for two years."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Registration(
        installation=installation.settings.installation,
        institution=key_id.split("#", maxsplit=1)[0],
        key_id=key_id,
        use=use,
        jwk=jwk,
        valid_from=now,
        valid_until=now + _LIFE,
    )


def merged(documents: Iterable[Document]) -> Document:
    """Give one catalogue of several."""
    lists: dict[str, tuple[object, ...]] = {}
    for document in documents:
        for name in Document.__struct_fields__:
            lists[name] = (*lists.get(name, ()), *getattr(document, name))
    return Document(**lists)  # type: ignore[arg-type] # the names are those of its own fields


def _read_or_make(key_id: str, path: Path) -> SigningKey:
    if not path.exists():
        SigningKey.generate(key_id).write(path)
    return SigningKey.read(key_id, path)


def _name(key_id: str) -> str:
    return key_id.removeprefix("operator:").split("#")[0]
