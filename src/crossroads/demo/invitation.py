"""What to try next, once the tour is over."""

import os
import shlex

from crossroads.demo import clients
from crossroads.demo.batches import ASKER, PEOPLE, WAGES, WHY
from crossroads.demo.changes import NOT_TOLD
from crossroads.demo.institutions import REGISTER
from crossroads.demo.questions import EMPLOYMENT, IDENTIFICATION
from crossroads.demo.stage import GENT, INQUIRY, Stage
from crossroads.participant.typed import program, short


def invite(stage: Stage) -> None:
    """Print commands that work now, each with a word on what it shows."""
    person, hub = stage.made.cast.granted, stage.hub
    period = stage.until_today(stage.months_ago(9))
    home = f"CROSSROADS_HOME={short(stage.network.home)} "
    same = f"CROSSROADS_HOME={shlex.quote(os.environ['CROSSROADS_HOME'])} " if "CROSSROADS_HOME" in os.environ else ""
    command, asked = program(), f"--period {period.start_date}/{period.last} {IDENTIFICATION} {EMPLOYMENT}"
    asked_of = " ".join((str(stage.change), GENT, *NOT_TOLD))

    def settings(institution: str) -> str:
        return short(stage.network.member(institution).settings)

    people = short(stage.network.member(ASKER).folder / PEOPLE)
    keeper = short(clients.settings(stage.network.member(clients.STATUSES)))
    customers = short(stage.network.member("fod-economie").folder / clients.CUSTOMERS)
    stage.screen.title("Try it yourself")
    stage.screen.say("The network stays up until you press Ctrl-C. In another terminal, in this folder:")
    for what, line in (
        (
            f"Ask as {stage.name(GENT)} about {person.name}:",
            f"echo {person.ssin} | {same}{command} ask --as {GENT} --legal-context {INQUIRY} --ssin - {asked}",
        ),
        ("See who may ask what, and why:", f"curl -s {hub}/v1/authorisations"),
        ("See whether the hub is well:", f"curl -s {hub}/health"),
        ("See the newest checkpoint of the log:", f"curl -s {hub}/v1/log/checkpoint"),
        (
            "Check the proof of the first question, with nothing but the public key of the log:",
            f"{command} audit check {short(stage.proof)} --log-key {stage.log_key}",
        ),
        ("Compute the whole log anew, as an auditor would:", f"{home}{command} audit verify"),
        (
            "See who inscribed somebody, asked, and has no file any more; the tour did, with its two holders:",
            f"{home}{command} audit patterns",
        ),
        ("Prove that nobody has a living wage from two centres at once:", f"{home}{command} directory check"),
        (
            "See why one is told of the change of address and another not:",
            f"{home}{command} mailboxes why {asked_of}",
        ),
        ("See again what came to the mailbox of Gent:", f"{command} mailbox pull {settings(GENT)} --from 1"),
        ("See the errors that were reported, and what became of them:", f"{home}{command} mailboxes reports --all"),
        (
            f"Send a file of questions as {stage.name(ASKER)}, and wait until all are answered:",
            f"{command} batch submit {settings(ASKER)} {people} --legal-context {WHY} --data-group {WAGES} --wait",
        ),
        (f"See the files of questions that {stage.name(ASKER)} sent:", f"{command} batch list {settings(ASKER)}"),
        (
            f"Invite who may have a right and is no customer; {person.name} finds that at the portal, under “My box”:",
            f"{command} statuses invite {keeper} {customers} --right culture-pass",
        ),
        (
            "See how many changes the register told the hub of, and why any was refused:",
            f"{command} participant outbox show {settings(REGISTER)}",
        ),
    ):
        stage.screen.say(f"\n{what}")
        # As one line however long: it must work when it is copied.
        stage.screen.console.print(f"  {line}", style="bold", soft_wrap=True, highlight=False, markup=False)
