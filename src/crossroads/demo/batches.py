"""The step of the tour in which many questions are asked at once, in a file."""

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import UUID, uuid4

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crossroads.audit.events import Event
from crossroads.audit.model import UsageLine
from crossroads.bootstrap.wiring import services
from crossroads.demo.population.chance import add_months
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import CLERK, DAY, Stage
from crossroads.kernel.clock import in_brussels
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.client import AnsweredRecord, BatchWish
from crossroads.wire.batches import BatchState, BatchStatus

ASKER, WHY, WAGES = "sigedis", "SIGEDIS:PENSION_ACCOUNT", "wages-working-time@1"
_MANY = 5_000
_POLL_SECONDS = 0.2
PEOPLE = "people.csv"
"""A file beside the settings of the asker, with which a reader gets data from a batch of their own."""
_FEW = 20
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)
_PAGE = 100
_ON_FILE = "SELECT DISTINCT ssin FROM pension_account ORDER BY ssin LIMIT ?"


class _Sent(NamedTuple):
    status: BatchStatus
    records: Sequence[AnsweredRecord]
    seconds: float


def many(stage: Stage) -> Outcome:
    """Ask about thousands in one file; each question is decided, logged and answered as one that is asked alone."""
    people = _on_file(stage)
    stage.screen.say(
        f"{stage.name(ASKER)} asks about {len(people):,} people at once: one file, whose every line it signed with one "
        "signature. The hub decides each question by the same rules as one that is asked alone, logs each, and then "
        "asks each source once about many. A job process does this, beside the hub, which goes on answering others."
    )
    # Accounts are made up when a year is over: the last quarter of last year.
    new_year = stage.made.on.replace(month=1, day=1)
    quarter = Period(add_months(new_year, -3), new_year - DAY)
    sent = _sent(stage, people, quarter)
    _show(stage, sent)
    with_data = [one for one in sent.records if one.blocks]
    _leave(stage, [one.line.ssin.value for one in with_data[:_FEW]], sent.status.reference, quarter)
    seen = _seen(stage, with_data[0]) if with_data else []
    counts = Counter(str(one.line.status.value) for one in sent.records)
    rejected = sum(len(one.rejected) for one in sent.records)
    ok = len(sent.records) == len(people) and counts[StatusValue.DATA_FOUND] > 0 and not rejected and len(seen) == 1
    blocks = sum(len(one.blocks) for one in sent.records)
    said = f"{len(sent.records):,} answered, {blocks:,} blocks opened and checked, in {sent.seconds:.0f} s"
    if rejected:
        said += f"; {rejected:,} not believed"
    return Outcome(f"{len(people):,} answers, and each person can see the question", said, ok)


def line_name(tour: str, number: int) -> str:
    """Name a line of the file of a tour; with a letter between: two numbers in a row may be one of a person."""
    return f"{tour}-n{number}"


def _on_file(stage: Stage) -> list[str]:
    """Give people whom the asker has on file, from its own database."""
    with closing(sqlite3.connect(stage.network.member(ASKER).database)) as own:
        return [ssin for (ssin,) in own.execute(_ON_FILE, (_MANY,))]


def _sent(stage: Stage, people: Sequence[str], period: Period) -> _Sent:
    batches, began = stage.client(ASKER).batches, time.perf_counter()
    tour = uuid4().hex[:8]
    wish = BatchWish(WHY, [WAGES], CLERK, period, reference=f"tour-{tour}")
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    with TemporaryDirectory() as folder, Progress(*columns, console=stage.screen.console, transient=True) as bars:
        # Each line has a number of its own: the hub refuses a file that it has had before.
        lines = "".join(f"{ssin},{line_name(tour, number)}\n" for number, ssin in enumerate(people))
        file = Path(folder) / "people.csv"
        file.write_text(f"ssin,customerTicket\n{lines}", "utf-8")
        status = batches.submit(file, wish)
        task = bars.add_task("answered", total=status.records)
        while status.state not in _OVER:
            stage.runner.signals.check()
            time.sleep(_POLL_SECONDS)
            status = batches.status(status.ticket)
            bars.update(task, completed=status.answered)
    if status.state is not BatchState.COMPLETED:
        raise Refused(status.problem.detail if status.problem else f"The batch is {status.state}.")
    records = list(batches.results(status.ticket))
    batches.acknowledge(status.ticket)
    return _Sent(status, records, time.perf_counter() - began)


def _leave(stage: Stage, people: Sequence[str], tour: str, days: Period) -> None:
    """Leave a file of questions that have data, with their days, for whoever wants to send one: anew each tour."""
    same = f"{days.start_date},{days.last},{days.last}"
    lines = (f"{ssin},{line_name(tour, number)},{same}\n" for number, ssin in enumerate(people, 1))
    columns = "ssin,customerTicket,startDate,endDate,referenceDate\n"
    (stage.network.member(ASKER).folder / PEOPLE).write_text(columns + "".join(lines), "utf-8")


def _show(stage: Stage, sent: _Sent) -> None:
    rows = Counter((one.line.status.value, one.line.status.detail or one.line.status.code) for one in sent.records)
    descriptions = {one.line.status.detail or one.line.status.code: one.line.status.description for one in sent.records}
    table = [(f"{many:,}", f"{value}: {code}", descriptions[code]) for (value, code), many in rows.most_common()]
    stage.screen.table(("people", "how it ended", "why"), table, whole=(0, 1))


def _seen(stage: Stage, record: AnsweredRecord) -> list[UsageLine]:
    """Show what one of the people can see of it."""
    lines = stage.runner.signals.run(_usage(stage, record.line.ssin.value, record.line.ticket))
    stage.screen.say("\nAny one of these people sees this, as of a single question:")
    stage.screen.table(("Brussels time", "who", "what and why"), [_row(stage, line) for line in lines], whole=(0,))
    return lines


def _row(stage: Stage, line: UsageLine) -> tuple[str, str, str]:
    what = ", ".join(map(stage.group, line.fields["groupsAsked"]))
    why = stage.names["legal-contexts"].get(line.fields["legalContext"], line.fields["legalContext"])
    return (
        f"{in_brussels(line.at):%H:%M:%S}",
        f"{stage.name(line.asker or '')}, {line.fields['agent']}",
        f"{what}, for: {why}",
    )


async def _usage(stage: Stage, ssin: str, ticket: UUID) -> list[UsageLine]:
    now = datetime.now(UTC)
    async with services(stage.network.installation) as hub:
        believed = await hub.identity.as_believed_on(ssin, now)
        if believed is None:
            raise Refused("The hub does not know this person.")
        page = await hub.log.usage(believed.persons, stage.began, now, limit=_PAGE)
    return [line for line in page.lines if line.event == Event.BATCH_RECORD_DECIDED and line.ticket == ticket]
