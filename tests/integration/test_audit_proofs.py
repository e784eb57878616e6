"""Proofs from a real log, checked by outsiders who have its public key and nothing else."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.di import Provide

from audit_log import LONG_AGO, SIGNER, Clock, OpenPool, entry, open_log, until
from crossroads.audit.errors import EntryExpired, NotInLog, NotYetSigned
from crossroads.audit.events import Event
from crossroads.audit.http import ROUTES
from crossroads.audit.model import Expirable, Receipt
from crossroads.audit.retention import Retention
from crossroads.audit.service import Log, Rhythm
from crossroads.audit.turns import Turns
from crossroads.kernel.errors import InvalidValue, Tampered, Unavailable
from crossroads.kernel.guards import Guard
from crossroads.wire.merkle import EMPTY_ROOT
from crossroads.wire.notes import Checkpoint, sign_checkpoint, verify_checkpoint
from crossroads.wire.proofs import (
    ConsistencyProof,
    EntryProof,
    Extensions,
    LeafProof,
    verify_entry_proof,
    verify_extension,
    verify_leaf_proof,
)
from plain import NO_TLS

KEYS = [SIGNER.verifier]
ASLEEP = Rhythm(pulse=timedelta(hours=1))
pytestmark = pytest.mark.timeout(60)
_KEEP = """
CREATE TABLE kept_stream AS TABLE log_stream; CREATE TABLE kept_entry AS TABLE log_entry;
CREATE TABLE kept_subtree AS TABLE log_subtree; CREATE TABLE kept_top AS TABLE log_top;
CREATE TABLE kept_checkpoint AS TABLE log_checkpoint
"""
_PUT_BACK = """
BEGIN;
DELETE FROM log_stream; DELETE FROM log_entry; DELETE FROM log_subtree; DELETE FROM log_top; DELETE FROM log_checkpoint;
INSERT INTO log_stream TABLE kept_stream; INSERT INTO log_entry TABLE kept_entry;
INSERT INTO log_subtree TABLE kept_subtree; INSERT INTO log_top TABLE kept_top;
INSERT INTO log_checkpoint TABLE kept_checkpoint;
COMMIT
"""


async def test_a_ticket_is_proven_with_one_field_opened(pool: OpenPool) -> None:
    ticket = uuid4()
    async with open_log(pool) as log:
        await log.append(entry(Event.QUESTION_DECIDED, ticket, agent="clerk-7", legalContext="PCSA:SOCIAL_INQUIRY"))
        await log.append(entry(Event.ANSWER_SENT, ticket, status="DATA_FOUND"))
        await log.sign_checkpoint()
        proofs = await log.prove(ticket, ["event", "legalContext"])
    sent = [msgspec.json.decode(msgspec.json.encode(proof), type=type(proof)) for proof in proofs]
    assert [verify_entry_proof(proof, KEYS) for proof in sent] == [
        {"event": "exchange:question:decided", "legalContext": "PCSA:SOCIAL_INQUIRY"},
        {"event": "exchange:answer:sent"},
    ]
    assert b"clerk-7" not in msgspec.json.encode(proofs)


async def test_all_fields_open_when_none_is_named(pool: OpenPool) -> None:
    ticket = uuid4()
    async with open_log(pool) as log:
        await log.append(entry(ticket=ticket, period={"startDate": "2026-01-01"}))
        await log.sign_checkpoint()
        (proof,) = await log.prove(ticket)
    fields = verify_entry_proof(proof, KEYS)
    assert fields.keys() == {"event", "ticket", "person", "asker", "at", "period"}
    assert (fields["ticket"], fields["person"], fields["period"]) == (str(ticket), 7, {"startDate": "2026-01-01"})


async def test_in_a_long_log_every_receipt_is_proven_and_every_checkpoint_extends_those_before(pool: OpenPool) -> None:
    async with open_log(pool) as one, open_log(pool) as two:
        receipts, notes = [], [one.checkpoint]
        for count in (1, 255, 1, 500, 600):
            receipts += await asyncio.gather(*(log.append(entry(n=n)) for n in range(count) for log in (one, two)))
            notes.append(await one.sign_checkpoint())
            notes.append(await two.sign_checkpoint())
        for receipt in receipts[::61]:
            verify_leaf_proof(receipt.leaf, await leaf_proof(two, receipt), KEYS)
        checkpoints = [verify_checkpoint(note, KEYS) for note in notes]
        for older, newer in pairwise(checkpoints):
            verify_extension(await one.consistency(older.size, newer.size), older, newer)
        ends = checkpoints[1], checkpoints[-1]
        verify_extension(await one.consistency(*(end.size for end in ends)), *ends)


async def test_the_top_tree_too_is_proven_from_stored_subtrees(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        notes = []
        for number in range(300):
            receipt = await log.append(entry(n=number))
            notes.append(await log.sign_checkpoint())
        verify_leaf_proof(receipt.leaf, await leaf_proof(log, receipt), KEYS)
        newest = verify_checkpoint(log.checkpoint, KEYS)
        for note in notes[::50]:
            older = verify_checkpoint(note, KEYS)
            verify_extension(await log.consistency(older.size, newest.size), older, newest)


async def test_every_hub_serves_the_newest_checkpoint(pool: OpenPool) -> None:
    async with open_log(pool) as one, open_log(pool) as two:
        assert verify_checkpoint(two.checkpoint, KEYS) == Checkpoint(SIGNER.name, 0, EMPTY_ROOT)
        receipt = await two.append(entry())
        await proven(one, receipt)
        await until(partial(_same_checkpoint, one, two))


async def leaf_proof(log: Log, receipt: Receipt) -> LeafProof:
    return (await log.prove_entry(receipt.stream, receipt.index, ())).inclusion


async def proven(log: Log, receipt: Receipt) -> LeafProof:
    """Give the proof of a receipt once a checkpoint covers it."""
    while True:
        try:
            return await leaf_proof(log, receipt)
        except NotYetSigned:
            await asyncio.sleep(0.02)


async def _same_checkpoint(one: Log, two: Log) -> bool:
    return one.checkpoint == two.checkpoint


async def test_a_quiet_log_gets_no_new_checkpoint(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        await log.append(entry())
        first = await log.sign_checkpoint()
        assert await log.sign_checkpoint() == first


async def test_another_hub_signs_when_the_one_that_did_is_gone(pool: OpenPool) -> None:
    async with open_log(pool) as one:
        async with open_log(pool) as two:
            await two.append(entry())
            await two.sign_checkpoint()
        receipt = await one.append(entry())
        verify_leaf_proof(receipt.leaf, await proven(one, receipt), KEYS)


async def test_a_hub_that_keeps_two_logs_is_caught(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        await log.append(entry(n=1))
        seen = verify_checkpoint(await log.sign_checkpoint(), KEYS)
        await log.append(entry(n=2))
        newest = verify_checkpoint(await log.sign_checkpoint(), KEYS)
        proof = await log.consistency(seen.size, newest.size)
    other = verify_checkpoint(sign_checkpoint(Checkpoint(SIGNER.name, seen.size, bytes(32)), SIGNER), KEYS)
    verify_extension(proof, seen, newest)
    with pytest.raises(Tampered):
        verify_extension(proof, other, newest)


async def test_what_is_not_there_is_not_proven(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        with pytest.raises(NotInLog, match="ticket"):
            await log.prove(uuid4())
        with pytest.raises(NotInLog, match="no entry 0"):
            await log.prove_entry(0, 0)
        ticket = uuid4()
        receipt = await log.append(entry(ticket=ticket))
        with pytest.raises(NotYetSigned):
            await log.prove_entry(receipt.stream, receipt.index)
        with pytest.raises(NotInLog, match="another leaf"):
            await log.prove_receipt(msgspec.structs.replace(receipt, leaf=bytes(32)), ticket)
        with pytest.raises(NotInLog, match="another ticket"):
            await log.prove_receipt(receipt, uuid4())
        with pytest.raises(NotInLog, match="size 9"):
            await log.consistency(0, 9)
        await log.sign_checkpoint()
        with pytest.raises(NotInLog, match="does not extend"):
            await log.consistency(1, 0)


async def test_who_asked_about_a_person_is_told_page_by_page(pool: OpenPool) -> None:
    now = datetime.now(UTC)
    period = now - timedelta(days=1), now + timedelta(days=1)
    async with open_log(pool) as log:
        await log.append_many(entry(n=n, person=person) for n in range(5) for person in (7, 8, 9))
        pages = [await log.usage([7, 9], *period, limit=4)]
        while pages[-1].next:
            pages.append(await log.usage([7, 9], *period, after=pages[-1].next, limit=4))
        lines = [line for page in pages for line in page.lines]
        assert [len(page.lines) for page in pages] == [4, 4, 2]
        assert [(line.person, line.fields["n"]) for line in lines] == [(p, n) for n in range(5) for p in (7, 9)]
        assert {line.asker for line in lines} == {"pcsa-ghent"}
        assert (await log.usage([7], now - timedelta(days=2), now - timedelta(days=1))).lines == ()
        with pytest.raises(InvalidValue):
            await log.usage([7], *period, after="nowhere")


def client_of(log: Log) -> httpx.AsyncClient:
    """Call the routes as the API serves them."""
    given = {
        "log": Provide(lambda: log, sync_to_thread=False),
        "levels": Provide(lambda: None, sync_to_thread=False),
    }
    app = Litestar(ROUTES, dependencies=given)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # both are ASGI, each with types of its own
    return httpx.AsyncClient(transport=transport, base_url="http://hub", verify=NO_TLS)


async def test_proofs_are_served_over_http(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        older = verify_checkpoint(log.checkpoint, KEYS)
        ticket = uuid4()
        receipt = await log.append(entry(Event.ANSWER_SENT, ticket, answerDigest="0" * 64, status="DATA_FOUND"))
        await log.sign_checkpoint()
        async with client_of(log) as client:
            note = await client.get("/v1/log/checkpoint")
            inclusion = await client.post("/v1/log/inclusion", json=query_of(receipt, ticket))
            newest = verify_checkpoint(note.text, KEYS)
            sizes = {"first": older.size, "second": newest.size}
            consistency = await client.post("/v1/log/consistency", json=sizes)
            unknown = await client.post("/v1/log/consistency", json={**sizes, "third": 3})
    assert note.headers["content-type"].startswith("text/plain")
    proof = msgspec.json.decode(inclusion.content, type=EntryProof)
    shown = verify_entry_proof(proof, KEYS)
    assert shown == {"event": "exchange:answer:sent", "ticket": str(ticket), "answerDigest": "0" * 64}
    assert verify_leaf_proof(receipt.leaf, proof.inclusion, KEYS) == newest
    verify_extension(msgspec.json.decode(consistency.content, type=ConsistencyProof), older, newest)
    assert unknown.status_code == 400
    assert b"streamPath" in inclusion.content


def query_of(receipt: Receipt, ticket: UUID) -> dict[str, Any]:
    leaf = b64encode(receipt.leaf).decode()
    return {"stream": receipt.stream, "index": receipt.index, "leaf": leaf, "ticket": str(ticket)}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("inclusion", {"stream": -1}),
        ("inclusion", {"stream": 2**15}),
        ("inclusion", {"index": -1}),
        ("inclusion", {"index": 2**53 + 1}),
        ("inclusion", {"ticket": "1"}),
        ("consistency", {"first": -1}),
        ("consistency", {"first": 2**64}),
        ("consistency", {"second": 2**53 + 1}),
        ("extensions", {"sizes": [0]}),
        ("extensions", {"sizes": [0, 2**53 + 1]}),
        ("extensions", {"sizes": [0] * 66}),
    ],
)
async def test_a_number_out_of_bounds_is_refused(pool: OpenPool, path: str, change: dict[str, Any]) -> None:
    queries = {
        "inclusion": query_of(Receipt(0, 0, bytes(32)), uuid4()),
        "consistency": {"first": 0, "second": 0},
        "extensions": {},
    }
    async with open_log(pool, rhythm=ASLEEP) as log, client_of(log) as client:
        got = await client.post(f"/v1/log/{path}", json=queries[path] | change)
    assert got.status_code == 400


async def test_a_chain_of_checkpoints_is_proven_in_one_call_again_and_again(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log, client_of(log) as client:
        seen = [verify_checkpoint(log.checkpoint, KEYS)]
        for number in range(4):
            await log.append_many(entry(n=n) for n in range(number * 200 + 1))
            await log.sign_checkpoint()
            seen.append(verify_checkpoint(log.checkpoint, KEYS))
        sizes = [one.size for one in seen]
        for wanted in (seen, seen, seen[::2], seen[:2]):
            got = await client.post("/v1/log/extensions", json={"sizes": [one.size for one in wanted]})
            found = msgspec.json.decode(got.content, type=Extensions)
            for (older, newer), proof in zip(pairwise(wanted), found.proofs, strict=True):
                verify_extension(proof, older, newer)
        with pytest.raises(NotInLog):
            await log.extensions(sizes[::-1])
        with pytest.raises(NotInLog):
            await log.extensions([*sizes, sizes[-1] + 1])


async def test_a_log_that_was_put_back_and_grew_again_is_proven_as_it_is_now(pool: OpenPool) -> None:
    owner = await pool("crossroads_owner")
    async with open_log(pool, rhythm=ASLEEP) as log:
        await log.append(entry())
        older = verify_checkpoint(await log.sign_checkpoint(), KEYS)
        await owner.execute(_KEEP)
        await log.append(entry())
        lost = verify_checkpoint(await log.sign_checkpoint(), KEYS)
        (proof,) = await log.extensions([older.size, lost.size])
        verify_extension(proof, older, lost)
        await owner.execute(_PUT_BACK)
        await log.append(entry())
        newer = older
        while newer in (older, lost):
            newer = verify_checkpoint(await log.sign_checkpoint(), KEYS)
        assert (newer.size, newer.root != lost.root) == (lost.size, True)
        (proof,) = await log.extensions([older.size, newer.size])
        verify_extension(proof, older, newer)


async def test_the_largest_numbers_are_looked_for_and_not_found(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        with pytest.raises(NotInLog):
            await log.prove_receipt(Receipt(2**15 - 1, 2**53, bytes(32)), uuid4())
        with pytest.raises(NotInLog):
            await log.consistency(2**53, 2**53)


async def test_a_receipt_of_what_expired_is_told_so(pool: OpenPool) -> None:
    ticket = uuid4()
    async with open_log(pool, rhythm=ASLEEP, clock=Clock(LONG_AGO)) as log:
        receipt = await log.append(entry(ticket=ticket))
        await log.sign_checkpoint()
        retention = Retention(await pool("crossroads_hub"), log, SIGNER)
        await retention.expire(Expirable("directory", receipt.stream, receipt.index, receipt.index, 1))
        with pytest.raises(EntryExpired):
            await log.prove_receipt(receipt, ticket)


async def test_the_names_of_the_fields_do_not_tell_whether_there_is_a_person(pool: OpenPool) -> None:
    async with open_log(pool, rhythm=ASLEEP) as log:
        receipts = [await log.append(entry(person=person)) for person in (7, None)]
        await log.sign_checkpoint()
        proofs = [await log.prove_entry(receipt.stream, receipt.index, ()) for receipt in receipts]
    assert proofs[0].commitments.keys() == proofs[1].commitments.keys()


async def test_outsiders_wait_their_turn_and_too_many_are_told_to_come_back() -> None:
    turns, go, inside = Turns(at_once=2, waiting=3), asyncio.Event(), 0

    async def one() -> None:
        nonlocal inside
        async with turns.turn():
            inside += 1
            await go.wait()

    tasks = [asyncio.create_task(one()) for _ in range(6)]
    refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    assert inside == 2
    go.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [Unavailable]
    assert len(refused) == 1
    assert inside == 5
    await one()


def test_every_route_of_the_log_is_public() -> None:
    assert {route.opt["guard"] for route in ROUTES} == {Guard.PUBLIC}
