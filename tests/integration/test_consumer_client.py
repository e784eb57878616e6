"""What a client believes of a hub that lies about changes and mailboxes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from crossroads.kernel.errors import Malformed, Refused, Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.client import Client, ClientConfig, ClientKeys, KeyFile, SyncClient
from crossroads.participant.consumer import Consumer
from crossroads.participant.inbox import Inbox
from crossroads.wire.mutations import Item, MailboxPage, Notification, NotificationOutcome, Pull
from fakehub import FakeAsker, FakeHub
from fakemailbox import SSIN, Doors, mutation

pytest_plugins = ["participant_fixtures"]

Lie = Callable[[tuple[Item, ...]], tuple[Item, ...]]


@pytest.fixture
def doors(hub: FakeHub) -> Doors:
    return Doors(hub)


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> ClientConfig:
    folder = tmp_path / "client"
    asker.sign.write(folder / "sign.pem")
    asker.seal.write(folder / "seal.pem")
    hub.write_trust(folder)
    keys = {use: KeyFile(id=f"{asker.name}#{use}-1", file=f"{use}.pem") for use in ("sign", "seal")}
    return ClientConfig(
        institution=asker.name, hub=hub.url, trust="trust.json", keys=ClientKeys(**keys), state="state", folder=folder
    )


@pytest.fixture
def client(config: ClientConfig) -> Iterator[SyncClient]:
    with SyncClient(config) as one:
        yield one


@pytest.mark.parametrize(
    "lie",
    [
        lambda items: items[::-1],
        lambda items: (items[0], items[0]),
        lambda items: (msgspec.structs.replace(items[0], slot=1),),
    ],
    ids=["out of order", "twice", "of another lane"],
)
def test_items_that_cannot_be_those_asked_for_are_not_believed(client: SyncClient, doors: Doors, lie: Lie) -> None:
    for _ in range(2):
        doors.mailbox.add(SSIN, slot=0)

    def page(pull: Pull) -> MailboxPage:
        true = doors.mailbox.pull(pull)
        return msgspec.structs.replace(true, items=lie(true.items))

    path = "/v1/mailbox/pull"
    doors.hub.doors[path] = doors._door(path, Pull, page)
    with pytest.raises(Tampered, match="another lane, or out of order"):
        client.pull(Pull(lanes=2, lane=0))


def test_an_item_that_cannot_be_read_is_parked_and_the_others_go_on(client: SyncClient, doors: Doors) -> None:
    for _ in range(3):
        doors.mailbox.add(SSIN)

    def page(pull: Pull) -> Any:
        true = msgspec.to_builtins(doors.mailbox.pull(pull))
        for item in true["items"]:
            if item["number"] == 2:
                item["change"]["wrongSince"] = "0001-01-01T00:00:00"
        return true

    path = "/v1/mailbox/pull"
    doors.hub.doors[path] = doors._door(path, Pull, page)
    handled: list[int] = []
    store = Inbox(create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}))
    consumer = Consumer(client, lambda item, _: handled.append(item.number), store)
    assert (consumer.once(), handled) == (3, [1, 3])
    assert doors.mailbox.aside == {2: "It has not the form that this version knows."}
    assert (consumer.once(parked=True), handled) == (1, [1, 3])


def lying(doors: Doors, **lies: Any) -> None:
    def outcome(sent: Notification) -> NotificationOutcome:
        items = tuple(doors.changes.notify(sent.mutations))
        return NotificationOutcome(**{"environment": Environment.TEST, "items": items} | lies)

    doors.hub.doors["/v1/mutations"] = doors._door("/v1/mutations", Notification, outcome)


def test_outcomes_of_other_changes_or_of_another_environment_are_not_believed(client: SyncClient, doors: Doors) -> None:
    lying(doors, items=())
    with pytest.raises(Tampered, match="other changes than were notified"):
        client.notify([mutation("r-1")])
    lying(doors, environment=Environment.PRODUCTION)
    with pytest.raises(Tampered, match="another environment"):
        client.notify([mutation("r-1")])
    assert doors.changes.taken.keys() == {"r-1"}


def test_an_answer_that_the_hub_did_not_sign_is_not_believed(client: SyncClient, doors: Doors) -> None:
    doors.mailbox.add(SSIN)
    path = "/v1/mailbox/pull"
    honest = doors.hub.doors[path]

    def altered(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        status, signed, content = honest(headers, body)
        return status, signed, content.replace(SSIN.encode(), b"80650112346")

    doors.hub.doors[path] = altered
    with pytest.raises(Tampered):
        client.pull()


async def test_there_is_nothing_to_fetch_for_a_void_item(config: ClientConfig, doors: Doors) -> None:
    doors.mailbox.add(SSIN, void=True)
    async with Client(config) as client:
        (item,) = (await client.pull()).items
        with pytest.raises(Refused, match="No authorisation covers it any more"):
            await client.fetch(item, agent="file-7")
    assert "/v1/exchanges" not in doors.hub.asked


def test_what_the_hub_would_refuse_as_malformed_is_refused_here(client: SyncClient, doors: Doors) -> None:
    with pytest.raises(Malformed):
        client.notify([])
    assert doors.hub.asked == []
