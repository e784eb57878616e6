"""The witness: one log is watched, and a second one is noticed, sooner or later but surely."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossroads.kernel.errors import Tampered
from crossroads.participant.checkpoints import BETWEEN_CHECKS, MAXIMUM_FAILURES, LogForked, Witness
from crossroads.participant.steps import Call, Got, Steps
from crossroads.wire.notes import NoteSigner
from fakehub import FakeLog

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SIGNER = NoteSigner.generate("crossroads.example/log")


def grown(entries: int, signer: NoteSigner = SIGNER, mark: str = "") -> FakeLog:
    log = FakeLog(signer)
    for number in range(entries):
        log.append("an:entry:made", number=number, mark=mark)
        log.checkpoint()
    return log


def witness(folder: Path) -> Witness:
    return Witness(SIGNER.verifier, folder / "checkpoints.json", "http://hub")


def check(one: Witness, log: FakeLog, now: datetime = NOON) -> list[tuple[int, int]]:
    """Run a round of proofs against a log; give the pairs that were asked for."""
    return proven(one.check(now), log)


def proven(steps: Steps[None], log: FakeLog) -> list[tuple[int, int]]:
    """Give the proofs of a log that are asked for; give the pairs."""
    asked: list[tuple[int, int]] = []
    try:
        wish = next(steps)
        while True:
            assert isinstance(wish, Call)
            sizes = msgspec.json.decode(wish.body or b"", type=dict[str, int])
            asked.append((sizes["first"], sizes["second"]))
            wish = steps.send(Got(200, {}, msgspec.json.encode(log.consistency(*asked[-1]))))
    except StopIteration:
        return asked


def fail(one: Witness, now: datetime, got: Any = Got(503, {}, b"")) -> None:  # noqa: B008 - never changed
    steps = one.check(now)
    next(steps)
    with pytest.raises(StopIteration):
        steps.send(got)


def test_a_log_that_grows_is_proven_from_each_size_to_the_next(tmp_path: Path) -> None:
    log, one = grown(9), witness(tmp_path)
    for size in (4, 9, 2, 7):
        one.observe(log.note(size))
    assert one.newest == log.note(9)
    assert one.due(NOON)
    assert check(one, log) == [(2, 4), (4, 7), (7, 9)]
    assert not one.due(NOON + BETWEEN_CHECKS)
    # What comes later, also an older one, is proven in the next round.
    one.observe(log.note(3))
    assert not one.due(NOON + timedelta(seconds=59))
    assert check(one, log, NOON + BETWEEN_CHECKS) == [(3, 9)]


def test_the_same_size_with_another_root_is_a_fork_at_once(tmp_path: Path) -> None:
    one = witness(tmp_path)
    one.observe(grown(3).note(3))
    with pytest.raises(LogForked):
        one.observe(grown(3, mark="lie").note(3))
    with pytest.raises(LogForked):
        one.observe(grown(3).note(3))


def test_another_size_that_does_not_join_is_a_fork_when_it_is_proven(tmp_path: Path) -> None:
    one, lie = witness(tmp_path), grown(5, mark="lie")
    one.observe(grown(3).note(3))
    one.observe(lie.note(5))
    with pytest.raises(LogForked):
        check(one, lie)


def test_the_evidence_stays(tmp_path: Path) -> None:
    first, second = grown(3).note(3), grown(3, mark="lie").note(3)
    one = witness(tmp_path)
    one.observe(first)
    with pytest.raises(LogForked):
        one.observe(second)
    later = witness(tmp_path)
    with pytest.raises(LogForked):
        later.check_trusted()
    kept = msgspec.json.decode((tmp_path / "checkpoints.json").read_bytes())
    assert kept["fork"] == [first, second]


def test_what_was_verified_is_known_after_a_restart(tmp_path: Path) -> None:
    log, one = grown(6), witness(tmp_path)
    one.observe(log.note(3))
    one.observe(log.note(6))
    check(one, log)
    later = witness(tmp_path)
    assert later.newest == log.note(6)
    with pytest.raises(LogForked):
        later.observe(grown(6, mark="lie").note(6))


@pytest.mark.parametrize("got", [Got(503, {}, b""), Got(404, {}, b"{}"), Got(200, {}, b"<html>")])
def test_a_hub_that_gives_no_proof_is_believed_for_a_while_only(tmp_path: Path, got: Got) -> None:
    log, one = grown(5), witness(tmp_path)
    one.observe(log.note(3))
    one.observe(log.note(5))
    for minute in range(MAXIMUM_FAILURES):
        one.check_trusted()
        fail(one, NOON + minute * BETWEEN_CHECKS, got)
    with pytest.raises(LogForked):
        one.observe(log.note(5))


def test_a_proof_after_failures_makes_good(tmp_path: Path) -> None:
    log, one = grown(5), witness(tmp_path)
    one.observe(log.note(3))
    one.observe(log.note(5))
    fail(one, NOON)
    assert check(one, log, NOON + BETWEEN_CHECKS) == [(3, 5)]
    one.check_trusted()


def doubted(folder: Path, log: FakeLog) -> Witness:
    one = witness(folder)
    one.observe(log.note(3))
    one.observe(log.note(5))
    for minute in range(MAXIMUM_FAILURES):
        fail(one, NOON + minute * BETWEEN_CHECKS)
    return one


def test_a_hub_that_gave_no_proofs_is_asked_once_a_minute_until_it_does(tmp_path: Path) -> None:
    log = grown(5)
    one, last = doubted(tmp_path, log), NOON + (MAXIMUM_FAILURES - 1) * BETWEEN_CHECKS
    with pytest.raises(LogForked):
        next(one.regain_trust(last + timedelta(seconds=59)))
    steps = one.regain_trust(last + BETWEEN_CHECKS)
    next(steps)
    with pytest.raises(LogForked):
        steps.send(Got(503, {}, b""))
    assert proven(one.regain_trust(last + 2 * BETWEEN_CHECKS), log) == [(3, 5)]
    one.check_trusted()
    assert witness(tmp_path).newest == log.note(5)


def test_a_fork_is_never_made_good(tmp_path: Path) -> None:
    one = doubted(tmp_path, grown(5))
    with pytest.raises(LogForked, match="evidence"):
        proven(one.regain_trust(NOON + timedelta(days=1)), grown(5, mark="lie"))
    with pytest.raises(LogForked, match="evidence"):
        next(one.regain_trust(NOON + timedelta(days=2)))


def test_a_note_of_another_key_or_no_note(tmp_path: Path) -> None:
    one = witness(tmp_path)
    for note in (grown(3, NoteSigner.generate(SIGNER.name)).note(3), "", "text", grown(3).note(3)[:-9] + "\n"):
        with pytest.raises(Tampered):
            one.observe(note)
    assert one.newest == ""


def test_a_flood_of_checkpoints_keeps_the_oldest_and_the_newest(tmp_path: Path) -> None:
    log, one = grown(100), witness(tmp_path)
    for size in range(1, 101):
        one.observe(log.note(size))
    pairs = check(one, log)
    assert len(pairs) == 64
    assert (pairs[0], pairs[-1][1]) == ((1, 2), 100)
