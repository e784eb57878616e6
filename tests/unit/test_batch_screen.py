"""What is told of batches fits in a terminal, and what one copies stands whole."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from crossroads.kernel.ssin import Environment
from crossroads.participant.batch_screen import show_list
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
