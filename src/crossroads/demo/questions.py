"""The steps of the tour in which an institution asks, and is answered or refused."""

from crossroads.demo.population.chance import add_months
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import ANTWERPEN, DAY, GENT, Stage, Told, Wish
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.wire.messages import InscriptionEvidence, InscriptionLine, Status

IDENTIFICATION, EMPLOYMENT, DISABILITY = "identification@1", "employment-relations@1", "handicap-file@1"
WAGES, LIVING_WAGE, PENSION_ACCOUNT = "wages-working-time@1", "living-wage@1", "pension-account@1"
_INQUIRY = (IDENTIFICATION, EMPLOYMENT, WAGES, DISABILITY, "health-insurability@1")
_SLOW_SOURCE = "dgph"
_EARLIER_MONTHS = 6


def granted(stage: Stage) -> Outcome:
    """Ask several sources; the asker opens each block."""
    person = stage.made.cast.granted
    stage.screen.say(
        "The public welfare centre of Gent examines a request for aid. It has the person on file and a committee "
        "authorised the question, so the hub asks all who know the person, at once. Each answers from its own database."
    )
    wish = Wish(GENT, person, _INQUIRY, stage.until_today(stage.months_ago(9)))
    told = _asked(stage, wish)
    stage.granted = told
    count = len(told.reply.blocks)
    ok = told.reply.answer.status.value is StatusValue.DATA_FOUND and count == len(_INQUIRY) and not told.reply.rejected
    sources = len(told.reply.answer.sources)
    found = f"answered: {count} blocks from {sources} sources, opened and checked, in {told.milliseconds} ms"
    return Outcome(f"{len(_INQUIRY)} blocks of data", found, ok)


def not_inscribed(stage: Stage) -> Outcome:
    """Ask without a file on the person: nothing comes, not even whether the person exists."""
    stage.screen.say(
        "Another centre asks the same about the same person, and has no file. It gets nothing, and nobody is asked. "
        "Then it asks about a number that nobody has: the refusal is the same word for word, so it learns nothing."
    )
    wish = Wish(ANTWERPEN, stage.made.cast.granted, _INQUIRY, stage.until_today(stage.months_ago(9)))
    known = _asked(stage, wish)
    unknown = stage.ask(wish._replace(number=stage.made.cast.nobody))
    same = _refusal(known) == _refusal(unknown)
    detail = known.reply.answer.status.detail
    ok = same and detail == Code.DETAIL_NOT_INSCRIBED and not known.reply.answer.sources
    found = f"refused: {detail}; {_same(same)} for the number of nobody"
    return Outcome(f"{Code.DETAIL_NOT_INSCRIBED}, twice", found, ok)


def not_covered(stage: Stage) -> Outcome:
    """Ask for a period that the file of the asker does not wholly cover: it is refused, not cut to fit."""
    person = stage.made.cast.recent
    stage.screen.say(
        f"The centre of Gent has this person on file since {person.since}. It asks about the whole last year. "
        "A period that its file does not wholly cover is refused, not quietly shortened."
    )
    told = _asked(stage, Wish(GENT, person, (EMPLOYMENT,), stage.until_today(stage.months_ago(12))))
    return _refused(told, Code.DETAIL_PERIOD_NOT_COVERED)


def filtered(stage: Stage) -> Outcome:
    """Ask for one data group without authorisation: it is left out with its reason, the rest is answered."""
    stage.screen.say(
        "The centre asks one thing more: the pension account. No authorisation covers that for a social inquiry. "
        "It is left out, with the reason; the rest is answered."
    )
    groups = (IDENTIFICATION, PENSION_ACCOUNT)
    told = _asked(stage, Wish(GENT, stage.made.cast.granted, groups, stage.until_today(stage.months_ago(3))))
    withheld = [group.data_group for group in told.reply.answer.filtered]
    ok = told.reply.answer.status.value is StatusValue.DATA_FOUND and withheld == [PENSION_ACCOUNT]
    codes = ", ".join(group.code for group in told.reply.answer.filtered)
    return Outcome(f"{PENSION_ACCOUNT} left out", f"answered, but for {', '.join(withheld)} ({codes})", ok)


