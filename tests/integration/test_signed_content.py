"""Content that comes in the clear reaches an institution's program only as its source signed it."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.mutations.model import CONTENT_LIFE
from crossroads.participant.client import ClientConfig, SyncClient
from crossroads.participant.contents import Contents
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.trust import read_trust
from crossroads.wire.contents import ContentClaims, claims_of, sign_content, verify_content
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import Change, Pull
from fakehub import FakeAsker, FakeHub
from fakemailbox import SSIN, Doors, mutation
from mutating import CIVIL, change, populate, town
from people import OpenPool

pytest_plugins = ["participant_fixtures", "client_fixtures"]

SOURCE = "pps-si"
CONTENT = {"amount": 1200}
FORMER = "80650112444"


@pytest.fixture
def key(hub: FakeHub) -> SigningKey:
    key = SigningKey.generate(f"{SOURCE}#sign-1")
    hub.keep(key)
    return key


@pytest.fixture
def doors(hub: FakeHub) -> Doors:
    return Doors(hub)


def told(doors: Doors, key: SigningKey | None, **other: Any) -> None:
    """Put a change with content into the mailbox, signed with a key; then altered."""
    item = doors.mailbox.add(SSIN)
    assert item.change is not None
    change = msgspec.structs.replace(item.change, sealed=False, content=CONTENT)
    if key is not None:
        notified = (other.get("ssin") or change.ssin).replaces or SSIN
        change = msgspec.structs.replace(
            change, signature=sign_content(CONTENT, claims_of(change, notified, change.source), key)
        )
    doors.mailbox.items[-1] = msgspec.structs.replace(item, change=msgspec.structs.replace(change, **other))


def pulled(client: SyncClient) -> Change:
    (item,) = client.pull(Pull()).items
    assert item.change is not None
    return item.change


@pytest.mark.parametrize("ssin", [AnsweredSsin(value=SSIN), AnsweredSsin(value=SSIN, replaces=FORMER)])
def test_what_the_source_signed_comes_in(client: SyncClient, doors: Doors, key: SigningKey, ssin: AnsweredSsin) -> None:
    told(doors, key, ssin=ssin)
    assert pulled(client).content == CONTENT


LIES: dict[str, dict[str, Any]] = {
    "other content": {"content": {"amount": 1201}},
    "another person": {"ssin": AnsweredSsin(value=FORMER)},
    "another source": {"source": "nsso"},
    "the hub as source": {"source": "crossroads"},
    "another group": {"data_group": "handicap-file@1"},
    "another day": {"happened_on": date(2026, 2, 2)},
    "no signature": {"signature": None},
    "what is no signature": {"signature": "a.b.c"},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_the_source_did_not_sign_is_left_out_and_the_item_comes(
    client: SyncClient, doors: Doors, key: SigningKey, lie: str
) -> None:
    told(doors, key, **LIES[lie])
    change = pulled(client)
    assert (change.content, change.signature, change.sealed) == (None, None, False)


def test_a_key_that_nobody_registered_counts_for_nothing(client: SyncClient, doors: Doors, key: SigningKey) -> None:
    told(doors, SigningKey.generate(f"{SOURCE}#sign-2"))
    assert key.key_id != f"{SOURCE}#sign-2"
    assert pulled(client).content is None


def test_while_the_keys_cannot_be_had_nothing_is_given(client: SyncClient, doors: Doors, key: SigningKey) -> None:
    told(doors, key)
    doors.hub.doors[f"/v1/institutions/{SOURCE}/keys"] = lambda _headers, _body: (503, {}, b"{}")
    with pytest.raises(Unavailable):
        client.pull(Pull())


def test_what_one_notifies_is_signed(client: SyncClient, doors: Doors, asker: FakeAsker) -> None:
    client.notify([mutation("r-1", content=CONTENT), mutation("r-2")])
    (first, _), (second, _) = doors.changes.taken["r-1"], doors.changes.taken["r-2"]
    assert first.signature is not None
    verify_content(first.signature, CONTENT, claims_of(first, SSIN, asker.name), VerifyKey(asker.sign.jwk))
    assert second.signature is None


def test_one_signs_for_whom_one_manages_only_with_their_key(config: ClientConfig) -> None:
    own = SigningKey.read(config.keys.sign.id, config.folder / config.keys.sign.file)
    trust = read_trust(config.folder / config.trust)
    hub = Correspondence(own, trust, config.hub, config.folder / "contents", SystemClock())
    theirs = SigningKey.generate("pcsw-small#sign-1")
    given = mutation("r-1", content=CONTENT, on_behalf_of="pcsw-small")
    assert Contents(hub).signed(given).signature is None
    signed = Contents(hub, {"pcsw-small": theirs}).signed(given)
    assert signed.signature is not None
    claims = ContentClaims(SSIN, given.data_group, "pcsw-small", given.period, "changed", given.happened_on, None)
    verify_content(signed.signature, CONTENT, claims, VerifyKey(theirs.jwk))


async def test_the_signature_goes_with_the_content(pool: OpenPool, tmp_path: Path) -> None:
    async with town(pool) as world:
        somebody, *_ = await populate(world, tmp_path)
        await world.told(change(somebody, CIVIL, content={"state": "married"}))
        await world.pool.execute("UPDATE mutation SET content_signature = 'a..b'")
        await world.at(CONTENT_LIFE).mutations.expire_content()
        kept = await world.pool.fetchrow("SELECT content, content_signature FROM mutation")
        assert tuple(kept) == (None, None)
