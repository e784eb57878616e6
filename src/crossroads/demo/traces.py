"""The steps of the tour about what is left of a question: the sealed block, the proof, and what the log says."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.audit.model import UsageLine
from crossroads.audit.seen_store import SeenStore
from crossroads.bootstrap.wiring import services
from crossroads.demo.questions import DISABILITY
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import ANTWERPEN, GENT, Stage, Told
from crossroads.directory.model import Line
from crossroads.kernel.clock import in_brussels
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Refused, Tampered
from crossroads.participant.typed import counted, short
from crossroads.wire.blocks import envelope, unseal
from crossroads.wire.commitments import Opening
from crossroads.wire.notes import NoteVerifier, read_checkpoint
from crossroads.wire.proofs import EntryProof, verify_entry_proof

_SHOWN = 300
_OPENED = ("event", "at", "asker", "legalContext", "groupsAsked", "groupsGiven")
_PAGE = 100
_Given = dict[tuple[UUID, int], list[tuple[str, str]]]
"""Of questions of files whose pages were answered, which data groups were given by whom."""
_SHOWN_EVENTS = (Event.QUESTION_DECIDED, Event.QUESTION_REFUSED, Event.BATCH_RECORD_DECIDED, Event.ITEM_DELIVERED)


def sealed(stage: Stage) -> Outcome:
    """Show a block as the hub sees it and as the asker reads it; another institution cannot open it."""
    told = _first(stage)
    blocks = {block.data_group: block for block in told.reply.answer.blocks}
    contents = {block.data_group: block.content for block in told.reply.blocks}
    if DISABILITY not in contents:
        raise Refused("The first answer has no such block.")
    block, content = blocks[DISABILITY], contents[DISABILITY]
    stage.screen.say(
        "This is one block of the first answer. The hub can read which question it answers and who sent it, so that it "
        "can drop what was not asked for. It cannot read what the block says. The number is in it only as a hash."
    )
    header = envelope(block)
    sealed_text = block.sealed or ""
    stage.screen.panel("what the hub carries", f"{sealed_text[:_SHOWN]}… ({len(sealed_text)} characters)", "red")
    read = "\n".join(f"{name}: {header[name]}" for name in ("ticket", "dataGroup", "source", "subject", "enc", "kid"))
    stage.screen.panel("what the hub can read of it", read, "yellow")
    stage.screen.panel("what the asker reads", msgspec.json.format(content, indent=1).decode(), "green")
    try:
        unseal(block, stage.network.member(ANTWERPEN).sealing_key())
        other = "another institution opened it"
    except Tampered as error:
        other = f"with the key of {stage.name(ANTWERPEN)}: {str(error)[:1].lower()}{str(error)[1:]}"
    ok = "does not open" in other and bool(content)
    return Outcome("only the asker can open it", f"the asker opened it; {other}", ok)


def proof(stage: Stage) -> Outcome:
    """Let an outsider with the key of the log check that a question is in it."""
    told = _first(stage)
    ticket, file, key = told.reply.answer.ticket, stage.proof, stage.log_key
    proofs = stage.runner.signals.run(_proofs(stage, told))
    file.write_bytes(msgspec.json.encode(proofs))
    stage.screen.say(
        "Every question leaves two entries in a log that can only grow. The proof of the first question is written to "
        "a file. An outsider who has that file and the public key of the log, and nothing else, checks it; fields that "
        "are not opened stay secret. Then we change one word in the file."
    )
    read = msgspec.json.decode(file.read_bytes(), type=list[EntryProof])
    entries = [verify_entry_proof(one, [key]) for one in read]
    checkpoint = read_checkpoint(read[-1].inclusion.checkpoint)
    stage.screen.facts(
        [
            ("Ticket", str(ticket)),
            ("Proof", short(stage.proof)),
            ("Key of the log", str(key)),
            ("Checkpoint", f"size {checkpoint.size}, root {checkpoint.root.hex()[:32]}…"),
        ]
    )
    rows = [(str(entry["event"]), _moment(str(entry["at"])), ", ".join(sorted(entry))) for entry in entries]
    stage.screen.table(("entry", "Brussels time", "fields that were opened"), rows, whole=(1,))
    altered = _refused(read[0], key)
    ok = [entry["event"] for entry in entries] == [Event.QUESTION_DECIDED, Event.ANSWER_SENT] and bool(altered)
    proven = counted(len(entries), "entry", "entries")
    found = f"{proven} proven; the altered file is refused: {altered or 'no, it passed'}"
    return Outcome("two entries proven, the altered file refused", found, ok)


def usage(stage: Stage) -> Outcome:
    """Show what log and directory say about one person: what that person may see."""
    person = stage.made.cast.granted
    lines, inscribed, given = stage.runner.signals.run(_usage(stage, person.ssin))
    stage.screen.say(
        f"{person.name} may know who asked during this tour, why, and what came of it; also who tried and was refused, "
        "and who was told of a change. The log holds who asked what, and never what was answered."
    )
    answers = {line.ticket: line.fields["status"] for line in lines if line.event == Event.ANSWER_SENT}
    notices = [line for line in lines if line.event == Event.ITEM_DELIVERED and not line.fields["dataGroup"]]
    rows = [
        _row(stage, line, answers.get(line.ticket, line.fields.get("status", {})), given)
        for line in lines
        if line.event in _SHOWN_EVENTS and line not in notices
    ]
    stage.screen.table(("Brussels time", "who", "what and why", "outcome"), rows, whole=(0,))
    if notices:
        stage.screen.say(f"\nThe hub itself told of: {_counted(line.fields['kind'] for line in notices)}.")
    stage.screen.say("\nAnd who has this person on file, in which capacity, since when:")
    stage.screen.table(("who", "in which capacity", "when"), [_held(stage, line) for line in inscribed])
    known = Counter(line.event for line in lines)
    asked, refused, filed, told = (known[event] for event in _SHOWN_EVENTS)
    ok = {GENT, ANTWERPEN} <= {line.asker for line in lines} and all((refused, told, inscribed))
    asked_for = f"{counted(asked + refused + filed, 'question', 'questions')}, {refused} refused, {filed} in files"
    found = f"{asked_for}; {told} told of a change; {counted(len(inscribed), 'inscription', 'inscriptions')}"
    return Outcome("questions of two institutions, one refused; some told of a change", found, ok)


def _moment(text: str) -> str:
    return f"{in_brussels(datetime.fromisoformat(text)):%Y-%m-%d %H:%M:%S}"


async def _proofs(stage: Stage, told: Told) -> list[EntryProof]:
    async with services(stage.network.installation) as hub:
        return await hub.log.prove(told.reply.answer.ticket, _OPENED)


async def _usage(stage: Stage, ssin: str) -> tuple[tuple[UsageLine, ...], tuple[Line, ...], _Given]:
    now = datetime.now(UTC)
    async with services(stage.network.installation) as hub:
        believed = await hub.identity.as_believed_on(ssin, now)
        if believed is None:
            raise Refused("The hub does not know this person.")
        page = await hub.log.usage(believed.persons, stage.began, now, limit=_PAGE)
        filed = [_record(line) for line in page.lines if line.event == Event.BATCH_RECORD_DECIDED]
        given = await SeenStore(hub.pool).given_records(filed)
        return page.lines, await hub.directory.as_believed_on(ssin, now), given


def _record(line: UsageLine) -> tuple[UUID, int]:
    return UUID(line.fields["batch"]), int(line.fields["number"])


def _row(stage: Stage, line: UsageLine, status: dict[str, str], given: _Given) -> tuple[str, str, str, str]:
    fields = line.fields
    if line.event == Event.ITEM_DELIVERED:
        what = f"{stage.group(fields['dataGroup'])}: {fields['kind']}"
        return f"{in_brussels(line.at):%H:%M:%S}", stage.name(line.asker or ""), what, "told, without content"
    what = ", ".join(stage.group(group) for group in fields["groupsAsked"])
    why = stage.names["legal-contexts"].get(fields["legalContext"], fields["legalContext"])
    who = f"{stage.name(line.asker or '')}, {fields['agent']}"
    if line.event == Event.BATCH_RECORD_DECIDED:
        outcome = f"ended: {status['value']}" if status else _in_file(given.get(_record(line)))
        return f"{in_brussels(line.at):%H:%M:%S}", f"{who}, in a file", f"{what}, for: {why}", outcome
    refused = line.event == Event.QUESTION_REFUSED
    outcome = f"refused: {status.get('detail')}" if refused else f"answered: {status.get('value')}"
    return f"{in_brussels(line.at):%H:%M:%S}", who, f"{what}, for: {why}", outcome


def _in_file(given: list[tuple[str, str]] | None) -> str:
    """Say what came of a question of a file that was permitted: its answer is logged with those of its page."""
    if given is None:
        return "permitted, not answered yet"
    return f"answered: {StatusValue.DATA_FOUND}" if given else "answered, without data"


def _counted(kinds: Iterable[str]) -> str:
    return ", ".join(f"{kind.replace('-', ' ')} (to {count})" for kind, count in Counter(kinds).items())


def _held(stage: Stage, line: Line) -> tuple[str, str, str]:
    capacity = stage.names["inscription-contexts"].get(line.context, line.context)
    return stage.name(line.institution), capacity, f"{line.period.start_date} to {line.period.end_date or 'now'}"


def _refused(one: EntryProof, key: NoteVerifier) -> str:
    """Alter what a proof says of the asker, and give why it is refused; empty when it is not."""
    altered = msgspec.structs.replace(
        one, opened={**one.opened, "asker": Opening(value="somebody-else", salt=one.opened["asker"].salt)}
    )
    try:
        verify_entry_proof(altered, [key])
    except Tampered as error:
        return str(error)
    return ""


def _first(stage: Stage) -> Told:
    if stage.granted is None:
        raise Refused("The first question was not answered.")
    return stage.granted
