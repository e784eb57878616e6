"""What a person reads of the items of a mailbox."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from crossroads.kernel.period import Period
from crossroads.participant.mailbox_screen import line_of
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import ErrorNotice, Item, Notice, NoticeKind, Told

TICKET, SEEN, REPORT, CORRECTION = (UUID(int=number) for number in range(1, 5))
ERROR: dict[str, Any] = {
    "report": REPORT,
    "data_group": "employment-relations@1",
    "period": Period(date(2026, 1, 1), None),
    "seen": SEEN,
    "presumed": "wrong-value",
    "answer_by": date(2026, 12, 22),
}
ANSWER = {"outcome": "corrected", "reason": "Typed wrongly.", "correction": CORRECTION, "reference": "e-7"}


def shown(kind: NoticeKind, **what: Any) -> str:
    notice = Notice(kind=kind, ssin=AnsweredSsin(value="80631512393"), happened_on=date(2026, 11, 21), **what)
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return line_of(Item(number=7, previous=0, slot=1, ticket=TICKET, added_at=at, notice=notice))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"text": "No work since May."},
            ["wrong-value", "2026-01-01 to now", "No work since May.", "2026-12-22", SEEN],
        ),
        (ANSWER, ["corrected", "Typed wrongly.", "e-7", CORRECTION]),
    ],
)
def test_a_report_is_shown_with_all_that_its_reader_needs(other: dict[str, Any], words: list[object]) -> None:
    text = shown(NoticeKind.PRESUMED_ERROR, error=ErrorNotice(**ERROR, **other))
    assert not [word for word in [*words, REPORT] if str(word) not in text]
    assert ("answer by" in text) == ("outcome" not in other)


def test_the_counts_of_a_correction_are_words() -> None:
    told = Told(correction=CORRECTION, data_group="address@1", told=2, not_told={"CR-NOT-INSCRIBED": 1})
    assert "told 2; 1 not (CR-NOT-INSCRIBED)" in shown(NoticeKind.CORRECTION_TOLD, told=told)
    told = Told(correction=CORRECTION, data_group="address@1", told=2, not_told={}, unread=("2026-03", "2026-04"))
    words = "told 2; not looked for in 2026-03, 2026-04, which the hub keeps in files"
    assert words in shown(NoticeKind.CORRECTION_TOLD, told=told)
