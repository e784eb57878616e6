"""Who may see a page: every page says it, and one that says nothing is shown to nobody."""

from typing import Any, NamedTuple

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from crossroads.web.sessions import Level, Who

LANGUAGE = "/{language:str}"


class Needs(NamedTuple):
    """What it takes to see a page."""

    level: Level = Level.NONE
    """How sure it must be who somebody is; NONE, without roles, is a page for everybody."""
    roles: frozenset[str] = frozenset()
    """One of these; without any, whoever is logged in."""

    def lets_in(self, who: Who | None) -> bool:
        """Tell whether somebody may see it; also that the level of the login suffices."""
        if self.level is Level.NONE and not self.roles:
            return True
        return who is not None and who.level >= self.level and (not self.roles or bool(self.roles & who.roles))


EVERYBODY = Needs()
LOGGED_IN = Needs(Level.LOW)


def page(path: str, needs: Needs, **options: Any) -> HTTPRouteHandler:
    """Make a handler a page, in every language: `/institutions` is `/{language}/institutions`."""
    return get(f"{LANGUAGE}{path}".rstrip("/"), opt={"needs": needs}, **options)


def form(
    path: str, needs: Needs, *, files: int | None = None, changes: bool = True, **options: Any
) -> HTTPRouteHandler:
    """Make a handler what a form is sent to; its path is that of the page that shows the form.

    A form that takes files says how many bytes it takes at most, all fields together. One that changes nothing, and
    tells everybody the same, may come from a browser without a session, and as often as it likes.
    """
    if files is not None:
        options["request_max_body_size"] = files
    return post(f"{LANGUAGE}{path}", opt={"needs": needs, "files": files is not None, "changes": changes}, **options)
