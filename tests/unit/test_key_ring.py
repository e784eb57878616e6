"""The keys of an institution, as who checks its signatures fetches and keeps them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossroads.participant.provenkeys import KeyRing, ProvenKeys
from crossroads.participant.steps import Call, Got

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = SimpleNamespace(registration=SimpleNamespace(institution="nsso"))
FETCHED = Got(200, {}, b'{"items":[]}')


class _Believing:
    """Believes that the one key is the institution's, once keys were fetched."""

    def provable(self, _: Iterable[Any]) -> dict[str, Any]:
        return {"nsso#sign-1": KEY}


def test_two_who_meet_a_new_key_at_once_both_come_to_know_it_and_then_nothing_is_fetched(tmp_path: Path) -> None:
    ring = KeyRing("https://hub.test/keys", "nsso", cast("ProvenKeys", _Believing()), tmp_path / "nsso.json")
    asking = [ring.get("nsso#sign-1", NOW) for _ in range(2)]
    assert [type(next(one)) for one in asking] == [Call, Call]
    for one in asking:
        with pytest.raises(StopIteration) as found:
            one.send(FETCHED)
        assert found.value.value is KEY
    with pytest.raises(StopIteration) as unknown:
        next(ring.get("nsso#sign-2", NOW))
    assert unknown.value.value is None
