"""Pages for everybody: what this is, and how an attestation stands."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.status_codes import HTTP_429_TOO_MANY_REQUESTS

from crossroads.kernel.errors import InvalidValue, Refused, Unavailable
from crossroads.statuses.attestation_model import LENGTH, foreign_to, length_of
from crossroads.statuses.attesting import CHECK
from crossroads.statuses.pages.checking import Checked
from crossroads.statuses.pages.keeper import Keeper
from crossroads.statuses.verifying import MAXIMUM_BYTES
from crossroads.web.access import EVERYBODY, LOGGED_IN, form, page
from crossroads.web.look import clean
from crossroads.web.rates import peer_of
from crossroads.web.view import Looking, View

_FORM = MAXIMUM_BYTES + 16 * 1024
"""Bytes of a form with a file."""


@page("", EVERYBODY)
async def start(view: Looking, state: State) -> Response[str]:
    """Say what this is, and what one can do here."""
    keeper: Keeper = state.keeper
    return view.page("start.html", days=keeper.settings.kept_days)


@page("/me", LOGGED_IN)
async def me(view: Looking) -> Response[str]:
    """Show who is logged in."""
    return view.page("me.html")


@page(CHECK, EVERYBODY)
async def ask(view: Looking) -> Response[str]:
    """Let anybody type the code of an attestation, or choose the file."""
    return view.page("check.html")


@form(CHECK, EVERYBODY, files=_FORM, changes=False)
async def check(request: Request[Any, Any, Any], view: Looking, state: State) -> Response[str]:
    """Tell how an attestation stands; the code is in no address, and what was sent is kept nowhere."""
    keeper: Keeper = state.keeper
    wish = _wish(view, keeper, peer_of(request, behind_proxy=keeper.behind_proxy))
    if not view.form.good:
        return view.again("check.html")
    try:
        async with keeper.checks:
            checked = await asyncio.to_thread(wish)
    except Unavailable:
        return view.page("check.html", status=HTTP_429_TOO_MANY_REQUESTS, busy=True)
    except InvalidValue:
        view.form.fault("number", view.words.text("This is not the number of a person."))
    except Refused:
        view.form.fault(
            "number",
            view.words.text("Too many other numbers were given for this attestation. Its holder can have a new one."),
        )
    else:
        return _told(view, keeper, checked)
    return view.again("check.html")


def _wish(view: View, keeper: Keeper, peer: str) -> Callable[[], Checked]:
    """Read what is to be checked, and say what is wrong with it."""
    code, file = view.form["code"], view.form.files.get("file", b"")
    number = "".join(digit for digit in view.form["number"] if digit not in ". -") or None
    if not code and not file:
        view.form.fault("code", view.words.text("Type the code, or choose the file."))
    elif code and file:
        view.form.fault("code", view.words.text("Give the code or the file, not both."))
    elif code:
        _check_form(view, code)
    if file:
        return lambda: keeper.checking.by_file(file, number, peer)
    return lambda: keeper.checking.by_code(code, number, peer)


def _check_form(view: View, code: str) -> None:
    """Say what to look at in what cannot be a code. It is looked up nowhere, and no wrong guess."""
    typed = length_of(code)
    if typed != LENGTH:
        view.form.fault(
            "code",
            view.words.text(
                "A code has 28 letters and digits, in seven groups of four. You typed %(typed)s. Compare them with the "
                "code on the attestation.",
                typed=view.words.number(typed),
            ),
        )
    elif foreign := foreign_to(code):
        view.form.fault(
            "code",
            view.words.text(
                "A code has only the letters A to Z and the digits 2 to 7. Look at what you typed as: %(characters)s",
                characters=clean(" ".join(foreign)),
            ),
        )


def _told(view: View, keeper: Keeper, checked: Checked) -> Response[str]:
    right = keeper.rights.get(checked.verdict.right) if checked.verdict and checked.verdict.right else None
    view.form.values.clear()
    return view.page("checked.html", checked=checked, right=right)


ROUTES = (start, me, ask, check)
"""Pages for everybody."""
