"""The witness: one log is watched, and a second one is noticed, sooner or later but surely."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossroads.kernel.errors import Tampered
from crossroads.participant.checkpoints import AT_MOST_LATER, BETWEEN_CHECKS, MAXIMUM_FAILURES, LogForked, Witness
from crossroads.participant.steps import Call, Got, Steps
from crossroads.wire.notes import NoteSigner
from crossroads.wire.proofs import MAXIMUM_SIZES
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


def check(one: Witness, log: FakeLog, now: datetime = NOON) -> list[list[int]]:
    """Run a round of proofs against a log; give the sizes of each call."""
    return proven(one.check(now), log)


def proven(steps: Steps[None], log: FakeLog) -> list[list[int]]:
    """Give the proofs of a log that are asked for; give the sizes of each call."""
    asked: list[list[int]] = []
    try:
        wish = next(steps)
        while True:
            assert isinstance(wish, Call)
            sizes = msgspec.json.decode(wish.body or b"", type=dict[str, list[int]])["sizes"]
            asked.append(sizes)
            wish = steps.send(Got(200, {}, msgspec.json.encode(log.extensions(sizes))))
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
    assert check(one, log) == [[2, 4, 7, 9]]
    assert not one.due(NOON + BETWEEN_CHECKS)
    # What comes later, also an older one, is proven in the next round.
    one.observe(log.note(3))
    assert not one.due(NOON + timedelta(seconds=59))
    assert check(one, log, NOON + BETWEEN_CHECKS + AT_MOST_LATER) == [[3, 9]]


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


def test_a_lie_in_the_middle_is_a_fork_though_the_ends_join(tmp_path: Path) -> None:
    log, lie, one = grown(9), grown(9, mark="lie"), witness(tmp_path)
    for note in (log.note(3), lie.note(5), log.note(9)):
        one.observe(note)
    with pytest.raises(LogForked):
        check(one, log)


def test_too_few_proofs_are_none(tmp_path: Path) -> None:
    log, one = grown(9), witness(tmp_path)
    for size in (2, 5, 9):
        one.observe(log.note(size))
    fail(one, NOON, Got(200, {}, msgspec.json.encode(log.extensions([2, 5]))))
    assert check(one, log, NOON + BETWEEN_CHECKS + AT_MOST_LATER) == [[2, 5, 9]]


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
    assert check(one, log, NOON + BETWEEN_CHECKS) == [[3, 5]]
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
    later = BETWEEN_CHECKS + AT_MOST_LATER
    steps = one.regain_trust(last + later)
    next(steps)
    with pytest.raises(LogForked):
        steps.send(Got(503, {}, b""))
    assert proven(one.regain_trust(last + 2 * later), log) == [[3, 5]]
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
    [sizes] = check(one, log)
    assert len(sizes) == MAXIMUM_SIZES
    assert (sizes[:2], sizes[-1]) == ([1, 2], 100)
