"""Items of a mailbox as a person reads them."""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.period import Period
from crossroads.participant.pages import UnreadableItem
from crossroads.participant.typed import program, short
from crossroads.wire.mutations import Change, ErrorNotice, Item, MailboxPage, Notice, NoticeKind, Pull, Told


def show(page: MailboxPage, asked: Pull, config: Path) -> None:
    """Print a page, and what to do next."""
    console = Console(soft_wrap=True, highlight=False)
    if not page.items:
        console.print(_why_nothing(page, asked))
        return
    console.print(f"{_how_many(page, asked)}\n")
    for item in page.items:
        console.print(Text(line_of(item)))
    if page.lease and page.leased_until:
        until = page.leased_until.astimezone(BRUSSELS)
        console.print(f"\nYours until {until:%H:%M:%S} (Brussels). When you have dealt with them:", markup=False)
        up_to = f"--up-to {page.items[-1].number}"
        console.print(Text(f"  {program()} mailbox acknowledge {short(config)} {page.lease} {up_to}"))
    _show_fetching(page, config, console)
    if any(item.notice and item.notice.kind is NoticeKind.PRESUMED_ERROR for item in page.items):
        console.print("\nTo answer a report of an error:", markup=False)
        console.print(Text(f"  {program()} error confirm|reject {short(config)} REPORT --reason …"))


def _show_fetching(page: MailboxPage, config: Path, console: Console) -> None:
    """Print how the data of a sealed change is asked for; of one of them, as the others are alike."""
    item = next((one for one in page.items if one.change and one.change.sealed), None)
    if item is None or item.change is None:
        return
    change = item.change
    days = f"{change.period.start_date}/{change.period.end_date or ''}"
    asked = f"--legal-context {change.legal_context} --period {days} --mutation {item.ticket}"
    concerning = f" --for {item.concerning}" if item.concerning else ""
    console.print(f"\nTo ask for the data of {item.number}, with the number of the person on standard input:")
    console.print(Text(f"  {program()} ask --config {short(config)} --ssin - {asked}{concerning} {change.data_group}"))


def _how_many(page: MailboxPage, asked: Pull) -> str:
    if asked.from_ is not None:
        return f"{len(page.items)} that were given before; {page.depth} in the mailbox, {page.parked} parked."
    if asked.parked:
        return f"{len(page.items)} of {page.parked} parked; {page.depth} in the mailbox."
    return f"{len(page.items)} of {page.depth} in the mailbox, {page.parked} parked."


def line_of(item: Item) -> str:
    """Give an item as a line; content and what else there is to say on lines below it."""
    if item.notice is not None:
        lines = [f"{item.number:>6}  {_noticed(item.notice)}", *_words(item.notice)]
    elif isinstance(item, UnreadableItem):
        lines = [f"{item.number:>6}  it has not the form that this version knows"]
    elif item.change is None:
        lines = [f"{item.number:>6}  void: {item.void.reason if item.void else 'it tells of no change'}"]
    else:
        lines = [f"{item.number:>6}  {_told(item.change)}", f"        ticket {item.ticket}", *_below(item.change)]
    if item.concerning:
        lines.append(f"        for {item.concerning}")
    if item.parked:
        lines.append(f"        parked: {item.parked}")
    return "\n".join(lines)


def _told(change: Change) -> str:
    what = f"{change.data_group} {change.kind} on {change.happened_on} by {change.source}"
    return f"{change.ssin.value}  {what}, {_days(change.period)}"


def _noticed(notice: Notice) -> str:
    return f"{notice.ssin.value}  {notice.kind} on {notice.happened_on}"


def _words(notice: Notice) -> list[str]:
    said = {
        "the number was": notice.ssin.replaces,
        "the other person is": notice.other,
        "in": notice.context,
        "until": notice.period and notice.period.end_date,
        **(_of_report(notice.error) if notice.error else {}),
        "of those who were given it, told": notice.told and _counted(notice.told),
    }
    return [f"        {name} {value}" for name, value in said.items() if value]


def _of_report(error: ErrorNotice) -> dict[str, object]:
    return {
        "report": error.report,
        "your reference": error.reference,
        "it is presumed": f"{error.presumed}, {error.data_group}, {_days(error.period)}",
        "in words:": error.text,
        "seen in": error.seen,
        "answer by": None if error.outcome else error.answer_by,
        "outcome": error.outcome,
        "because:": error.reason,
        "the correction is": error.correction,
    }


def _counted(told: Told) -> str:
    others = ", ".join(f"{count} not ({code})" for code, count in sorted(told.not_told.items()))
    unread = f"not looked for in {', '.join(told.unread)}, which the hub keeps in files" if told.unread else ""
    return "; ".join(part for part in (str(told.told), others, unread) if part)


def _days(period: Period) -> str:
    return f"{period.start_date} to {period.end_date or 'now'}"


def _below(change: Change) -> list[str]:
    lines = []
    if change.ssin.replaces:
        lines.append(f"        the number was {change.ssin.replaces}")
    if change.content is not None:
        lines.append(f"        {msgspec.json.encode(change.content).decode()}")
    return lines


def _why_nothing(page: MailboxPage, asked: Pull) -> str:
    if page.leased_until and not page.lease:
        until = page.leased_until.astimezone(BRUSSELS)
        return (
            f"The items were given to somebody until {until:%H:%M:%S} (Brussels), perhaps to you by an earlier pull; "
            f"{page.depth} are in the mailbox."
        )
    if asked.parked:
        return "Nothing is parked."
    if asked.from_ is not None:
        return f"Nothing was given from number {asked.from_} on."
    aside = f" {page.parked} are parked: see --parked." if page.parked else ""
    return f"The mailbox is empty.{aside}"