def replaced(stage: Stage) -> Outcome:
    """Ask under a number of before: it is answered, with the number of today."""
    person, former = stage.made.cast.granted, stage.made.cast.former
    stage.screen.say(
        "People get another number: a birth date was wrong, a temporary number became a permanent one. "
        "The centre asks under the number of before. It is answered, and told the number of today."
    )
    wish = Wish(GENT, person, (IDENTIFICATION, DISABILITY), stage.until_today(stage.months_ago(3)), former)
    told = _asked(stage, wish)
    answered = told.reply.answer.ssin
    ok = (answered.value, answered.replaces) == (person.ssin, former) and len(told.reply.blocks) == len(wish.groups)
    found = f"answered: {answered.replaces} is now {answered.value}"
    return Outcome(f"{person.ssin} in place of {former}", found, ok)


def two_holders(stage: Stage) -> Outcome:
    """Ask for one data group that two institutions held, one after the other."""
    person = stage.made.cast.twice
    earlier = Period(add_months(person.since, -_EARLIER_MONTHS), person.since - DAY)
    stage.screen.say(
        f"This person moved, and the living wage went on at another centre. Gent reviews the time before "
        f"{person.since}: it first inscribes the person for that time, with the document that shows why it may. The "
        "hub knows who held the file when, and asks each centre only for its own days. A record may begin before the "
        "days asked, because it covers them; only the days asked decide who is asked."
    )
    stage.client(GENT).inscribe(_inscription(person.ssin, earlier))
    told = _asked(stage, Wish(GENT, person, (LIVING_WAGE,), stage.until_today(earlier.start_date)))
    found = {block.source: block.period for block in told.reply.blocks}
    ok = found == {ANTWERPEN: earlier, GENT: stage.until_today(person.since)}
    text = " and ".join(
        f"{stage.name(name)} for {period.start_date} to {period.last}" for name, period in found.items()
    )
    return Outcome("two holders, each for its own days", f"answered: {text}", ok)


def source_down(stage: Stage) -> Outcome:
    """Stop a source: it is named, the others answer. Then start it again."""
    name = stage.name(_SLOW_SOURCE)
    stage.screen.say(
        f"We stop the program of the source “{name}” and ask. The answer says that it is incomplete and who is "
        "missing: the hub never invents. Then we start the program again."
    )
    stage.network.processes.stop(_SLOW_SOURCE)
    groups = (IDENTIFICATION, EMPLOYMENT, DISABILITY)
    wish = Wish(GENT, stage.made.cast.granted, groups, stage.until_today(stage.months_ago(3)))
    told = _asked(stage, wish)
    with stage.screen.console.status(f"Starting {name} again"):
        stage.runner.restart(_SLOW_SOURCE)
    again = stage.ask(wish)
    missing = [
        source.institution for source in told.reply.answer.sources if source.status is StatusValue.TECHNICAL_ERROR
    ]
    ok = (told.reply.answer.status.value, missing) == (StatusValue.INCOMPLETE_DATA, [_SLOW_SOURCE])
    ok = ok and again.reply.answer.status.value is StatusValue.DATA_FOUND
    found = f"incomplete, and says so: {', '.join(missing)} is missing; once it runs again: {again.status}"
    return Outcome(f"{StatusValue.INCOMPLETE_DATA}, missing: {_SLOW_SOURCE}", found, ok)


def _asked(stage: Stage, wish: Wish) -> Told:
    stage.show_question(wish)
    told = stage.ask(wish)
    stage.show_answer(told)
    return told


def _refused(told: Told, detail: Code) -> Outcome:
    answer = told.reply.answer
    ok = (answer.status.value, answer.status.detail) == (StatusValue.NO_RESULT, detail) and not answer.sources
    return Outcome(str(detail), f"refused: {answer.status.detail}; nobody was asked", ok)


def _refusal(told: Told) -> tuple[Status, tuple[object, ...], tuple[object, ...]]:
    """Give all that a refusal says, but for its ticket and times."""
    answer = told.reply.answer
    return answer.status, answer.filtered, answer.sources


def _same(same: bool) -> str:  # noqa: FBT001 - a word for a truth
    return "the same" if same else "another answer"


def _inscription(ssin: str, period: Period) -> InscriptionLine:
    return InscriptionLine(
        reference=f"review-{period.start_date}",
        institution=GENT,
        ssin=ssin,
        context="17:1",
        period=period,
        evidence=InscriptionEvidence(kind="document", value="demo-document-1"),
    )
