"""The tour: each step is really carried out, over HTTP, by client, hub and participants."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crossroads.demo import batches, changes, dishonest, letters, mistakes, newcomer, portal, questions, rights, traces
from crossroads.demo.mailboxes import Held
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import Stage
from crossroads.kernel.errors import CrossroadsError


class Step(NamedTuple):
    """A step with its name."""

    title: str
    play: Callable[[Stage], Outcome]


FIRST = Step("A question that is granted", questions.granted)
OTHERS = (
    Step("Refused: the person is not on file", questions.not_inscribed),
    Step("Refused: the period is not covered", questions.not_covered),
    Step("Filtered: one thing is not authorised", questions.filtered),
    Step("A sealed block", traces.sealed),
    Step("A number that was replaced", questions.replaced),
    Step("Two holders, one after the other", questions.two_holders),
    Step("A source that is down", questions.source_down),
    Step("A change of address", changes.moved),
    Step("A person without a number", newcomer.newcomer),
    Step("An error, reported and corrected", mistakes.mistaken),
    Step("Thousands of questions in one file", batches.many),
    Step("Rights without asking", rights.entitled),
    Step("A hub that slips in its own key", dishonest.own_key),
    Step("A hub that invents a question", dishonest.invented_question),
    Step("The proof of one ticket", traces.proof),
    Step("What is known of who asked", traces.usage),
    Step("A letter in the box of a person", letters.sent),
    Step("The same at the portal, for the person alone", portal.who_looked),
)


def play(stage: Stage, step: Step, number: int) -> tuple[str, Outcome]:
    """Play a step and show how it ended; what goes wrong in it is an outcome too."""
    stage.screen.title(f"{number}. {step.title}")
    try:
        outcome = step.play(stage)
    except Held as held:
        outcome = Outcome("what came to the mailboxes", f"left out. {held}", ok=None)
    except CrossroadsError as error:
        outcome = Outcome("the step to be played to its end", f"{type(error).__name__}: {error}", ok=False)
    stage.runner.signals.check()
    stage.screen.outcome(outcome)
    return step.title, outcome


def failures(played: Sequence[tuple[str, Outcome]]) -> list[str]:
    """Give the steps whose outcome is not the expected one."""
    return [title for title, outcome in played if outcome.ok is False]
