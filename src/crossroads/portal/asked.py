"""What the address of a public page asks for: a day, words to look for, a page of a list."""

from datetime import date
from typing import Any

from crossroads.bootstrap.portal import PublicServices
from crossroads.kernel.clock import brussels_day
from crossroads.portal.register import Register
from crossroads.web.dates import read_day, split_day
from crossroads.web.forms import whole
from crossroads.web.view import View

_LONGEST_WORDS = 200


class Asked:
    """The query of an address. What cannot be read is said above the page, and left out."""

    def __init__(self, view: View, public: PublicServices, query: dict[str, str]) -> None:
        """Read it."""
        self._view, self._query = view, query
        today = brussels_day(public.clock.now())
        self.day = self._day(today)
        self.today = today
        self.past = self.day != today
        """Whether another day than today is shown."""
        self.words = query.get("q", "")[:_LONGEST_WORDS].strip()
        self.page = self.number("page") or 1
        self.register = Register(public.catalogue.current, self.day, view.language)

    def __getitem__(self, name: str) -> str:
        """Give a value as it was given; "" where none was."""
        return self._query.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """Give a value as a number, if it is one."""
        return whole(self[name])

    @property
    def on(self) -> str | None:
        """The day, where it is not today: for addresses."""
        return self.day.isoformat() if self.past else None

    @property
    def typed_day(self) -> str:
        """The day as people type it, where it is not today; what was typed where that is no day."""
        return f"{self.day.day}/{self.day.month}/{self.day.year}" if self.past else self["on"]

    def kept(self, **changed: Any) -> dict[str, Any]:
        """Give what is asked for, for the address of another page of the same list."""
        return {name: value for name, value in self._query.items() if name != "page"} | changed

    def _day(self, today: date) -> date:
        given = self._query.get("on", "").strip()
        if not given:
            return today
        found = read_day(split_day(given), self._view.words.locale)
        if found is None:
            self._view.form.fault("on", self._view.words.text("There is no such day. Write it as 27/3/2026"))
        return found or today
