"""Acts of operators on people: who must sign, carried out once, and told to whoever tells others."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crossroads.identity.model import DECEASE, DISTINGUISH, LINK, REPLACE, UNLINK
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import PersonConfirmation
from crossroads.wire.registrations import SignedAct
from people import (
    ALICE,
    ALICE_AGAIN,
    BOB,
    GHENT,
    INSTALLATION,
    OPERATORS,
    OpenPool,
    World,
    signed_act,
    ssin,
    world,
)

ANNA, BEA, CARL, DORA = (ssin(number) for number in range(4))
CONTENTS: dict[str, dict[str, Any]] = {
    LINK: {"from": ANNA, "into": BEA, "since": "2026-01-01"},
    UNLINK: {"from": ANNA, "into": BEA},
    REPLACE: {"from": ANNA, "to": DORA, "since": "2026-03-01"},
    DECEASE: {"ssin": CARL, "deceasedOn": "2026-05-05"},
    DISTINGUISH: {"institution": GHENT, "reference": "file-12", "request": "0a" * 32},
}


def made(kind: str, signers: Sequence[SigningKey] = (ALICE, BOB), **other: Any) -> SignedAct:
    common = {"installation": INSTALLATION, "reason": "a reason", "at": datetime.now(UTC).isoformat()}
    return signed_act(kind, common | CONTENTS[kind] | other, signers)


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(ANNA, BEA, CARL, tmp=tmp_path)
        yield opened


async def test_each_kind_is_carried_out_once_and_told(hub: World) -> None:
    hub.register.names[ssin(9)] = "Peeters"
    request = PersonConfirmation(reference="r-1", ssin=ssin(9), birth_date="1940-01-00", last_name="Peeters")
    await hub.identity.confirm(request, GHENT)
    for kind in (LINK, UNLINK, REPLACE, DECEASE, DISTINGUISH):
        act = made(kind)
        assert await hub.identity.carry_out(act, OPERATORS)
        with pytest.raises((Conflict, Refused)):
            await hub.identity.carry_out(act, OPERATORS)
    assert await hub.identity.carry_out(made(DECEASE, deceasedOn=None), OPERATORS)
    rows = await hub.pool.fetch(
        "SELECT kind, person, related_person, happened_on, payload FROM identity_event ORDER BY event"
    )
    keys = {row["ssin"]: row["person"] for row in await hub.pool.fetch("SELECT ssin, person FROM ssin_assignment")}
    assert [(row["kind"], row["person"], row["related_person"], str(row["happened_on"])) for row in rows] == [
        ("created", keys[ssin(9)], None, "None"),
        ("merged", keys[BEA], keys[ANNA], "2026-01-01"),
        ("unmerged", keys[BEA], keys[ANNA], "None"),
        ("number-replaced", keys[ANNA], None, "2026-03-01"),
        ("deceased", keys[CARL], None, "2026-05-05"),
        ("deceased", keys[CARL], None, "None"),
    ]


@pytest.mark.parametrize("kind", CONTENTS)
async def test_who_must_sign(hub: World, kind: str) -> None:
    stranger = SigningKey.generate("operator:mallory#1")
    for signers in ((), (stranger,), *([(ALICE,), (ALICE, ALICE_AGAIN), (ALICE, stranger)] if kind != DECEASE else [])):
        with pytest.raises(CrossroadsError):
            await hub.identity.carry_out(made(kind, signers), OPERATORS)
    assert await hub.pool.fetchval("SELECT count(*) FROM used_act WHERE kind = $1", kind) == 0
    assert await hub.pool.fetchval("SELECT count(*) FROM identity_event") == 0


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (LINK, {"installation": "elsewhere.example"}),
        (REPLACE, {"since": "0001-01-01"}),
        (REPLACE, {"to": "12345678901"}),
        (REPLACE, {"to": BEA}),
        (REPLACE, {"from": ssin(77)}),
        (DECEASE, {"ssin": ssin(77)}),
        (DECEASE, {"deceasedOn": "yesterday"}),
        (DECEASE, {"deceasedOn": "2999-01-01"}),
        (DISTINGUISH, {"reference": ANNA}),
        (DISTINGUISH, {"request": "any"}),
        (DECEASE, {"reason": f"see {ANNA}"}),
        (LINK, {"reason": ""}),
    ],
)
async def test_what_is_wrong_changes_nothing_and_shows_no_number(hub: World, kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(CrossroadsError) as refusal:
        await hub.identity.carry_out(made(kind, **wrong), OPERATORS)
    assert not [number for number in (ANNA, BEA, ssin(77), "12345678901") if number in str(refusal.value)]
    assert await hub.pool.fetchval("SELECT count(*) FROM used_act WHERE kind = $1", kind) == 0
    assert await hub.pool.fetchval("SELECT count(*) FROM identity_event") == 0


async def test_an_act_of_another_kind_is_none_on_people(hub: World) -> None:
    with pytest.raises(Refused):
        await hub.identity.carry_out(signed_act("revoke-key", {"installation": INSTALLATION}), OPERATORS)
    with pytest.raises(Malformed):
        await hub.identity.carry_out(made(LINK, unheard="of"), OPERATORS)


async def test_a_death_of_merged_persons_is_one(hub: World) -> None:
    await hub.identity.carry_out(made(LINK), OPERATORS)
    await hub.identity.carry_out(made(DECEASE, ssin=ANNA, deceasedOn="2026-05-05"), OPERATORS)
    await hub.identity.carry_out(made(DECEASE, ssin=BEA, deceasedOn="2026-05-04"), OPERATORS)
    assert [
        row[0] for row in await hub.pool.fetch("SELECT deceased_on::text FROM person WHERE deceased_on IS NOT NULL")
    ] == ["2026-05-04"]
