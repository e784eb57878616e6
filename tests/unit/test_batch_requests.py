"""A request about a page always has room at a source, and all of a page is asked about."""

import random
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from batching import Author
from crossroads.access.model import _MADE_BY_ACCESS, PermitSet, Permitted
from crossroads.batch.asking import Tree
from crossroads.batch.deciding import Asking
from crossroads.batch.model import Batch
from crossroads.kernel.period import Period
from crossroads.sources.pages import page_request
from crossroads.wire.batches import PAGE, Record
from crossroads.wire.bulk import MAXIMUM_BULK_REQUEST, BulkRequest, Scope
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import MAXIMUM_DATA_GROUPS
from crossroads.wire.pages import page_root
from people import ssin

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
AUTHOR = Author(SigningKey.generate("centre#sign-1"), SealingKey.generate("centre#seal-1"))
PEOPLE = [ssin(number) for number in range(50)]


def days(number: int) -> Period:
    return Period(date(2000, 1, 1) + timedelta(days=number), date(2100, 1, 1))


def tree(records: list[Record]) -> Tree:
    voucher = AUTHOR.voucher(b"x", records, period=None)
    facts = {"ticket": uuid4(), "accepted_at": NOW, "records": len(records), "deadline": voucher.deadline}
    plain: dict[str, Any] = dict.fromkeys(Batch._fields)
    asking = Asking(Batch(**plain | facts), voucher)
    empty = Tree(asking, 0, records, ())
    return Tree(asking, 0, records, (page_root(empty.leaves),))


def permits(persons: list[Permitted], scopes: tuple[Scope, ...]) -> PermitSet:
    return PermitSet(
        holder="payroll",
        audience="payroll",
        asker="centre",
        on_behalf_of=None,
        legal_context="PCSA:SOCIAL_INQUIRY",
        catalogue_version=7,
        scopes=scopes,
        persons=tuple(persons),
        made_by=_MADE_BY_ACCESS,
    )


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_page_of_which_each_record_needs_a_scope_of_its_own_is_asked_in_requests_that_have_room(share: float) -> None:
    records = [Record(ssin=PEOPLE[number % 50], period=days(number)) for number in range(PAGE)]
    groups = [f"a-group-of-data-whose-name-is-long-{number:02}@1" for number in range(MAXIMUM_DATA_GROUPS)]
    scopes = tuple(
        Scope(
            data_groups={group: days(number) for group in groups},
            authorisations=dict.fromkeys(groups, "Deliberation 26/001 of the committee"),
            rule="authorised-and-inscribed",
        )
        for number in range(PAGE)
    )
    chosen = sorted(random.Random(7).sample(range(PAGE), int(PAGE * share)))
    page = tree(records)
    left: PermitSet = permits([Permitted(at, at, records[at].ssin, None) for at in chosen], scopes)
    asked: list[int] = []
    while left.persons:
        some, following = page.first_of(left)
        request = _request(page, some)
        asked += [record.index for record in request.records]
        for record in request.records:
            assert request.permit.scopes[record.scope] == scopes[record.index]
        left = left.only(partial(_is_beyond, asked[-1]))
        assert following == (left.persons[0].at if left.persons else None)
    assert asked == chosen


def _is_beyond(last: int, person: Permitted) -> bool:
    return person.at > last


def _request(page: Tree, some: PermitSet) -> BulkRequest:
    """Give a request as its source reads it, once it was seen that it has room."""
    openings = dict.fromkeys(some.scopes[0].data_groups, "A" * 22)
    voucher = msgspec.structs.replace(page.asking.voucher, openings=openings)
    asking = Asking(page.asking.batch, voucher)
    errand = Tree(asking, page.page, page.records, page.roots).errand(some, (), "")
    body = page_request(errand, "payroll", NOW, timedelta(seconds=60))
    assert len(body) < MAXIMUM_BULK_REQUEST - 512 * 1024
    return msgspec.json.decode(body, type=BulkRequest)


def test_what_is_asked_of_most_pages_is_one_request() -> None:
    records = [Record(ssin=PEOPLE[number % 50]) for number in range(PAGE)]
    scope = Scope(data_groups={"wage@1": days(0)}, authorisations={"wage@1": "TEST/1"}, rule="rule")
    all_of_it = permits([Permitted(at, 0, records[at].ssin, None) for at in range(PAGE)], (scope,))
    assert tree(records).first_of(all_of_it) == (all_of_it, None)
