"""The step of the tour in which somebody looks at the portal who looked: by HTTP, as a browser would."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from crossroads.demo.browser import Browser, Page, Piece
from crossroads.demo.pages import LOGIN, PORTAL
from crossroads.demo.personas import CITIZEN, OTHER
from crossroads.demo.screen import Outcome
from crossroads.demo.stage import Stage
from crossroads.kernel.errors import Refused

_LOOKED = "/en/me/usage"
_NUMBER, _PROOF, _NEXT = "Number of this line: ", "Proof that this stands", "Next page"
_GIVEN, _ALLOWED = ": given by", "The authorisation that allows it"
_AUTHORISATIONS = "/authorisations/"
_HEADINGS = ("h2", "h3", "h4")
_OK, _NOT_FOUND = 200, 404

Line = Sequence[Piece]
"""What stands in the frame of one line."""


def who_looked(stage: Stage) -> Outcome:
    """Open the page as nobody, as the person, and what the person was shown as somebody else."""
    person, other = stage.made.cast.granted, stage.made.cast.twice
    with stage.screen.console.status("Waiting for the portal"):
        failed = stage.opening.wanting(LOGIN, PORTAL)
    if failed:
        return Outcome("the portal to show it", f"left out: {failed}", ok=None)
    stage.screen.say(
        f"{person.name} need not believe this screen, and opens the portal. It is an institution like others: what it "
        "shows it asks of the hub, signed with its own keys, and that is logged too. We do as a browser does: open the "
        f"page without login, log in as {person.name}, and open as {other.name} what {person.name} was shown."
    )
    address = stage.opening.pages.portal.url + _LOOKED
    with Browser() as nobody, Browser() as first, Browser() as second:
        stranger = nobody.open(address)
        line = _line_of(stage, first, _logged_in(first, address, CITIZEN))
        _logged_in(second, address, OTHER)
        elsewhere = second.open(_leads(line, _PROOF))
    _show(stage, line)
    stage.allowed = _leads(line, _ALLOWED)
    closed = not any(_lines(stranger)) and stranger.url.startswith(stage.opening.pages.login.url)
    found = (
        f"{person.name} sees the question of step 1; without login comes {'the login' if closed else 'the page'}; "
        f"{other.name} gets {elsewhere.status}"
    )
    return Outcome(
        f"the question of step 1, the login, and {_NOT_FOUND}", found, closed and elsewhere.status == _NOT_FOUND
    )


def _logged_in(browser: Browser, address: str, persona: str) -> Page:
    """Open a page, choose whom to be where the login asks, and give the page. Raises Refused."""
    choice = browser.open(address)
    page = browser.send(choice.url.split("?")[0], choice.hidden | {"persona": persona})
    if (page.url, page.status) != (address, _OK):
        raise Refused(f"The login led to {page.url.split('?')[0]} ({page.status}).")
    return page


def _line_of(stage: Stage, browser: Browser, page: Page) -> Line:
    """Find the line of the first question, on this page or a later one. Raises Refused."""
    if stage.granted is None:
        raise Refused("The first question was not answered.")
    number = f"{_NUMBER}{stage.granted.reply.answer.ticket}"
    while True:
        for line in _lines(page):
            if any(piece.text == number for piece in line):
                return line
        page = browser.open(_leads(page.pieces, _NEXT))


def _lines(page: Page) -> Iterator[Line]:
    """Give the lines of a page: each begins with a heading, and has a number."""
    starts = [at for at, piece in enumerate(page.pieces) if piece.tag in _HEADINGS]
    for start, end in pairwise([*starts, len(page.pieces)]):
        line = page.pieces[start:end]
        if any(piece.text.startswith(_NUMBER) for piece in line):
            yield line


def _leads(pieces: Sequence[Piece], text: str) -> str:
    """Give where the link with this text leads. Raises Refused."""
    for piece in pieces:
        if piece.tag == "a" and piece.text.startswith(text):
            return piece.href
    raise Refused(f"The portal shows no “{text}” where it should.")


def _show(stage: Stage, line: Line) -> None:
    facts = [piece.text for piece in line if piece.tag in ("dt", "dd")]
    told = dict(zip(facts[::2], facts[1::2], strict=True))
    groups = [piece.text.split(_GIVEN)[0] for piece in line if piece.tag == "li"]
    allowed = {
        piece.href.partition("?")[0].rpartition(_AUTHORISATIONS)[2]
        for piece in line
        if piece.tag == "a" and piece.text.startswith(_ALLOWED)
    }
    rows = [("Who", line[0].text), *((name, told.get(name, "")) for name in ("What", "When", "Why"))]
    rows += [("Which data", ", ".join(groups)), ("Allowed by", ", ".join(sorted(allowed)))]
    stage.screen.facts([*rows, ("Outcome", next(piece.text for piece in line if piece.tag == "strong"))])
