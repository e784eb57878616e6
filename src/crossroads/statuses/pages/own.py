"""Pages of a person about itself: what is held, attestations, and leaving what is held."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from litestar import Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_403_FORBIDDEN

from crossroads.kernel.errors import Refused
from crossroads.statuses.deeds import Deed, What
from crossroads.statuses.pages.keeper import MOST_ATTESTED, Keeper, Mine, TooMany
from crossroads.web.access import Needs, form, page
from crossroads.web.languages import LANGUAGES
from crossroads.web.sessions import Level
from crossroads.web.view import Looking, OwnFailure

PERSON = Needs(Level.SUBSTANTIAL)
"""As sure as the portal must be who somebody is."""


class Person(NamedTuple):
    """Who looks, as a person with a number, and the institution that is asked."""

    ssin: str
    keeper: Keeper
    language: str

    async def mine(self) -> Mine:
        """Give all that is held of the person."""
        return await self.keeper.mine(self.ssin, self.language)


async def provide_person(view: Looking, state: State) -> Person:
    """Give who looks. Raises OwnFailure for a login that does not tell the number of the person."""
    if view.somebody.ssin is None:
        raise OwnFailure(HTTP_403_FORBIDDEN, "failures/nobody.html")
    return Person(view.somebody.ssin, state.keeper, view.language)


Present = NamedDependency[SkipValidation[Person]]


@page("/mine", PERSON)
async def mine(view: Looking, person: Present) -> Response[str]:
    """Show what is held of the person, and what it did here."""
    await person.keeper.deeds.looked(person.ssin)
    did = await person.keeper.did(person.ssin)
    found, keeper = await person.mine(), person.keeper
    return view.page("mine.html", mine=found, did=did, came_back=_came_back(did), keeper=keeper)


def _came_back(did: Iterable[Deed]) -> datetime | None:
    """Give when a withdrawal was taken back, if that is the last that is known of one; the newest act comes first."""
    every = (one for one in did if one.state == "done" and one.what in (What.WITHDREW, What.CAME_BACK))
    last = next(every, None)
    return last.at if last and last.what is What.CAME_BACK else None


@page("/mine/attestation", PERSON)
async def attestation(view: Looking, person: Present) -> Response[str]:
    """Let the person choose a right to take along on paper."""
    return view.page("attestation.html", mine=await person.mine(), keeper=person.keeper)


@form("/mine/attestation", PERSON)
async def attest(view: Looking, person: Present) -> Response[bytes] | Response[str]:
    """Give an attestation of a right: a file, of which nothing is kept by which it could be found."""
    found = await person.mine()
    right, language, day = view.form["right"], view.form["language"] or view.language, view.day("day")
    if right not in {one.id for one in found.rights if one.right}:
        view.form.fault("right", view.words.text("Choose a right."))
    if language not in LANGUAGES:
        view.form.fault("language", view.words.text("Choose a language."))
    if view.form.good:
        try:
            made = await person.keeper.attest(person.ssin, right, language, day)
        except TooMany:
            view.form.fault("right", view.words.text("You had %(most)s made today. Try tomorrow.", most=MOST_ATTESTED))
        except Refused:
            view.form.fault("right", view.words.text("You do not have this right on that day. Nothing was made."))
        else:
            name = f"{right}-{day or made.statement.made}.pdf"
            named = {"content-disposition": f'attachment; filename="{name}"'}
            return Response(made.pdf, status_code=HTTP_200_OK, media_type="application/pdf", headers=named)
    return view.again("attestation.html", mine=found, keeper=person.keeper)


@page("/mine/withdraw", PERSON)
async def leaving(view: Looking, person: Present) -> Response[str]:
    """Say what it means to withdraw, before it is done."""
    return view.page("withdraw.html", mine=await person.mine(), keeper=person.keeper)


@form("/mine/withdraw", PERSON)
async def withdraw(view: Looking, person: Present) -> Response[str]:
    """Leave the person out from now on. Raises Refused where the law does not allow it."""
    if view.form["sure"] != "yes":
        view.form.fault("sure", view.words.text("Say that you want this."))
        return view.again("withdraw.html", mine=await person.mine(), keeper=person.keeper)
    await person.keeper.withdraw(person.ssin)
    return view.to("/mine")


@page("/mine/return", PERSON)
async def returning(view: Looking, person: Present) -> Response[str]:
    """Say what it means to come back, before it is done."""
    return view.page("return.html", mine=await person.mine())


@form("/mine/return", PERSON)
async def come_back(view: Looking, person: Present) -> Response[str]:
    """Take the withdrawal back."""
    await person.keeper.come_back(person.ssin)
    return view.to("/mine")


ROUTES = (mine, attestation, attest, leaving, withdraw, returning, come_back)
"""Pages of a person."""
