"""What the hub checks of a block that is not sealed: the key of its source must be in force while the answer is due."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crossroads.catalogue.keys import LogPlace, RegisteredKey, registered
from crossroads.catalogue.snapshot import Snapshot
from crossroads.exchange.envelopes import sift
from crossroads.exchange.ports import Errand
from crossroads.kernel.ssin import Environment
from crossroads.wire.blocks import Claims, open_block
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Block
from crossroads.wire.registrations import KeyUse, act
from crossroads.wire.statements import Statement
from founding import registration
from ruling import GRANTED, HELD, INSCRIBED, NOW, QUARTER, SSIN, TODAY, ask, changed, facts, snapshot

GROUP, SOURCE = "wage@1", "payroll"
KEY, OTHERS = SigningKey.generate(f"{SOURCE}#sign-1"), SigningKey.generate("stranger#sign-1")
UNSEALED = changed(snapshot(GRANTED), GROUP, unsealed_because="a test")
TICKET = UUID("01957f2e-0000-7000-8000-000000000001")
DEADLINE = NOW + timedelta(seconds=4)
STATEMENT = Statement(
    asker="centre",
    agent="a",
    legal_context="PCSA:SOCIAL_INQUIRY",
    ssin=SSIN,
    data_groups=(),
    period=QUARTER,
    encryption_key="k" * 43,
    nonce="0123456789abcdef",
    issued_at=NOW,
    expires_at=DEADLINE,
    installation="crossroads.test",
    environment=Environment.TEST,
)


def key(own: SigningKey, revoked_at: datetime | None = None, **dated: Any) -> RegisteredKey:
    known = registered(act("register-key", registration(own, KeyUse.SIGN, **dated)), LogPlace(0, 0))
    return known._replace(revoked_at=revoked_at)


def block(own: SigningKey) -> Block:
    claims = Claims(
        ticket=TICKET,
        nonce=STATEMENT.nonce,
        data_group=GROUP,
        source=SOURCE,
        period=QUARTER,
        subject=STATEMENT.subject(SSIN),
        media_type="application/json",
    )
    return open_block(b'{"eurocents":1}', claims, own)


def reasons(given: Block, *known: RegisteredKey) -> list[str]:
    """Give why a block is dropped; nothing where it is kept."""
    catalogue = Snapshot(UNSEALED._facts._replace(keys=known))
    (permit,) = ask(catalogue, facts(INSCRIBED, HELD)).permits
    errand = Errand(
        ticket=TICKET,
        permit=permit,
        statement="",
        openings={},
        asker_keys=(),
        encryption_key=STATEMENT.encryption_key,
        received_on=TODAY,
        deadline=DEADLINE,
        checkpoint="",
    )
    kept, dropped = sift((given,), errand, STATEMENT, catalogue)
    assert len(kept) + len(dropped) == 1
    return [one.reason for one in dropped]


@pytest.mark.parametrize(
    "dated", [{}, {"valid_until": DEADLINE + timedelta(seconds=1)}, {"valid_from": DEADLINE - timedelta(seconds=1)}]
)
def test_an_open_block_of_a_key_in_force_goes_on(dated: dict[str, Any]) -> None:
    assert reasons(block(KEY), key(KEY, **dated)) == []


@pytest.mark.parametrize(
    "dated",
    [
        {"revoked_at": NOW - timedelta(days=1)},
        {"revoked_at": DEADLINE + timedelta(days=1)},
        {"valid_until": DEADLINE},
        {"valid_from": DEADLINE + timedelta(seconds=1)},
    ],
    ids=["revoked", "to be revoked", "over", "not yet"],
)
def test_an_open_block_of_a_key_that_is_not_in_force_is_dropped(dated: dict[str, Any]) -> None:
    assert reasons(block(KEY), key(KEY, **dated)) == ["signed with a key that is not registered, or not in force"]


def test_an_open_block_of_a_key_that_is_not_registered_or_of_another_is_dropped() -> None:
    assert reasons(block(KEY), key(OTHERS)) == ["signed with a key that is not registered, or not in force"]
    assert reasons(block(OTHERS), key(OTHERS)) == ["The block is not signed with a key of its source."]


def test_an_open_block_with_another_content_than_was_signed_is_dropped() -> None:
    forged = SigningKey(KEY.key_id, SigningKey.generate("x#y")._private)
    assert len(reasons(block(forged), key(KEY))) == 1
