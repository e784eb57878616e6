"""Signed acts in a real database: keys, revocations, operators and endpoints, and what others see of them."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from crossroads.audit.events import Event
from crossroads.bootstrap.postgres import ADMIN
from crossroads.catalogue import store
from crossroads.catalogue.errors import (
    AlreadyRegistered,
    NotSigned,
    StalePlan,
    UnfitAct,
)
from crossroads.catalogue.keys import EndpointRegistration, OperatorRegistration, Revocation
from crossroads.catalogue.kinds import Kind, by_id
from crossroads.catalogue.model import Document
from crossroads.catalogue.service import Catalogue
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import Jwk, SealingKey, SigningKey
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import KeyUse, SignedAct, act
from database import Database, execute
from founding import (
    HUB,
    INSTALLATION,
    Installation,
    registration,
    renamed,
    small_catalogue,
    without,
)

pytest_plugins = ["catalogue_fixtures"]

TODAY = date(2026, 6, 1)


async def test_a_registered_key_is_proven_to_an_outsider(here: Installation) -> None:
    key = await here.signing_key("centre-a")
    await here.log.sign_checkpoint()
    proven = await here.catalogue.proven_key(key.key_id)
    fields = verify_entry_proof(proven.inclusion, [NoteVerifier.parse(here.catalogue.current.genesis.log_key)])
    assert fields == {"event": Event.KEY_REGISTERED, "registration": proven.registration.digest}
    with pytest.raises(Refused):
        await here.catalogue.proven_key("centre-a#unknown")


async def test_keys_are_found_by_id_thumbprint_and_institution(here: Installation) -> None:
    signing = await here.signing_key("centre-a")
    sealing = SealingKey.generate("centre-a#seal-1")
    await here.catalogue.register_key(here.registration(sealing, KeyUse.SEAL, signing))
    snapshot, now = here.catalogue.current, datetime.now(UTC)
    known = snapshot.key(signing.key_id)
    assert known is not None
    assert known.in_force(now)
    assert known.verify is not None
    known.verify.verify(signing.sign(b"text"), b"text")
    assert snapshot.sealing_key(signing.jwk.thumbprint) is None
    found = snapshot.sealing_key(sealing.jwk.thumbprint)
    assert found is not None
    assert found.verify is None
    assert {key.key_id for key in snapshot.keys_of("centre-a")} == {signing.key_id, sealing.key_id}


async def test_a_key_needs_two_operators_and_itself(here: Installation) -> None:
    key = SigningKey.generate("centre-a#sign-1")
    bare = act("register-key", registration(key, KeyUse.SIGN))
    for signed in (
        bare.signed_by(here.alice).signed_by(key),
        bare.signed_by(here.alice).signed_by(here.bob),
        bare.signed_by(here.alice).signed_by(here.bob).signed_by(SigningKey.generate("centre-b#sign-1")),
    ):
        with pytest.raises(Tampered):
            await here.catalogue.register_key(signed)
    await here.catalogue.register_key(bare.signed_by(here.alice).signed_by(here.bob).signed_by(key))


async def test_a_sealing_key_is_signed_for_by_its_own_institution(here: Installation) -> None:
    stranger = await here.signing_key("centre-b")
    sealing = SealingKey.generate("centre-a#seal-1")
    with pytest.raises(Tampered):
        await here.catalogue.register_key(here.registration(sealing, KeyUse.SEAL, stranger))


async def test_a_key_is_registered_once(here: Installation) -> None:
    key = await here.signing_key("centre-a")
    again = SigningKey.generate(key.key_id)
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.register_key(here.registration(again, KeyUse.SIGN))
    other = await here.signing_key("centre-b")
    other.key_id = "centre-b#sign-2"
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.register_key(here.registration(other, KeyUse.SIGN))


async def test_a_key_that_does_not_fit_is_refused(here: Installation) -> None:
    key, unknown = SigningKey.generate("centre-a#sign-1"), SigningKey.generate("nobody#sign-1")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for faulty, owner in (
        (registration(unknown, KeyUse.SIGN), unknown),
        (registration(key, KeyUse.PERMIT), key),
        (registration(key, KeyUse.SIGN, valid_until=yesterday), key),
        (registration(key, KeyUse.SIGN, installation="elsewhere"), key),
    ):
        signed = act("register-key", faulty).signed_by(here.alice).signed_by(here.bob).signed_by(owner)
        with pytest.raises(UnfitAct):
            await here.catalogue.register_key(signed)
    permit = SigningKey.generate(f"{HUB}#permit-1")
    await here.catalogue.register_key(here.registration(permit, KeyUse.PERMIT))


def _revocation(key_id: str) -> SignedAct:
    return act("revoke-key", Revocation(installation=INSTALLATION, key_id=key_id, reason="lost"))


async def test_a_revocation_acts_at_once_in_another_process(
    here: Installation, db: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    key = await here.signing_key("centre-a")
    async with Catalogue(db, here.log) as other:
        before = other.current
        version = await here.catalogue.revoke_key(_revocation(key.key_id).signed_by(here.alice))
        after = await other.refresh(version)
    now = datetime.now(UTC)
    assert [snapshot.key(key.key_id).in_force(now) for snapshot in (before, after)] == [True, False]  # type: ignore[union-attr] # registered above
    assert after.version > before.version


async def test_another_process_follows_by_itself(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with Catalogue(db, here.log) as other:
        version = await here.apply(renamed())
        while other.current.version < version:  # noqa: ASYNC110 - nothing tells of it: that is the point
            await asyncio.sleep(0.05)
        assert by_id(other.as_of(TODAY)) == by_id(renamed())


async def test_a_process_follows_again_after_its_connections_broke(
    here: Installation, db: "asyncpg.Pool[asyncpg.Record]", database: Database
) -> None:
    async with Catalogue(db, here.log) as other:
        await execute(
            database.server.dsn(ADMIN, ADMIN),
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.name}'",  # noqa: S608 - ours
        )
        version = await _until_it_works(here)
        while other.current.version < version:  # noqa: ASYNC110 - nothing tells of it: that is the point
            await asyncio.sleep(0.05)
        assert by_id(other.as_of(TODAY)) == by_id(renamed())


async def _until_it_works(here: Installation) -> int:
    while True:
        try:
            return await here.apply(renamed())
        except Unavailable:
            await asyncio.sleep(0.1)


async def test_an_institution_revokes_its_own_key_and_no_other(here: Installation) -> None:
    own, other = await here.signing_key("centre-a"), await here.signing_key("centre-b")
    with pytest.raises(NotSigned):
        await here.catalogue.revoke_key(_revocation(own.key_id).signed_by(other))
    await here.catalogue.revoke_key(_revocation(own.key_id).signed_by(own))
    with pytest.raises(NotSigned):
        await here.catalogue.revoke_key(_revocation(other.key_id).signed_by(own))


async def test_a_revoked_key_never_comes_back(here: Installation) -> None:
    key = await here.signing_key("centre-a")
    await here.catalogue.revoke_key(_revocation(key.key_id).signed_by(here.bob))
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.revoke_key(_revocation(key.key_id).signed_by(here.bob))
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.register_key(here.registration(key, KeyUse.SIGN))


async def test_a_revoked_operator_signs_no_more(here: Installation) -> None:
    await here.catalogue.revoke_key(_revocation(here.bob.key_id).signed_by(here.alice))
    with pytest.raises(NotSigned):
        await here.apply(Document())
    assert [key.key_id for key in here.catalogue.current.all_operators if key.revoked_at] == [here.bob.key_id]


async def test_two_operators_admit_a_third_who_then_counts(here: Installation) -> None:
    carol = SigningKey.generate("operator:carol#1")
    content = OperatorRegistration(installation=INSTALLATION, key_id=carol.key_id, jwk=carol.jwk)
    bare = act("register-operator", content)
    for signed in (
        bare.signed_by(here.alice).signed_by(carol),
        bare.signed_by(here.alice).signed_by(here.bob),
    ):
        with pytest.raises(NotSigned):
            await here.catalogue.register_operator(signed)
    whole = bare.signed_by(here.alice).signed_by(here.bob).signed_by(carol)
    await here.catalogue.register_operator(whole)
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.register_operator(whole)
    await here.catalogue.revoke_key(_revocation(here.bob.key_id).signed_by(carol))
    plan = (await here.catalogue.plan(without(small_catalogue(), Kind.SUBSCRIPTION))).signable()
    await here.catalogue.apply(plan.signed_by(here.alice).signed_by(carol))


async def test_the_key_of_an_operator_has_no_second_use(here: Installation) -> None:
    here.alice.key_id = "centre-a#sign-1"
    signed = here.registration(here.alice, KeyUse.SIGN)
    here.alice.key_id = "operator:alice#1"
    with pytest.raises(AlreadyRegistered):
        await here.catalogue.register_key(signed.signed_by(here.alice))


def _endpoint(url: str, issued_at: datetime) -> SignedAct:
    content = EndpointRegistration(installation=INSTALLATION, institution="centre-a", url=url, issued_at=issued_at)
    return act("register-endpoint", content)


async def test_an_endpoint_needs_the_institution_and_an_operator(here: Installation) -> None:
    key, now = await here.signing_key("centre-a"), datetime.now(UTC)
    bare = _endpoint("http://127.0.0.1:8100", now)
    for signed in (bare, bare.signed_by(key), bare.signed_by(here.alice).signed_by(here.bob)):
        with pytest.raises(NotSigned):
            await here.catalogue.register_endpoint(signed)
    await here.catalogue.register_endpoint(bare.signed_by(key).signed_by(here.alice))
    assert here.catalogue.current.endpoint("centre-a") == "http://127.0.0.1:8100"
    assert here.catalogue.current.endpoint("centre-b") is None


async def test_an_endpoint_is_not_dated_in_the_future(here: Installation) -> None:
    key, later = await here.signing_key("centre-a"), datetime.now(UTC) + timedelta(minutes=1)
    with pytest.raises(UnfitAct, match="future"):
        await here.catalogue.register_endpoint(
            _endpoint("https://x.example", later).signed_by(key).signed_by(here.alice)
        )


async def test_an_old_endpoint_cannot_be_brought_back(here: Installation) -> None:
    key, now = await here.signing_key("centre-a"), datetime.now(UTC)
    first = _endpoint("http://127.0.0.1:8100", now - timedelta(seconds=2)).signed_by(key).signed_by(here.alice)
    second = _endpoint("http://127.0.0.1:8200", now - timedelta(seconds=1)).signed_by(key).signed_by(here.alice)
    await here.catalogue.register_endpoint(first)
    await here.catalogue.register_endpoint(second)
    with pytest.raises(StalePlan):
        await here.catalogue.register_endpoint(first)
    assert here.catalogue.current.endpoint("centre-a") == "http://127.0.0.1:8200"


@pytest.mark.parametrize(
    "content",
    [
        b'{"installation":"%b","institution":"centre-a","issuedAt":"2026-06-01T00:00:00","url":"http://localhost"}',
        b'{"installation":"%b","institution":"centre-a","issuedAt":"2026-06-01T00:00:00Z","url":"http://\xff"}',
        b"[" * 100_000,
    ],
    ids=["a moment without its zone", "no UTF-8", "without end"],
)
async def test_an_act_that_cannot_be_read_is_unfit(here: Installation, content: bytes) -> None:
    payload = b64url(content.replace(b"%b", INSTALLATION.encode()))
    with pytest.raises(UnfitAct):
        await here.catalogue.register_endpoint(SignedAct(kind="register-endpoint", payload=payload))


async def test_a_key_that_an_earlier_version_took_keeps_nobody_from_the_catalogue(
    here: Installation, db: "asyncpg.Pool[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """To this one nothing can be sealed: it was registered before that was looked at."""
    signing = await here.signing_key("centre-a")
    sealing = SealingKey.generate("centre-a#seal-1")
    with monkeypatch.context() as earlier:
        earlier.setattr("crossroads.wire.keys._takes_seals", lambda _: True)
        sealing.jwk = Jwk(kty="OKP", crv="X25519", x=b64url(bytes(32)))
        await here.catalogue.register_key(here.registration(sealing, KeyUse.SEAL, signing))
    store._registered.cache_clear()
    async with Catalogue(db, here.log) as other:
        assert other.current.key(signing.key_id) is not None
        assert other.current.key(sealing.key_id) is None
