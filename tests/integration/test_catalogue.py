"""The catalogue in a real database: founding, plans that are applied, and what was believed before."""

import asyncio
from datetime import date

import asyncpg
import msgspec
import pytest

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.catalogue.errors import (
    AlreadyFounded,
    FaultyCatalogue,
    NotFounded,
    NotSigned,
    StalePlan,
    UnfitAct,
)
from crossroads.catalogue.kinds import Kind, by_id
from crossroads.catalogue.model import Document, Mode
from crossroads.catalogue.service import Catalogue
from crossroads.kernel.errors import Tampered
from crossroads.wire.keys import SigningKey
from crossroads.wire.notes import NoteSigner, NoteVerifier
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.registrations import SignedAct
from founding import (
    Installation,
    genesis,
    operators,
    renamed,
    small_catalogue,
    without,
)

pytest_plugins = ["catalogue_fixtures"]

TODAY = date(2026, 6, 1)


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
    names = (await here.catalogue.plan(renamed())).signable()
    with pytest.raises(NotSigned):
        await here.catalogue.apply(names)
    await here.catalogue.apply(names.signed_by(here.alice))

    bare = without(without(renamed(), Kind.SUBSCRIPTION), Kind.AUTHORISATION)
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
    plan = (await here.catalogue.plan(renamed())).signable()
    with pytest.raises(Tampered):
        await here.catalogue.apply(plan.signed_by(SigningKey.generate("operator:alice#1")))


async def test_a_signature_over_another_plan_does_not_count(here: Installation) -> None:
    one = (await here.catalogue.plan(renamed())).signable().signed_by(here.alice)
    other = (await here.catalogue.plan(renamed(), "another reason")).signable()
    with pytest.raises(Tampered):
        await here.catalogue.apply(msgspec.structs.replace(other, signatures=one.signatures))


async def test_a_plan_for_another_installation_is_refused(here: Installation) -> None:
    plan = msgspec.structs.replace(await here.catalogue.plan(renamed()), installation="elsewhere")
    with pytest.raises(UnfitAct, match="elsewhere"):
        await here.catalogue.apply(here.signed(plan))


async def test_a_plan_made_on_an_older_catalogue_is_refused(here: Installation) -> None:
    stale = here.signed(await here.catalogue.plan(without(small_catalogue(), Kind.SUBSCRIPTION)))
    await here.apply(renamed())
    with pytest.raises(StalePlan):
        await here.catalogue.apply(stale)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(renamed())


async def test_a_key_registered_meanwhile_does_not_make_a_plan_stale(here: Installation) -> None:
    plan = here.signed(await here.catalogue.plan(renamed()))
    await here.signing_key("centre-a")
    await here.catalogue.apply(plan)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(renamed())


async def test_of_two_plans_applied_at_once_one_wins(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    documents = [renamed(), without(small_catalogue(), Kind.SUBSCRIPTION)]
    plans = [here.signed(await here.catalogue.plan(document)) for document in documents]
    async with Catalogue(db, here.log) as other:
        outcomes = await asyncio.gather(here.catalogue.apply(plans[0]), other.apply(plans[1]), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StalePlan", "int"]
    winner = next(at for at, outcome in enumerate(outcomes) if isinstance(outcome, int))
    await here.catalogue.refresh(3)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(documents[winner])


async def test_a_plan_that_would_break_the_catalogue_is_refused_whole(here: Installation) -> None:
    broken = without(small_catalogue(), Kind.AUTHORISATION)
    with pytest.raises(FaultyCatalogue, match="there is no authorisation TEST/1"):
        await here.apply(broken)
    assert by_id(here.catalogue.as_of(TODAY)) == by_id(small_catalogue())


async def test_what_was_believed_before_is_kept(here: Installation, db: "asyncpg.Pool[asyncpg.Record]") -> None:
    await here.apply(renamed(), "a better name")
    await here.apply(without(renamed(), Kind.SUBSCRIPTION))
    moments = await db.fetch("SELECT recorded_at FROM catalogue_version ORDER BY version")
    believed = [by_id(await here.catalogue.as_believed_at(moment)) for (moment,) in moments]
    once = [Document(), small_catalogue(), renamed(), without(renamed(), Kind.SUBSCRIPTION)]
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
