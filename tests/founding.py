"""An installation to test with: two operators, a founded log, a small catalogue, keys of institutions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from crossroads.audit.service import Log
from crossroads.catalogue.changes import Plan
from crossroads.catalogue.keys import Genesis, OperatorKey
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Document
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.tables import digest
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.notes import NoteSigner
from crossroads.wire.registrations import KeyUse, Registration, SignedAct, act

INSTALLATION = "crossroads-test"
HUB = "crossroads"
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_YEARS = timedelta(days=3650)


class Installation(NamedTuple):
    """A founded installation and the keys of its operators."""

    catalogue: Catalogue
    log: Log
    alice: SigningKey
    bob: SigningKey

    async def apply(self, document: Document, reason: str = "") -> int:
        """Make the catalogue into this one, signed by both operators."""
        return await self.catalogue.apply(self.signed(await self.catalogue.plan(document, reason)))

    def signed(self, plan: Plan) -> SignedAct:
        """Give the plan with both signatures."""
        return plan.signable().signed_by(self.alice).signed_by(self.bob)

    def registration(self, key: SigningKey | SealingKey, use: KeyUse, signer: SigningKey | None = None) -> SignedAct:
        """Give the registration of a key, signed by both operators and by `signer`, or by the key itself."""
        unsigned = act("register-key", registration(key, use)).signed_by(self.alice).signed_by(self.bob)
        itself = signer or (key if isinstance(key, SigningKey) else None)
        return unsigned.signed_by(itself) if itself else unsigned

    async def signing_key(self, institution: str, name: str = "sign-1") -> SigningKey:
        """Make and register a key that signs for an institution."""
        key = SigningKey.generate(f"{institution}#{name}")
        await self.catalogue.register_key(self.registration(key, KeyUse.SIGN))
        return key


def registration(key: SigningKey | SealingKey, use: KeyUse, **changed: Any) -> Registration:
    """Give a registration that is in force for years."""
    institution = key.key_id.split("#")[0]
    plain = Registration(
        installation=INSTALLATION,
        institution=institution,
        key_id=key.key_id,
        use=use,
        jwk=key.jwk,
        valid_from=_BEGIN,
        valid_until=datetime.now(UTC) + _YEARS,
    )
    return msgspec.structs.replace(plain, **changed)


def operators() -> tuple[SigningKey, SigningKey]:
    """Make the keys of two operators."""
    return SigningKey.generate("operator:alice#1"), SigningKey.generate("operator:bob#1")


def genesis(signer: NoteSigner, *keys: SigningKey) -> Genesis:
    """Give what founds the installation."""
    return Genesis(
        installation=INSTALLATION,
        environment=Environment.TEST,
        hub=HUB,
        log_key=str(signer.verifier),
        operators=tuple(OperatorKey(key_id=key.key_id, jwk=key.jwk) for key in keys),
    )


@asynccontextmanager
async def founded(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Installation]:
    """Found an installation in an empty database."""
    signer = NoteSigner.generate(f"{INSTALLATION}/log")
    alice, bob = operators()
    async with Log(pool, signer) as log, Catalogue(pool, log) as catalogue:
        await catalogue.found(genesis(signer, alice, bob))
        yield Installation(catalogue, log, alice, bob)


MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Aid" namespace="urn:test:aid">
  <inputData id="in-age" name="age"><variable name="age" typeRef="number"/></inputData>
  <decision id="right" name="right">
    <informationRequirement><requiredInput href="#in-age"/></informationRequirement>
    <decisionTable hitPolicy="UNIQUE">
      <input label="age"><inputExpression typeRef="number"><text>age</text></inputExpression></input>
      <output name="opens" typeRef="boolean"/>
      <annotation name="why"/>
      <rule><inputEntry><text>&lt; 18</text></inputEntry><outputEntry><text>true</text></outputEntry>
        <annotationEntry><text>of the young</text></annotationEntry></rule>
      <rule><inputEntry><text>&gt;= 18</text></inputEntry><outputEntry><text>false</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""
"""A decision table of two rules."""
_COMMON = {"validFrom": date(2020, 1, 1).isoformat(), "provenance": "illustrative", "source": "ours: a test"}


def small_catalogue(**lists: list[dict[str, Any]]) -> Document:
    """Give a catalogue of two sectors in which one may ask the other; `lists` replaces lists by their YAML names."""
    plain: dict[str, list[dict[str, Any]]] = {
        "sectors": [{"number": 17, "names": {"en": "Welfare"}}, {"number": 25, "names": {"en": "Crossroads"}}],
        "institutionTypes": [
            {"sector": 17, "type": 0, "names": {"en": "Service"}},
            {"sector": 17, "type": 1, "names": {"en": "Centre"}},
            {"sector": 25, "type": 0, "names": {"en": "Crossroads"}},
        ],
        "institutions": [
            {"id": HUB, "sector": 25, "names": {"en": "The crossroads"}},
            {"id": "welfare", "sector": 17, "names": {"en": "Welfare service"}},
            {"id": "centre-a", "sector": 17, "type": 1, "names": {"en": "Centre A"}},
            {
                "id": "centre-b",
                "sector": 17,
                "type": 1,
                "names": {"en": "Centre B"},
                "network": "secondary",
                "managedBy": [{"manager": "welfare", "startDate": "2020-01-01"}],
            },
        ],
        "inscriptionContexts": [
            {"id": "17:1", "names": {"en": "Under examination"}},
            {"id": "17:2", "names": {"en": "Living wage"}, "exclusive": True},
        ],
        "dataGroups": [
            {
                "id": "living-wage@1",
                "names": {"en": "Living wage"},
                "description": {"en": "Monthly amounts."},
                "authenticSource": 17,
                "temporality": "period",
                "schema": {"type": "object", "properties": {"amount": {"type": "integer"}}},
            }
        ],
        "legalContexts": [{"id": "PCSA:SOCIAL_INQUIRY", "names": {"en": "Inquiry"}, "assignedTo": [{"sector": 17}]}],
        "decisionTables": [
            {
                "id": "aid",
                "names": {"en": "Aid"},
                "owner": "welfare",
                "legalReference": {"en": "invented for a test"},
                "reach": "person",
                "decision": "right",
                "dmn": MODEL,
                "sha256": digest(MODEL),
            }
        ],
        "authorisations": [
            {
                "reference": "TEST/1",
                "names": {"en": "Centres: living wage"},
                "parties": [{"sector": 17, "type": 1}],
                "legalContexts": ["PCSA:SOCIAL_INQUIRY"],
                "dataGroups": ["living-wage@1"],
                "modes": ["online", "push"],
                "inscriptionContexts": ["17:1", "17:2"],
                "decisionTable": "aid",
            }
        ],
        "availabilities": [{"dataGroup": "living-wage@1", "inscriptionContext": "17:2"}],
        "subscriptions": [
            {
                "id": "living-wage-to-centres",
                "party": {"sector": 17, "type": 1},
                "dataGroups": ["living-wage@1"],
                "inscriptionContexts": ["17:1"],
                "authorisation": "TEST/1",
            }
        ],
        "embargoes": [{"id": "inquiry", "legalContext": "PCSA:SOCIAL_INQUIRY", "days": 30, "names": {"en": "Inquiry"}}],
        **lists,
    }
    return msgspec.convert(
        {name: [{**_COMMON, **entry} for entry in entries] for name, entries in plain.items()}, Document
    )


def without(document: Document, kind: Kind) -> Document:
    """Give a catalogue with no entry of a kind."""
    return msgspec.structs.replace(document, **{kind.attribute: ()})


def renamed() -> Document:
    """Give the small catalogue with another name in it."""
    return small_catalogue(sectors=[{"number": 17, "names": {"en": "Other"}}, {"number": 25, "names": {"en": "Hub"}}])
