"""Whose signature counts at the hub, on which day; and to which key an answer may be sealed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from crossroads.admission.limits import Limits
from crossroads.admission.service import Gate
from crossroads.catalogue.keys import LogPlace, RegisteredKey, registered
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.exchange.questions import check_encryption_key
from crossroads.kernel.codes import Code
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import Asker
from crossroads.wire.registrations import KeyUse, act
from crossroads.wire.signatures import SignatureRejected, sign_request
from founding import registration
from ruling import institution
from signed import KEY, NOW, signed

SEAL, OTHERS = SealingKey.generate("pcsa-ghent#seal-1"), SealingKey.generate("nsso#seal-1")
MANAGED = SealingKey.generate("small-centre#seal-1")
HOUR = timedelta(hours=1)


class Standing(NamedTuple):
    """The catalogue at one moment, which is also what the clock shows."""

    current: Snapshot
    moment: datetime

    def now(self) -> datetime:
        return self.moment


def key(own: SigningKey | SealingKey, use: KeyUse, revoked_at: datetime | None = None, **dated: Any) -> RegisteredKey:
    known = registered(act("register-key", registration(own, use, **dated)), LogPlace(0, 0))
    return known._replace(revoked_at=revoked_at)


def snapshot(*keys: RegisteredKey, **dated: Any) -> Snapshot:
    entries = ((Kind.INSTITUTION, institution("pcsa-ghent", 17, **dated)),)
    return Snapshot(Facts(7, 7, None, entries, (), keys, {}))


def gate(catalogue: Snapshot, moment: datetime) -> Gate:
    standing: Any = Standing(catalogue, moment)
    return Gate(catalogue=standing, facts=standing, clock=standing, limits=Limits())


def refused(catalogue: Snapshot, moment: datetime) -> Code | None:
    """Give why a request that was signed at a moment does not come through, if it does not."""
    plain = signed()._replace(headers={"content-type": "application/json"})
    request = plain._replace(headers={**plain.headers, **sign_request(KEY, plain, moment)})
    try:
        assert gate(catalogue, moment).authenticate(request).institution == "pcsa-ghent"
    except SignatureRejected as error:
        return error.code
    return None


@pytest.mark.parametrize("midnight", [datetime(2026, 6, 30, 22, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC)])
def test_the_days_of_an_institution_are_those_of_brussels(midnight: datetime) -> None:
    last = midnight.date()
    ending = snapshot(key(KEY, KeyUse.SIGN), valid_until=last)
    beginning = snapshot(key(KEY, KeyUse.SIGN), valid_from=last + timedelta(days=1))
    before, after = midnight - timedelta(seconds=1), midnight
    assert [refused(ending, moment) for moment in (before, after)] == [None, Code.INSTITUTION_INACTIVE]
    assert [refused(beginning, moment) for moment in (before, after)] == [Code.INSTITUTION_INACTIVE, None]


@pytest.mark.parametrize(
    ("registering", "code"),
    [
        ({"use": KeyUse.SIGN}, None),
        ({"use": KeyUse.SIGN, "valid_from": NOW}, None),
        ({"use": KeyUse.SIGN, "valid_from": NOW + timedelta(seconds=1)}, Code.KEY_EXPIRED),
        ({"use": KeyUse.SIGN, "valid_until": NOW}, Code.KEY_EXPIRED),
        ({"use": KeyUse.SIGN, "revoked_at": NOW - timedelta(seconds=1)}, Code.KEY_REVOKED),
        ({"use": KeyUse.SIGN, "revoked_at": NOW + HOUR}, Code.KEY_REVOKED),
        ({"use": KeyUse.PERMIT}, Code.KEY_UNKNOWN),
    ],
)
def test_a_key_counts_in_its_period_for_its_use_until_it_is_revoked(
    registering: dict[str, Any], code: Code | None
) -> None:
    assert refused(snapshot(key(KEY, **registering)), NOW) is code


def test_a_key_to_seal_to_signs_nothing_and_an_unknown_one_neither() -> None:
    sealing = SealingKey(KEY.key_id, SEAL.private)
    assert refused(snapshot(key(sealing, KeyUse.SEAL)), NOW) is Code.KEY_UNKNOWN
    assert refused(snapshot(), NOW) is Code.KEY_UNKNOWN


def test_an_answer_is_sealed_to_the_asker_or_to_whom_it_asks_for() -> None:
    known = snapshot(key(SEAL, KeyUse.SEAL), key(MANAGED, KeyUse.SEAL))
    for own in (SEAL, MANAGED):
        check_encryption_key(asker(own), known, NOW)


@pytest.mark.parametrize(
    "known",
    [
        key(SEAL, KeyUse.SEAL, revoked_at=NOW - HOUR),
        key(SEAL, KeyUse.SEAL, valid_until=NOW),
        key(SEAL, KeyUse.SEAL, valid_from=NOW + HOUR),
        key(MANAGED, KeyUse.SEAL),
    ],
    ids=["revoked", "over", "not yet", "not registered"],
)
def test_it_is_sealed_to_no_key_that_is_not_in_force(known: RegisteredKey) -> None:
    assert rejected(asker(SEAL), known) is Code.ENCRYPTION_KEY_UNKNOWN


def test_it_is_sealed_to_no_key_of_another_and_to_none_that_signs() -> None:
    assert rejected(asker(OTHERS), key(OTHERS, KeyUse.SEAL)) is Code.ENCRYPTION_KEY_UNKNOWN
    assert rejected(asker(KEY), key(KEY, KeyUse.SIGN)) is Code.ENCRYPTION_KEY_UNKNOWN


def asker(own: SealingKey | SigningKey) -> Asker:
    thumbprint = own.jwk.thumbprint
    return Asker(institution="pcsa-ghent", on_behalf_of="small-centre", agent="clerk-7", encryption_key=thumbprint)


def rejected(who: Asker, *keys: RegisteredKey) -> Code | None:
    with pytest.raises(SignatureRejected) as found:
        check_encryption_key(who, snapshot(*keys), NOW)
    return found.value.code


def test_days_begin_at_midnight_in_brussels_also_when_the_clock_is_put_back() -> None:
    dated = snapshot(key(KEY, KeyUse.SIGN), valid_until=date(2026, 10, 25))
    assert refused(dated, datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)) is None
    assert refused(dated, datetime(2026, 10, 25, 23, tzinfo=UTC)) is Code.INSTITUTION_INACTIVE
