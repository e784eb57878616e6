"""The step of the tour about somebody without a national number: created, found again, handed to the register."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from crossroads.demo import register
from crossroads.demo.mailboxes import Mail
from crossroads.demo.population.people import mock_ssin
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import ANTWERPEN, CLERK, GENT, INQUIRY, Stage
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.period import Period
from crossroads.wire.messages import AnsweredSsin, InscriptionEvidence, InscriptionLine
from crossroads.wire.mutations import Item, NoticeKind
from crossroads.wire.persons import (
    PersonCandidate,
    PersonCreation,
    PersonEvidence,
    PersonParticulars,
    PersonQuery,
    PersonReplacement,
    SearchedParticulars,
)

_FIRST_BIRTH, _DAYS = date(1960, 1, 1), 15_000
_DRAWS = 20
_NATIONAL_COUNTER = {Sex.MALE: 601, Sex.FEMALE: 602}
"""Those of the population count up from the first; those of the BIS register count down from the last."""
_PASSPORT = PersonEvidence(kind="passport", number="ILLUSTRATIVE-1", issuer="Illustria")


class _Name(NamedTuple):
    """An invented name as the passport has it, and as another clerk hears it."""

    last: str
    first: str
    heard_last: str
    heard_first: str
    sex: Sex


_NAMES = (
    _Name("El Khattabi", "Youssef", "Elkhatabi", "Yusuf", Sex.MALE),
    _Name("Öztürk", "Gülşen", "Osturk", "Gulsen", Sex.FEMALE),
    _Name("Vandenbroucke", "Mathilde", "Van den Broeke", "Matilde", Sex.FEMALE),
    _Name("Müller", "Joachim", "Mueller", "Joakim", Sex.MALE),
    _Name("Lefèvre", "Anaïs", "Lefebvre", "Anais", Sex.FEMALE),
)


class _Newcomer(NamedTuple):
    """Somebody whom nobody knows yet. Each tour has another one: those of earlier tours are known."""

    name: _Name
    birth: date

    @property
    def shown(self) -> PersonParticulars:
        """What the passport says."""
        return self._particulars(self.name.last, self.name.first)

    @property
    def heard(self) -> PersonParticulars:
        """What another clerk hears."""
        return self._particulars(self.name.heard_last, self.name.heard_first)

    @property
    def national(self) -> str:
        """The number that the register will give."""
        return str(mock_ssin(self.birth, _NATIONAL_COUNTER[self.name.sex]))

    def _particulars(self, last: str, first: str) -> PersonParticulars:
        return PersonParticulars(
            last_name=last, first_names=first, birth_date=self.birth.isoformat(), sex=self.name.sex
        )


class _Story(NamedTuple):
    """What came of the newcomer."""

    somebody: _Newcomer
    number: str
    refusal: Code | None
    found: Sequence[PersonCandidate]
    after: AnsweredSsin


def newcomer(stage: Stage) -> Outcome:
    """Give a number to somebody who has none, find the person by a misspelt name, and hand over to the register."""
    somebody = _unknown(stage)
    shown, heard = somebody.shown, somebody.heard
    stage.screen.say(
        f"{shown.first_names} {shown.last_name} comes from abroad, shows a passport to the centre of Gent and has no "
        "national number. The clerk searches: nobody. So the centre asks for a number of the BIS register. Later, "
        f"the centre of Antwerpen hears “{heard.first_names} {heard.last_name}” and wants to do the same."
    )
    number = _created(stage, GENT, shown)
    stage.client(GENT).inscribe(_file(number))
    refusal = _refusal(stage, heard)
    found = _found(stage, ANTWERPEN, heard)
    with stage.screen.console.status("The register gives a national number, and who has a file is told"):
        after = _handed_over(stage, somebody, number)
    _show(stage, _Story(somebody, number, refusal, found, after))
    first = found[0] if found else None
    ok = refusal == Code.PERSON_SUSPECTED_DUPLICATE and first is not None and first.ssin.value == number
    ok = ok and after == AnsweredSsin(value=somebody.national, replaces=number)
    text = f"created, not created twice, found under a wrong name; {after.replaces} is now {after.value}"
    return Outcome(f"{Code.PERSON_SUSPECTED_DUPLICATE}, found first, replaced by {somebody.national}", text, ok)


def _unknown(stage: Stage) -> _Newcomer:
    """Give somebody whom a search does not find."""
    for _ in range(_DRAWS):
        birth = _FIRST_BIRTH + timedelta(days=secrets.randbelow(_DAYS))
        somebody = _Newcomer(secrets.choice(_NAMES), birth)
        if not _found(stage, GENT, somebody.shown):
            return somebody
    raise Refused("Everybody who could come is known already.")


def _created(stage: Stage, institution: str, shown: PersonParticulars) -> str:
    request = PersonCreation(reference=uuid4().hex, particulars=shown, evidence=_PASSPORT)
    return stage.client(institution).create_person(request).ssin.value


def _refusal(stage: Stage, heard: PersonParticulars) -> Code | None:
    """Give why the second centre gets no second number for the same person."""
    try:
        _created(stage, ANTWERPEN, heard)
    except CrossroadsError as error:
        return error.code
    return None


def _found(stage: Stage, institution: str, person: PersonParticulars) -> Sequence[PersonCandidate]:
    searched = SearchedParticulars(
        last_name=person.last_name, first_names=person.first_names, birth_date=person.birth_date
    )
    query = PersonQuery(agent=CLERK, legal_context=INQUIRY, particulars=searched)
    return stage.client(institution).find_persons(query).items


def _file(number: str) -> InscriptionLine:
    """Give the line by which the centre of Gent says that it has a file on the person."""
    return InscriptionLine(
        reference=f"newcomer-{uuid4().hex}",
        institution=GENT,
        ssin=number,
        context="17:1",
        period=Period(brussels_day(datetime.now(UTC))),
        evidence=InscriptionEvidence(kind="document", value="demo-document-2"),
    )


def _handed_over(stage: Stage, somebody: _Newcomer, number: str) -> AnsweredSsin:
    """Let the register give a national number and have it replace the BIS number; give what who has a file is told."""
    today = brussels_day(datetime.now(UTC))
    register.admit(
        stage,
        {
            "ssin": somebody.national,
            "start_date": today.isoformat(),
            "last_name": somebody.name.last,
            "first_names": somebody.name.first,
            "birth_date": somebody.birth.isoformat(),
            "sex": somebody.name.sex.value,
        },
    )
    request = PersonReplacement(
        reference=uuid4().hex, ssin=number, national=somebody.national, since=today, reason="registered as a resident"
    )
    stage.client(GENT).replace_number(request)
    item = Mail(stage).await_item(GENT, lambda item: _replaced(item, number))
    if item.notice is None:
        raise Refused("The item is no notice.")
    return item.notice.ssin


def _replaced(item: Item, number: str) -> bool:
    notice = item.notice
    return notice is not None and notice.kind is NoticeKind.NUMBER_REPLACED and notice.ssin.replaces == number


def _show(stage: Stage, story: _Story) -> None:
    shown, heard, after = story.somebody.shown, story.somebody.heard, story.after
    best = [(one.ssin.value, f"{one.score:.2f}", _reasons(one)) for one in story.found[:1]]
    stage.screen.facts(
        [
            ("Gent asks for a number", f"{story.number} for {shown.first_names} {shown.last_name}, {shown.birth_date}"),
            ("Antwerpen asks for one", f"refused: {story.refusal}; not a word of whom it may be"),
            ("Antwerpen searches", f"{heard.first_names} {heard.last_name}, {heard.birth_date}"),
            *((f"and finds {ssin}", f"likeness {score} of 1: {reasons}") for ssin, score, reasons in best),
            ("The person settles here", f"the register confirms {story.somebody.national} to the hub"),
            ("Gent's mailbox", f"the person whom you know as {after.replaces} is now {after.value}"),
        ]
    )
    stage.screen.say("\nBoth numbers go on naming one person: no file has to be rewritten, and none is lost.")


def _reasons(candidate: PersonCandidate) -> str:
    return ", ".join(reason.lower().replace("_", " ") for reason in candidate.reasons)
