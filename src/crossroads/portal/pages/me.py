"""Who is logged in."""

from litestar import Response

from crossroads.web.access import LOGGED_IN, page
from crossroads.web.view import Looking


@page("/me", LOGGED_IN)
async def me(view: Looking) -> Response[str]:
    """Show who is logged in, since when, and how sure that is."""
    return view.page("me/me.html")


ROUTES = (me,)
"""Pages about the login itself."""
