"""Items brought to an endpoint: judged, logged and leased as those that are pulled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chaos import until
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.mutations.bringing import ITEMS, Bringer
from crossroads.wire.mutations import ItemsTaken, MailboxPage, Parked
from mutating import PCSAS, SOURCE, Town, change, populate, town
from people import FUND, GHENT, LIEGE, LIVING_WAGE, OpenPool


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    return await populate(world, tmp_path)


def all_of(page: MailboxPage) -> ItemsTaken:
    return ItemsTaken(acknowledged=tuple(item.number for item in page.items))


class Endpoint:
    """The institutions, which are not ours: they take what is brought, while they do."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, MailboxPage]] = []
        self.failures = 0
        self.answers: Callable[[MailboxPage], ItemsTaken] = all_of
        self.down = asyncio.Event()

    async def bring(self, institution: str, body: bytes) -> bytes:
        if self.failures:
            self.failures -= 1
            raise Unavailable("It is down.")
        page = msgspec.json.decode(body, type=MailboxPage)
        self.pages.append((institution, page))
        return msgspec.json.encode(self.answers(page))

    @property
    def numbers(self) -> list[int]:
        return [item.number for _, page in self.pages for item in page.items]


def bringer(world: Town, endpoint: Endpoint) -> Bringer:
    return Bringer(world.mailboxes, world.catalogue, endpoint, longest_pause=timedelta(seconds=0.05))


async def filled(world: Town, number: str, count: int = 3) -> None:
    await world.inscribe(number, (GHENT, LIVING_WAGE))
    await world.told(*(change(number) for _ in range(count)))


async def test_what_is_brought_is_logged_and_acknowledged(world: Town, people: list[str]) -> None:
    await filled(world, people[0], ITEMS + 5)
    endpoint = Endpoint()
    one = bringer(world, endpoint)
    assert [await one.once(GHENT) for _ in range(3)] == [ITEMS, 5, 0]
    assert endpoint.numbers == list(range(1, ITEMS + 6))
    delivered = await world.logged("mutations:item:delivered")
    assert [entry["number"] for entry in delivered] == endpoint.numbers
    assert (await world.mailboxes.lags())[0].waiting == 0


async def test_what_may_no_longer_be_known_is_brought_void(world: Town, people: list[str]) -> None:
    await filled(world, people[0], 1)
    world.catalogue.withdraw(PCSAS)
    endpoint = Endpoint()
    assert await bringer(world, endpoint).once(GHENT) == 1
    ((_, page),) = endpoint.pages
    assert [(item.change, item.void and item.void.code) for item in page.items] == [(None, "MSG00015")]


async def test_what_is_not_taken_comes_again_and_what_is_parked_stays_aside(world: Town, people: list[str]) -> None:
    await filled(world, people[0])
    endpoint = Endpoint()
    poison = Parked(numbers=(2, 99), reason="the handler failed")
    endpoint.answers = lambda _: ItemsTaken(acknowledged=(1, 77), parked=(poison,))
    assert await bringer(world, endpoint).once(GHENT) == 2
    (lag,) = await world.mailboxes.lags()
    assert (lag.waiting, lag.parked) == (1, 1)
    assert (await world.pull(GHENT, parked=True)).leased_until is not None  # the third is leased still


async def test_an_institution_that_is_down_loses_nothing(world: Town, people: list[str]) -> None:
    await filled(world, people[0])
    endpoint = Endpoint()
    endpoint.failures = 1
    one = bringer(world, endpoint)
    with pytest.raises(Unavailable):
        await one.once(GHENT)
    assert await one.once(GHENT) == 0  # leased still
    await world.pool.execute("UPDATE mailbox_lease SET leased_until = clock_timestamp()")
    assert await one.once(GHENT) == 3
    assert endpoint.numbers == [1, 2, 3]


async def test_an_answer_that_says_nothing_acknowledges_nothing(world: Town, people: list[str]) -> None:
    await filled(world, people[0])

    class Garbled(Endpoint):
        async def bring(self, institution: str, body: bytes) -> bytes:
            await super().bring(institution, body)
            return b"<html>"

    with pytest.raises(Refused):
        await bringer(world, Garbled()).once(GHENT)
    assert (await world.mailboxes.lags())[0].waiting == 3


async def test_only_who_wants_it_is_brought_items_and_several_bringers_bring_each_once(
    world: Town, people: list[str]
) -> None:
    world.catalogue.change(GHENT, push_items=True)
    world.catalogue.change(FUND, push_items=True)
    await world.inscribe(people[1], (LIEGE, LIVING_WAGE))
    await filled(world, people[0], 30)
    await world.told(change(people[1]))
    endpoint = Endpoint()
    tasks = [asyncio.create_task(bringer(world, endpoint).run()) for _ in range(3)]

    async def empty() -> bool:
        return not (await world.mailboxes.lags())[0].waiting

    await until(empty)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {name for name, _ in endpoint.pages} == {GHENT}
    assert sorted(endpoint.numbers) == list(range(1, 31))
    assert SOURCE not in await world.recipients()
