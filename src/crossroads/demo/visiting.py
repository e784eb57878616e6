"""What to look at in a browser, once the tour is over."""

from collections.abc import Iterator

from crossroads.demo.pages import CENTRE, SOURCE
from crossroads.demo.personas import CLERK, MANAGER, SOURCE_CLERK
from crossroads.demo.questions import EMPLOYMENT
from crossroads.demo.stage import Stage


def visit(stage: Stage) -> None:
    """Print where portal, rights and desks are, whom one can be there, and six things to do."""
    pages = stage.opening.pages
    stage.screen.title("Open it in a browser")
    stage.screen.say(
        "The login asks whom you want to be; everybody there is invented. Two people at once: open a private window."
    )
    first, other = stage.made.cast.granted.name, stage.made.cast.twice.name
    stage.screen.table(
        ("what", "where", "whom you can be"),
        [
            ("The portal", pages.portal.url, f"{first} or {other}, citizens"),
            ("Pages about rights", pages.rights.url, f"{first} or {other}; verifying needs no login"),
            (f"The desk of {stage.name(CENTRE)}", pages.desk(CENTRE).url, _at_centre()),
            (f"The desk of {stage.name(SOURCE)}", pages.desk(SOURCE).url, f"{SOURCE_CLERK.name}, staff"),
        ],
        whole=(1,),
    )
    for number, (what, address) in enumerate(_things(stage), start=1):
        stage.screen.say(f"\n{number}. {what}")
        # As one line however long: it must work when it is copied.
        stage.screen.console.print(f"     {address}", style="bold", soft_wrap=True, highlight=False, markup=False)
    stage.screen.say(
        f"\nAnd at the desk of {stage.name(CENTRE)}, ask as {CLERK.name} about {first} "
        f"({stage.made.cast.granted.ssin}): a moment later {first} sees that too. "
        "At the portal, “My data” also tells which statuses are known and which rights they open, and “My box” has two "
        "letters of that centre. There you can log in as a parent, an operator, a security officer or a member of the "
        "committee too: the login says who."
    )


def _at_centre() -> str:
    return f"{CLERK.name}, staff, or {MANAGER.name}, local manager"


def _things(stage: Stage) -> Iterator[tuple[str, str]]:
    """Give what to do, and where."""
    portal, cast = stage.opening.pages.portal.url, stage.made.cast
    first, other = cast.granted.name, cast.twice.name
    yield f"See who looked. Log in as {first}.", f"{portal}/en/me/usage"
    fail = (
        "Fail to see what is another's. At a line of “Who looked” open “Details and proof” and copy the address of the "
        f"proof. In a private window log in as {other} and open that: there is no such page. No address names a person."
    )
    yield fail, f"{portal}/en/me"
    report = (
        f"Report an error. As {first} have your data fetched from the sources, and beside "
        f"“{stage.group(EMPLOYMENT)}” choose “This is wrong”."
    )
    yield report, f"{portal}/en/me/data"
    arrive = (
        f"See it arrive at the source. Log in as {SOURCE_CLERK.name}, open the report and take its item from the "
        f"mailbox: then it says about whom it is. What you answer, {first} finds at the portal "
        "under “What I reported”."
    )
    yield arrive, f"{stage.opening.pages.desk(SOURCE).url}/en/reports"
    read = (
        "Read the authorisation that allowed the look-up. Lines of “Who looked” with data lead to theirs; this is "
        "the one of step 1 of the tour."
    )
    yield read, stage.allowed or f"{portal}/en/authorisations"
    take = (
        f"Take a right along. Log in as {first}, have an attestation made, and log out: anybody can verify it there. "
        f"{first} can also withdraw, and come back: at the next start of the demo the sources are asked again."
    )
    yield take, f"{stage.opening.pages.rights.url}/en/mine"
