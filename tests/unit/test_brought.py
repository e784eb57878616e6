"""What a participant does with items that the hub brings."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from crossroads.kernel.errors import Malformed
from crossroads.kernel.ssin import Environment
from crossroads.participant.brought import Brought, brought
from crossroads.participant.config import Config, ItemsHandler, Listen, OwnKeys
from crossroads.participant.inbox import Inbox
from crossroads.participant.settings import KeyFile
from crossroads.participant.yamlfile import WrongSetting
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import Item, MailboxPage, Notice, NoticeKind, Void

LEASE = UUID(int=7)


def item(number: int, previous: int, *, void: bool = False) -> Item:
    told = Notice(kind=NoticeKind.MERGED, ssin=AnsweredSsin(value="40610100172"), happened_on=date(2026, 1, 1))
    return Item(
        number=number,
        previous=previous,
        slot=3,
        ticket=UUID(int=number),
        added_at=datetime(2026, 1, 1, tzinfo=UTC),
        notice=None if void else told,
        void=Void(code="CR-NOT-INSCRIBED", reason="gone") if void else None,
    )


def page(*items: Item, lease: UUID | None = LEASE) -> MailboxPage:
    return MailboxPage(environment=Environment.TEST, items=items, lease=lease)


def as_it_is(page: MailboxPage) -> MailboxPage:
    return page


def test_each_item_is_handled_once_and_all_are_acknowledged(tmp_path: Path) -> None:
    handled: list[int] = []

    def handle(one: Item, _: Connection) -> None:
        handled.append(one.number)

    desk = Brought(handle, Inbox.file(tmp_path / "inbox.sqlite"), as_it_is)
    for _ in range(2):
        taken = desk.deal(page(item(1, 0), item(2, 1, void=True), item(3, 2)))
        assert (taken.acknowledged, taken.parked) == ((1, 2, 3), ())
    assert handled == [1, 3]


def test_an_item_that_fails_is_parked_with_the_kind_of_failure_alone(tmp_path: Path) -> None:
    def handle(one: Item, _: Connection) -> None:
        if one.number == 1:
            raise ValueError(one.notice.ssin.value if one.notice else "")

    taken = Brought(handle, Inbox.file(tmp_path / "inbox.sqlite"), as_it_is).deal(page(item(1, 0), item(2, 1)))
    assert taken.acknowledged == (2,)
    ((numbers, reason),) = [(one.numbers, one.reason) for one in taken.parked]
    assert (numbers, "ValueError" in reason, "40610100172" in reason) == ((1,), True, False)


def test_a_page_without_lease_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        Brought(lambda *_: None, Inbox.file(tmp_path / "inbox.sqlite"), as_it_is).deal(page(item(1, 0), lease=None))


@pytest.mark.parametrize("handler", ["no_such_module:handle", "json:no_such_function"])
def test_a_handler_that_is_not_there_is_said_at_the_start(tmp_path: Path, handler: str) -> None:
    config = Config(
        institution="some-office",
        listen=Listen(port=1),
        url="http://127.0.0.1:1",
        state="state",
        keys=OwnKeys(sign=KeyFile(id="some-office#sign-1", file="key.pem")),
        trust="trust.json",
        hub="http://127.0.0.1:2",
        items=ItemsHandler(handler=handler),
        folder=tmp_path,
    )
    with pytest.raises(WrongSetting, match="cannot be imported"):
        brought(config)
