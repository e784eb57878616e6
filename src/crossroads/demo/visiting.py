"""What to look at in a browser, once the tour is over."""

from crossroads.demo.pages import CENTRE, LOGIN, PORTAL, SOURCE
from crossroads.demo.personas import CLERK, MANAGER, SOURCE_CLERK
from crossroads.demo.questions import EMPLOYMENT
from crossroads.demo.stage import Stage


def visit(stage: Stage) -> None:
    """Print where portal and desks are, whom one can be there, and five things to do."""
    opening = stage.opening
    failed = opening.wanting(LOGIN, PORTAL, *(desk.name for desk in opening.pages.desks))
    stage.screen.title("Open it in a browser")
    if failed:
        stage.screen.say(f"Not all pages run: {failed} What follows may not work.")
    stage.screen.say(
        "The login asks whom you want to be; everybody there is invented. Two people at once: open a private window."
    )
    first, other = stage.made.cast.granted.name, stage.made.cast.twice.name
    stage.screen.table(
        ("what", "where", "whom you can be"),
        [
            ("The portal", opening.pages.portal.url, f"{first} or {other}, citizens"),
            (f"The desk of {stage.name(CENTRE)}", opening.pages.desk(CENTRE).url, _at_centre()),
            (f"The desk of {stage.name(SOURCE)}", opening.pages.desk(SOURCE).url, f"{SOURCE_CLERK.name}, staff"),
        ],
        whole=(1,),
    )
    for number, (what, address) in enumerate(_things(stage), start=1):
        stage.screen.say(f"\n{number}. {what}")
        # As one line however long: it must work when it is copied.
        stage.screen.console.print(f"     {address}", style="bold", soft_wrap=True, highlight=False, markup=False)
    stage.screen.say(
        f"\nAnd at the desk of {stage.name(CENTRE)}, ask as {CLERK.name} about {first} "
        f"({stage.made.cast.granted.ssin}): a moment later {first} sees that too."
    )


def _at_centre() -> str:
    return f"{CLERK.name}, staff, or {MANAGER.name}, local manager"


def _things(stage: Stage) -> tuple[tuple[str, str], ...]:
    portal, cast = stage.opening.pages.portal.url, stage.made.cast
    first, other = cast.granted.name, cast.twice.name
    return (
        (f"See who looked. Log in as {first}.", f"{portal}/en/me/usage"),
        (
            f"Fail to see what is another's. At a line open “Number and proof” and copy the address of the proof. In a "
            f"private window, log in as {other} and open it: there is no such page. No address names a person.",
            f"{portal}/en/me",
        ),
        (
            f"Report an error. As {first} have your data fetched from the sources, and beside “{stage.group(EMPLOYMENT)}” "
            "choose “This is wrong”.",
            f"{portal}/en/me/data",
        ),
        (
            f"See it arrive at the source. Log in as {SOURCE_CLERK.name}; what you answer, {first} finds at the portal "
            "under “What I reported”.",
            f"{stage.opening.pages.desk(SOURCE).url}/en/reports",
        ),
        (
            "Read the authorisation that allowed the look-up. Each line of “Who looked” leads to its own; this is the "
            "one of step 1 of the tour.",
            stage.allowed or f"{portal}/en/authorisations",
        ),
    )
