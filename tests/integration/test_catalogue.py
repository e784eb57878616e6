"""The catalogue in a real database: founding, applying, keys, endpoints, revocation, and what others see of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.bootstrap.postgres import ADMIN
from crossroads.catalogue.errors import (
    AlreadyFounded,
    AlreadyRegistered,
    FaultyCatalogue,
    NotFounded,
    NotSigned,
    StalePlan,
    UnfitAct,
)
from crossroads.catalogue.keys import EndpointRegistration, OperatorRegistration, Revocation
from crossroads.catalogue.kinds import Kind, by_id
from crossroads.catalogue.model import Document, Mode
from crossroads.catalogue.service import Catalogue
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.notes import NoteSigner, NoteVerifier
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import KeyUse, SignedAct, act
from database import Database, OpenPool, execute
from founding import HUB, INSTALLATION, Installation, founded, genesis, operators, registration, small_catalogue

TODAY = date(2026, 6, 1)


@pytest.fixture
async def db(pool: OpenPool) -> "asyncpg.Pool[asyncpg.Record]":
    """Give connections of the hub's role."""
    return await pool("crossroads_hub")


@pytest.fixture
async def here(db: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Installation]:
    """Give a founded installation with the small catalogue."""
    async with founded(db) as installation:
        await installation.apply(small_catalogue())
        yield installation


def _without(document: Document, kind: Kind) -> Document:
    return msgspec.structs.replace(document, **{kind.attribute: ()})


def _renamed() -> Document:
    return small_catalogue(sectors=[{"number": 17, "names": {"en": "Other"}}, {"number": 25, "names": {"en": "Hub"}}])


async def test_the_first_entry_of_the_log_names_the_operators(here: Installation) -> None:
    await here.log.sign_checkpoint()
    proof = await here.log.prove_entry(0, 0)
    fields = verify_entry_proof(proof, [NoteVerifier.parse(here.catalogue.current.genesis.log_key)])
    assert fields["event"] == Event.INSTALLATION_FOUNDED
    assert fields["operators"] == list(msgspec.to_builtins(here.catalogue.current.genesis.operators))
    assert fields["logKey"] == here.catalogue.current.genesis.log_key


async def test_an_installation_is_founded_once(here: Installation) -> None:
    with pytest.raises(AlreadyFounded):
        await here.catalogue.found(here.catalogue.current.genesis)


async def test_nothing_is_founded_on_a_log_with_entries(db: "asyncpg.Pool[asyncpg.Record]") -> None:
    signer = NoteSigner.generate("somewhere/log")
    async with Log(db, signer) as log, Catalogue(db, log) as catalogue:
        await log.append(Entry(event=Event.BLOCK_DROPPED, fields={}))
        with pytest.raises(AlreadyFounded):
            await catalogue.found(genesis(signer, *operators()))
        assert not catalogue.current.founded


