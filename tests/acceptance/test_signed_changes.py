"""Content of a change the whole way: signed by its source, carried by the hub, and believed only as it was signed."""

import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import create_engine

from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.participant.config import outbox_url, read_config
from crossroads.participant.outbox import write
from crossroads.wire.contents import claims_of, sign_content
from crossroads.wire.keys import SigningKey
from crossroads.wire.mutations import Change, Mutation, MutationKind, NotificationOutcome
from database import Database
from networks import belgium, line, network
from raw import Asker, person, send

SOURCE, FUND, GROUP = "neo", "family-benefits", "career-break@1"
KNOWN = person(1)
DAY = date(2026, 2, 1)
CONTENT: dict[str, Any] = {"breaks": [{"kind": "full", "startDate": "2026-02-01"}]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    document = belgium()
    groups = tuple(
        msgspec.structs.replace(one, unsealed_because="illustrative: in a test") if one.id == GROUP else one
        for one in document.data_groups
    )
    inscriptions = [line(KNOWN, at, where, "2020-01-01") for at, where in ((SOURCE, "18:2"), (FUND, "7:101"))]
    with network(
        tmp_path_factory.mktemp("signed"),
        module_database,
        {SOURCE: {"outbox": True}, FUND: {}},
        document=msgspec.structs.replace(document, data_groups=groups),
        persons=[KNOWN],
        inscriptions=inscriptions,
    ) as made:
        yield made


def client(built: Network, institution: str) -> SyncClient:
    return SyncClient(built.member(institution).client(built.installation.settings.public_url))


def changed(reference: str, **other: Any) -> Mutation:
    given: dict[str, Any] = {"content": CONTENT, "kind": MutationKind.CHANGED} | other
    return Mutation(
        reference=reference, ssin=KNOWN, data_group=GROUP, context="18:2", period=Period(DAY), happened_on=DAY, **given
    )


def taken(built: Network) -> Change:
    """Give the next change in the mailbox of the fund, and acknowledge it."""
    with client(built, FUND) as fund:
        while not (page := fund.pull()).items:
            time.sleep(0.2)
        assert page.lease is not None
        (item,) = page.items
        fund.acknowledge(page.lease, up_to=item.number)
    assert item.change is not None
    return item.change


def test_content_comes_as_its_source_signed_it_and_sent_again_it_is_the_same_change(built: Network) -> None:
    with client(built, SOURCE) as source:
        (first,) = source.notify([changed("c-1")])
        (again,) = source.notify([changed("c-1")])
    assert first.taken
    assert (again.status, again.ticket) == (202, first.ticket)
    assert taken(built).content == CONTENT


def test_the_notifier_signs_what_waits_in_the_outbox(built: Network) -> None:
    engine = create_engine(outbox_url(read_config(built.member(SOURCE).settings)))
    with engine.begin() as connection:
        write(connection, changed("c-2"))
    engine.dispose()
    assert taken(built).content == CONTENT


async def test_what_the_hub_makes_of_it_is_left_out(built: Network, module_database: Database) -> None:
    with client(built, SOURCE) as source:
        source.notify([changed("c-3")])
    connection = await asyncpg.connect(module_database.url("crossroads_owner"))
    try:
        sql = "UPDATE mutation SET content = replace(content, 'full', 'partial') WHERE content IS NOT NULL"
        await connection.execute(sql)
    finally:
        await connection.close()
    change = taken(built)
    assert (change.content, change.sealed) == (None, False)


def notified(built: Network, one: Mutation) -> tuple[int, str | None]:
    """Notify by hand, and give status and reason."""
    content = {"mutations": [msgspec.to_builtins(one)]}
    reply = send(Asker(built, SOURCE).signed_post("/v1/mutations", content))
    (outcome,) = msgspec.json.decode(reply.body, type=NotificationOutcome).items
    return outcome.status, outcome.reason


def test_content_without_signature_is_taken_and_left_out_by_who_gets_it(built: Network) -> None:
    assert notified(built, changed("c-4"))[0] == 202
    assert taken(built).content is None


def test_content_that_another_signed_or_that_was_signed_for_another_change_is_refused(built: Network) -> None:
    own, fund = built.member(SOURCE).signing_key(), built.member(FUND).signing_key()
    one = changed("c-5")
    claims = claims_of(one, KNOWN, SOURCE)
    wrong = {
        "another institution": sign_content(CONTENT, claims, fund),
        "a key that nobody registered": sign_content(CONTENT, claims, SigningKey.generate(f"{SOURCE}#sign-9")),
        "another person": sign_content(CONTENT, claims._replace(ssin=person(3)), own),
        "other content": sign_content({"breaks": []}, claims, own),
        "none": "a.b.c",
    }
    for signature in wrong.values():
        status, reason = notified(built, msgspec.structs.replace(one, signature=signature))
        assert status == 400
        assert "signature of the content" in (reason or "")
        assert KNOWN not in (reason or "")
    reply = send(
        Asker(built, SOURCE).signed_post(
            "/v1/mutations", {"mutations": [msgspec.to_builtins(changed("c-6", content=None)) | {"signature": "a.b.c"}]}
        )
    )
    assert reply.status == 400
