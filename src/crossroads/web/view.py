"""What a handler knows of who looks, and how it answers: `View` is a dependency of every page."""

import hmac
from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY

from crossroads.kernel.errors import CrossroadsError
from crossroads.web.dates import read_birth, read_day, typed_day
from crossroads.web.forms import ACTING, Form, new_number
from crossroads.web.guard import take_draft
from crossroads.web.languages import LANGUAGES, Words, preferred
from crossroads.web.look import path_of
from crossroads.web.passage import Passage, passage_of
from crossroads.web.sessions import Visit, Who
from crossroads.web.site import Site

HTML = "text/html"
_ACTING = 32
"""Characters of what stands in a form for a person."""


class OwnFailure(CrossroadsError):
    """What does not go as it should, and is shown by a page of the program's own."""

    def __init__(self, status: int, template: str) -> None:
        """Keep both."""
        super().__init__()
        self.status, self.template = status, template


class View:
    """One request for a page, and the language it is in."""

    def __init__(self, site: Site, passage: Passage, path: str, query: str) -> None:
        """Keep what is known. Raises NotFoundException for a language that is none."""
        _, language, *rest = path.split("/")
        if language not in LANGUAGES:
            raise NotFoundException
        self.site, self.passage, self.language = site, passage, language
        self.path, self.query = "/" + "/".join(rest), query
        self.number = new_number()
        draft = self._draft() if passage.form is None else None
        self.restored = draft is not None
        """Whether the form holds what was typed before a session ended."""
        self.form = passage.form or draft or Form()

    @property
    def words(self) -> Words:
        """What is said in the language of the page."""
        return self.site.look.words(self.language)

    @property
    def visit(self) -> Visit | None:
        """The session of the browser, if it has one."""
        return self.passage.visit

    @property
    def who(self) -> Who | None:
        """Who is logged in."""
        return self.visit.who if self.visit else None

    @property
    def somebody(self) -> Who:
        """Who is logged in, on a page that needs it."""
        if self.who is None:
            raise NotFoundException
        return self.who

    def _draft(self) -> Form | None:
        if self.visit is None or self.who is None:
            return None
        return take_draft(self.visit, self.site.sessions.owner(self.who), self.path)

    @property
    def csrf(self) -> str:
        """What proves that a form is ours."""
        return self.visit.current.csrf if self.visit else ""

    @property
    def acting(self) -> str:
        """Give what stands in a form for the person for whom somebody acts now; it tells nothing of who that is."""
        if self.visit is None:
            return ""
        acted = msgspec.json.encode(self.visit.current.acting, order="deterministic")
        return hmac.new(self.visit.row.key, acted, "sha256").hexdigest()[:_ACTING]

    @property
    def still_acting(self) -> bool:
        """Whether the form that was sent was shown while one acted for the same person as now."""
        return hmac.compare_digest(self.acting.encode(), self.form.values.get(ACTING, "").encode())

    def day(self, field: str) -> date | None:
        """Give the day that was typed in the fields of `ui.day`; None where none was, or where it is none: a fault."""
        typed = typed_day(self.form, field)
        found = read_day(typed, self.words.locale)
        if typed and found is None:
            self.form.fault(field, self.words.text("There is no such day. Write day, month and year: 27 3 2026"))
        return found

    def birth(self, field: str) -> str | None:
        """Give the birth date that was typed in the fields of `ui.day` as `yyyy-mm-dd`, with 00 for what is unknown.

        None, and a fault, where none was or where it is none.
        """
        found = read_birth(typed_day(self.form, field), self.words.locale)
        if found is None:
            sentence = self.words.text("Write a birth date: 27 3 1980, or what is known of it: 3 1980, 1980")
            self.form.fault(field, sentence)
            return None
        return f"{found.year:04}-{found.month:02}-{found.day:02}"

    def at(self, path: str, **query: object) -> str:
        """Give the address of one of our pages in this language."""
        return path_of(f"/{self.language}{path}".rstrip("/"), **query)

    def in_language(self, language: str) -> str:
        """Give the address of this page in another language."""
        return path_of(f"/{language}{self.path}".rstrip("/")) + (f"?{self.query}" if self.query else "")

    def page(self, template: str, *, status: int = HTTP_200_OK, **values: Any) -> Response[str]:
        """Answer with a page. Templates find this view as `view`."""
        html = self.site.look.render(self.language, template, {"view": self, "site": self.site, **values})
        return Response(html, status_code=status, media_type=HTML)

    def again(self, template: str, **values: Any) -> Response[str]:
        """Show a form again, with what was typed and what is wrong."""
        return self.page(template, status=HTTP_422_UNPROCESSABLE_ENTITY, **values)

    def to(self, path: str, **query: object) -> Response[str]:
        """Lead the browser to another of our pages; after a form, so that going back or on sends nothing again."""
        return lead(self.at(path, **query))


def lead(address: str) -> Response[str]:
    """Lead the browser to an address."""
    return Response("", status_code=HTTP_303_SEE_OTHER, media_type=HTML, headers={"location": address})


def lead_to_language(request: Request[Any, Any, Any], path: str = "", query: str = "") -> Response[str]:
    """Lead a browser whose address names no language to one that it asks for."""
    language = preferred(request.headers.get("accept-language"))
    answer = lead(path_of(f"/{language}{path}") + (f"?{query}" if query else ""))
    answer.headers |= {"vary": "accept-language", "cache-control": "no-store"}
    return answer


async def provide_view(request: Request[Any, Any, Any], state: State) -> View:
    """Give the view of a request."""
    # Not by the URL: that is put together from a header in which anybody may write what is none.
    query = request.scope["query_string"].decode("latin-1")
    return View(state.site, passage_of(request.scope), request.scope["path"], query)


Looking = NamedDependency[SkipValidation[View]]
"""How a handler takes it: `async def handler(view: Looking) -> Response[str]`."""
