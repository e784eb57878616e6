"""The log of the hub as a participant watches it: two faces are noticed, and remembered."""

from pathlib import Path

from msgspec.json import decode, encode

from crossroads.wire.keys import SigningKey
from crossroads.wire.notes import NoteSigner
from crossroads.wire.registrations import KeyUse
from fakehub import FakeAsker, FakeHub, FakeLog, Question, owing_proofs
from participants import NAME, SSIN, WAGE, Running, running, write_config

pytest_plugins = ["participant_fixtures"]


def other_log(hub: FakeHub, entries: int) -> FakeLog:
    """Give a second log under the same key: what a hub with two faces keeps."""
    log = FakeLog(hub.signer)
    for number in range(entries):
        log.append("installation:founded", lie=number)
        log.checkpoint()
    return log


def test_a_checkpoint_that_the_log_did_not_sign(participant: Running, question: Question) -> None:
    stranger = FakeLog(NoteSigner.generate("crossroads.example/log"))
    stranger.append("installation:founded")
    question.request["checkpoint"] = stranger.checkpoint()
    assert participant.refusal(question) == (403, "CR-PERMIT-INVALID")


def test_a_statement_that_knows_another_log_of_the_same_size(participant: Running, asker: FakeAsker) -> None:
    participant.answer(Question(asker, NAME, SSIN, WAGE))
    question = Question(asker, NAME, SSIN, WAGE)
    size = int(participant.hub.log.checkpoint().split("\n")[1])
    question.statement["checkpoint"] = other_log(participant.hub, size).checkpoint()
    assert participant.refusal(question) == (403, "CR-LOG-FORKED")
    # From then on nothing passes, until people have looked at the evidence.
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")


def test_a_statement_that_knows_a_longer_log_which_the_hub_cannot_join(
    participant: Running, hub: FakeHub, asker: FakeAsker
) -> None:
    lie = other_log(hub, 40)
    hub.doors["/v1/log/extensions"] = lambda _, body: (200, {}, encode(lie.extensions(decode(body)["sizes"])))
    question = Question(asker, NAME, SSIN, WAGE)
    question.statement["checkpoint"] = lie.checkpoint()
    assert participant.refusal(question) == (403, "CR-LOG-FORKED")


def test_a_key_that_only_another_log_has(participant: Running, hub: FakeHub, asker: FakeAsker) -> None:
    participant.answer(Question(asker, NAME, SSIN, WAGE))
    shown, size = hub.log, int(hub.log.checkpoint().split("\n")[1])
    hub.log = other_log(hub, size - 1)
    asker.sign = SigningKey.generate(f"{asker.name}#sign-2")
    hub.keys[asker.name] = [
        hub.register(asker.sign, KeyUse.SIGN, asker.sign),
        hub.register(asker.seal, KeyUse.SEAL, asker.sign),
    ]
    hub.log = shown
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")


def test_a_fork_is_remembered_over_a_restart(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    with running(config, hub) as one:
        question = Question(asker, NAME, SSIN, WAGE)
        question.request["checkpoint"] = hub.log.checkpoint()
        size = int(hub.log.checkpoint().split("\n")[1])
        question.statement["checkpoint"] = other_log(hub, size).checkpoint()
        assert one.refusal(question) == (403, "CR-LOG-FORKED")
    with running(config, hub) as one:
        assert one.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")


def test_a_log_that_grows_is_proven_and_goes_on(participant: Running, hub: FakeHub, asker: FakeAsker) -> None:
    for number in range(3):
        hub.log.append("exchange:question:decided", number=number)
        participant.answer(Question(asker, NAME, SSIN, WAGE))
    assert hub.asked.count("/v1/log/extensions") >= 1


def test_a_hub_that_gives_its_proofs_again_is_answered_again(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    owing_proofs(hub, tmp_path / "state")
    hub.answers["/v1/log/extensions"] = {"nothing": True}
    with running(config, hub) as one:
        for _ in range(2):
            assert one.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")
    assert hub.asked.count("/v1/log/extensions") == 1
    del hub.answers["/v1/log/extensions"]
    owing_proofs(hub, tmp_path / "state")
    with running(config, hub) as one:
        one.answer(Question(asker, NAME, SSIN, WAGE))
