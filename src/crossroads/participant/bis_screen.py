"""Who was found, and what was done in the BIS register, as people read it."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from crossroads.participant.terminal import write
from crossroads.wire.messages import AnsweredSsin, PersonConfirmed
from crossroads.wire.persons import KnownParticulars, PersonCandidate, PersonCandidates, PersonChanged

_NOBODY_BY_NAME = (
    "Nobody was found. Only people of the BIS register are found by name: the hub knows no names of those who have a "
    "national number. Perhaps with first names, another spelling, or the year of birth alone: 1980-00-00."
)
_NOBODY_BY_NUMBER = "The hub does not know this number."


def show_found(found: PersonCandidates, *, by_name: bool) -> None:
    """Print who may be meant, the likeliest first."""
    console = Console(highlight=False, soft_wrap=True)
    if not found.items:
        console.print(_NOBODY_BY_NAME if by_name else _NOBODY_BY_NUMBER)
    for candidate in found.items:
        console.print(Text("\n".join(_lines(candidate, by_name=by_name))))
    if found.more:
        console.print("\nThere are others: search with more than you gave.")
    console.print(f"\nTicket {found.ticket}")


def show_done(done: PersonChanged | PersonConfirmed, what: str, then: str = "", *, json: bool) -> None:
    """Print what is recorded now."""
    if json:
        write(done)
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{_number(done.ssin)} {what}. {then}".strip())
    console.print(f"Ticket {done.ticket}, your reference {done.reference}", markup=False)


def _lines(candidate: PersonCandidate, *, by_name: bool) -> Iterator[str]:
    reasons = ", ".join(reason.lower().replace("_", " ") for reason in candidate.reasons)
    yield _number(candidate.ssin) + (f"  likeness {candidate.score:.2f} of 1: {reasons}" if by_name else "")
    if not candidate.known:
        yield "  nothing is recorded of this person in the BIS register"
    for known in candidate.known:
        yield f"  {_particulars(known)}"


def _number(ssin: AnsweredSsin) -> str:
    return ssin.value + (f" (was {ssin.replaces})" if ssin.replaces else "")


def _particulars(known: KnownParticulars) -> str:
    who = " ".join(filter(None, (known.last_name, known.first_names)))
    said = f"{who}, born {known.birth_date}" + (f", {known.sex}" if known.sex else "")
    return f"{said} ({'shown by the person' if known.truth == 'shown' else 'said by a register'})"
