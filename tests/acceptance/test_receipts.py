"""The receipt of an answer, and of a refusal, through a real hub: it is about this answer, and tells nothing else."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossroads.kernel.errors import Tampered
from crossroads.network.service import Network
from crossroads.participant.client import Reply, SyncClient
from crossroads.wire.proofs import EntryProof
from database import Database
from networks import line, network
from raw import QUARTER, person

KNOWN, STRANGER, NOBODY = (person(number) for number in range(1, 7, 2))
WORK = "employment-relations@1"
SQL = "SELECT 'Straße' AS \"workerType\" FROM known WHERE ssin = :ssin AND 1 = 0"
MEMBERS: dict[str, dict[str, Any]] = {
    "pcsw-gent": {},
    "nsso": {"groups": {WORK: {"sql": SQL, "list": "relations"}}},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    inscriptions = [
        line(KNOWN, "pcsw-gent", "17:2", "2020-01-01"),
        *(line(ssin, "nsso", "12:30", "2020-01-01") for ssin in (KNOWN, STRANGER)),
    ]
    with network(
        tmp_path_factory.mktemp("receipts"),
        module_database,
        MEMBERS,
        persons=[KNOWN, STRANGER],
        inscriptions=inscriptions,
        start=False,
    ) as made:
        made.member("nsso").store({"known": (("ssin",), [(KNOWN,)])})
        made.start_hub()
        made.start_members(["nsso"])
        yield made


@pytest.fixture
def client(built: Network) -> Iterator[SyncClient]:
    with SyncClient(built.member("pcsw-gent").client(built.installation.settings.public_url)) as one:
        yield one


def ask(client: SyncClient, ssin: str) -> Reply:
    return client.ask(
        ssin=ssin,
        legal_context="PCSA:SOCIAL_INQUIRY",
        data_groups=[WORK],
        period=QUARTER,
        agent="Zoë",
        customer_ticket="dossier-é",
    )


def test_an_answer_is_proven(client: SyncClient) -> None:
    reply = ask(client, KNOWN)
    assert [source.institution for source in reply.answer.sources] == ["nsso"]
    proof = client.verify_receipt(reply)
    assert {name: opening.value for name, opening in proof.opened.items()} == {
        "event": "exchange:answer:sent",
        "ticket": str(reply.answer.ticket),
        "answerDigest": reply.digest,
    }


def test_another_answer_is_not(client: SyncClient) -> None:
    one, other = ask(client, KNOWN), ask(client, KNOWN)
    with pytest.raises(Tampered, match="another answer"):
        client.verify_receipt(one._replace(digest=other.digest))


def test_a_receipt_is_of_no_use_without_its_ticket(client: SyncClient, built: Network) -> None:
    """What stands in public proofs, a leaf and its place, opens nothing."""
    one, other = ask(client, KNOWN), ask(client, KNOWN)
    client.verify_receipt(one)
    assert one.answer.receipt is not None
    asked = {
        "stream": one.answer.receipt.stream,
        "index": one.answer.receipt.index,
        "leaf": b64encode(one.answer.receipt.leaf).decode(),
        "ticket": str(other.answer.ticket),
    }
    got = httpx.post(f"{built.installation.settings.public_url}/v1/log/inclusion", json=asked)
    assert got.status_code == 404
    assert "answerDigest" not in got.text


def test_a_refusal_is_proven_alike_whether_the_person_exists_or_not(client: SyncClient) -> None:
    stranger, nobody = proof_of_refusal(client, STRANGER), proof_of_refusal(client, NOBODY)
    assert stranger.commitments.keys() == nobody.commitments.keys()


def proof_of_refusal(client: SyncClient, ssin: str) -> EntryProof:
    reply = ask(client, ssin)
    assert reply.answer.status.detail == "CR-NOT-INSCRIBED"
    proof = client.verify_receipt(reply)
    assert proof.opened["event"].value == "exchange:question:refused"
    assert proof.opened.keys() == {"event", "ticket", "answerDigest"}
    return proof
