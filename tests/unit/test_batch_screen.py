"""What is told of batches fits in a terminal, and what one copies stands whole."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from crossroads.kernel.codes import StatusValue
from crossroads.kernel.ssin import Environment
from crossroads.participant.batch_screen import show_list, show_status
from crossroads.participant.batches_reasons import Reason
from crossroads.wire.batches import BatchList, BatchState, BatchStatus

TICKET = UUID("0198c5a2-7c1e-7e3a-9d0b-2f6a1b3c4d5e")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_ticket_stands_whole_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status = BatchStatus(
        ticket=TICKET,
        environment=Environment.TEST,
        reference="a-reference-of-the-sender-that-is-long",
        file_sequence_number=1,
        state=BatchState.COMPLETED,
        records=5_000,
        received=1,
        size=1,
        submitted_at=AT,
        deadline=AT,
    )
    show_list(BatchList(batches=(status,)))
    assert str(TICKET) in capsys.readouterr().out


def test_what_the_hub_says_of_a_batch_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    status = BatchStatus(
        ticket=TICKET,
        environment=Environment.TEST,
        reference="\x1b[2Ja\nb",
        file_sequence_number=1,
        state=BatchState.COMPLETED,
        records=3,
        received=1,
        size=1,
        counts={"[/x]": 1, "NO\u202eRESULT": 2},
        submitted_at=AT,
        deadline=AT,
    )
    why = Reason(status=StatusValue.NO_RESULT, code="CR-\x1b[1A", description="3 of 3\nCOMPLETED", records=3)
    show_status(status, Path("client.yaml"), (why,))
    told = capsys.readouterr().out
    assert not [one for one in told if not one.isprintable() and one != "\n"]
    assert "[/x]" in told
    assert "COMPLETED" not in [line.strip() for line in told.splitlines()]