async def test_the_genesis_names_the_key_that_signs_the_log(db: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with Log(db, NoteSigner.generate("log")) as log, Catalogue(db, log) as catalogue:
        with pytest.raises(Tampered):
            await catalogue.found(genesis(NoteSigner.generate("log"), *operators()))


async def test_nothing_is_applied_before_the_founding(db: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with Log(db, NoteSigner.generate("log")) as log, Catalogue(db, log) as catalogue:
        with pytest.raises(NotFounded):
            await catalogue.plan(small_catalogue())


async def test_what_is_applied_is_in_force(here: Installation) -> None:
    snapshot = here.catalogue.current
    assert snapshot.version == snapshot.catalogue_version == 2
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(small_catalogue())
    centre = snapshot.institution("centre-b", TODAY)
    assert centre is not None
    assert centre.manager("PCSA:SOCIAL_INQUIRY", TODAY) == "welfare"
    assert [a.key for a in snapshot.authorisations("PCSA:SOCIAL_INQUIRY", "living-wage@1", Mode.ONLINE)] == ["TEST/1"]
    assert snapshot.authorisations("PCSA:SOCIAL_INQUIRY", "living-wage@1", Mode.BATCH) == ()
    assert [a.inscription_context for a in snapshot.availabilities("living-wage@1")] == ["17:2"]


async def test_before_an_entry_is_in_force_it_is_not_found(here: Installation) -> None:
    assert here.catalogue.current.institution("centre-a", date(2019, 12, 31)) is None
    assert here.catalogue.as_of(date(2019, 12, 31)) == Document()


async def test_a_plan_that_changes_nothing_is_refused(here: Installation) -> None:
    plan = await here.catalogue.plan(small_catalogue())
    assert plan.changes == ()
    with pytest.raises(UnfitAct):
        await here.catalogue.apply(here.signed(plan))


async def test_a_name_needs_one_operator_and_an_authorisation_two(here: Installation) -> None:
    names = (await here.catalogue.plan(_renamed())).signable()
    with pytest.raises(NotSigned):
        await here.catalogue.apply(names)
    await here.catalogue.apply(names.signed_by(here.alice))

    bare = _without(_without(_renamed(), Kind.SUBSCRIPTION), Kind.AUTHORISATION)
    withdrawal = (await here.catalogue.plan(bare)).signable().signed_by(here.alice)
    with pytest.raises(NotSigned):
        await here.catalogue.apply(withdrawal)
    await here.catalogue.apply(withdrawal.signed_by(here.bob))
    assert here.catalogue.current.authorisations("PCSA:SOCIAL_INQUIRY", "living-wage@1", Mode.ONLINE) == ()


async def test_one_operator_with_two_keys_is_one_operator(db: "asyncpg.Pool[asyncpg.Record]") -> None:
    signer, (alice, bob) = NoteSigner.generate("log"), operators()
    second = SigningKey.generate("operator:alice#2")
    async with Log(db, signer) as log, Catalogue(db, log) as catalogue:
        await catalogue.found(genesis(signer, alice, second, bob))
        plan = (await catalogue.plan(small_catalogue())).signable()
        with pytest.raises(NotSigned):
            await catalogue.apply(plan.signed_by(alice).signed_by(second))
        await catalogue.apply(plan.signed_by(alice).signed_by(bob))


async def test_a_forged_signature_is_refused(here: Installation) -> None:
    plan = (await here.catalogue.plan(_renamed())).signable()
    with pytest.raises(Tampered):
        await here.catalogue.apply(plan.signed_by(SigningKey.generate("operator:alice#1")))


async def test_a_signature_over_another_plan_does_not_count(here: Installation) -> None:
    one = (await here.catalogue.plan(_renamed())).signable().signed_by(here.alice)
    other = (await here.catalogue.plan(_renamed(), "another reason")).signable()
    with pytest.raises(Tampered):
        await here.catalogue.apply(msgspec.structs.replace(other, signatures=one.signatures))


async def test_a_plan_for_another_installation_is_refused(here: Installation) -> None:
    plan = msgspec.structs.replace(await here.catalogue.plan(_renamed()), installation="elsewhere")
    with pytest.raises(UnfitAct, match="elsewhere"):
        await here.catalogue.apply(here.signed(plan))


async def test_a_plan_made_on_an_older_catalogue_is_refused(here: Installation) -> None:
    stale = here.signed(await here.catalogue.plan(_without(small_catalogue(), Kind.SUBSCRIPTION)))
    await here.apply(_renamed())
    with pytest.raises(StalePlan):
        await here.catalogue.apply(stale)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(_renamed())


async def test_a_key_registered_meanwhile_does_not_make_a_plan_stale(here: Installation) -> None:
    plan = here.signed(await here.catalogue.plan(_renamed()))
    await here.signing_key("centre-a")
    await here.catalogue.apply(plan)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(_renamed())


async def test_of_two_plans_applied_at_once_one_wins(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    documents = [_renamed(), _without(small_catalogue(), Kind.SUBSCRIPTION)]
    plans = [here.signed(await here.catalogue.plan(document)) for document in documents]
    async with Catalogue(db, here.log) as other:
        outcomes = await asyncio.gather(here.catalogue.apply(plans[0]), other.apply(plans[1]), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StalePlan", "int"]
    winner = next(at for at, outcome in enumerate(outcomes) if isinstance(outcome, int))
    await here.catalogue.refresh(3)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(documents[winner])


async def test_a_plan_that_would_break_the_catalogue_is_refused_whole(here: Installation) -> None:
    broken = _without(small_catalogue(), Kind.AUTHORISATION)
    with pytest.raises(FaultyCatalogue, match="there is no authorisation TEST/1"):
        await here.apply(broken)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(small_catalogue())


async def test_what_was_believed_before_is_kept(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    await here.apply(_renamed(), "a better name")
    await here.apply(_without(_renamed(), Kind.SUBSCRIPTION))
    moments = await db.fetch("SELECT recorded_at FROM catalogue_version ORDER BY version")
    believed = [by_id(await here.catalogue.as_believed_at(moment)) for (moment,) in moments]
    once = [Document(), small_catalogue(), _renamed(), _without(_renamed(), Kind.SUBSCRIPTION)]
    assert believed == [by_id(document) for document in once]
    kept = await db.fetchrow("SELECT * FROM catalogue_entry_history WHERE kind = 'sector' AND key = '17'")
    assert (kept["recorded_version"], kept["replaced_by"], kept["reason"]) == (2, 3, "a better name")
    assert kept["actor"] == ["operator:alice#1", "operator:bob#1"]


async def test_every_version_has_its_act_and_its_entry_in_the_log(
    here: Installation, db: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    await here.signing_key("centre-a")
    await here.log.sign_checkpoint()
    versions = await db.fetch("SELECT * FROM catalogue_version ORDER BY version")
    assert [row["version"] for row in versions] == [1, 2, 3]
    for row in versions[1:]:
        proof = await here.log.prove_entry(row["log_stream"], row["log_index"])
        opened = {name: opening.value for name, opening in proof.opened.items()}
        assert (opened["version"], opened["act"]) == (row["version"], row["digest"])
        assert opened["signers"] == row["actors"]
        assert msgspec.json.decode(row["act"], type=SignedAct).digest == row["digest"]


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
        version = await here.apply(_renamed())
        while other.current.version < version:  # noqa: ASYNC110 - nothing tells of it: that is the point
            await asyncio.sleep(0.05)
        assert by_id(other.as_of(TODAY)) == by_id(_renamed())


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
        assert by_id(other.as_of(TODAY)) == by_id(_renamed())


async def _until_it_works(here: Installation) -> int:
    while True:
        try:
            return await here.apply(_renamed())
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
    plan = (await here.catalogue.plan(_without(small_catalogue(), Kind.SUBSCRIPTION))).signable()
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


async def test_an_old_endpoint_cannot_be_brought_back(here: Installation) -> None:
    key, now = await here.signing_key("centre-a"), datetime.now(UTC)
    first = _endpoint("http://127.0.0.1:8100", now - timedelta(seconds=2)).signed_by(key).signed_by(here.alice)
    second = _endpoint("http://127.0.0.1:8200", now - timedelta(seconds=1)).signed_by(key).signed_by(here.alice)
    await here.catalogue.register_endpoint(first)
    await here.catalogue.register_endpoint(second)
    with pytest.raises(StalePlan):
        await here.catalogue.register_endpoint(first)
    assert here.catalogue.current.endpoint("centre-a") == "http://127.0.0.1:8200"


async def test_the_hub_may_not_rewrite_what_was(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    await here.signing_key("centre-a")
    for statement in (
        "UPDATE catalogue_version SET act = '{}'",
        "DELETE FROM catalogue_version",
        "DELETE FROM catalogue_entry_history",
        "UPDATE institution_key SET registration = '{}'",
        "DELETE FROM key_revocation",
        "UPDATE operator_key SET jwk = '{}'",
        "UPDATE catalogue_entry SET body = '{}'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(statement)
