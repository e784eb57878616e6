"""How pages say an expression of FEEL that gives a day: a fact, a date, the earliest or latest of some, and a choice.

What is none of these is not said: it is shown as it was written.
"""

from collections.abc import Mapping
from datetime import date

from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.lexical import read_date
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.syntax import AtLiteral, Call, Comparison, Expression, If, ListLiteral, Literal, Name
from crossroads.web.languages import Words


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

DAYS: Mapping[str, str] = {
    "statusStart": _("First day of the status"),
    "statusEnd": _("Last day of the status"),
    "birthDate": _("Birth date"),
    "day": _("The day"),
    "quarterStart": _("First day of the quarter"),
    "yearStart": _("First day of the year"),
    "yearEnd": _("Last day of the year"),
}
"""The facts that are days, by the names that tables use."""
_ALWAYS = frozenset({"day", "quarterStart", "yearStart", "yearEnd"})
"""Those that are known of everybody."""
_OF_SOME: Mapping[str, str] = {
    "min": _("the earliest of: %(days)s"),
    "max": _("the latest of: %(days)s"),
}


def day_given(words: Words, text: str) -> str:
    """Say which day an expression gives; nothing where that cannot be said plainly."""
    try:
        return _said(words, parse(text), _ALWAYS) or ""
    except SyntaxFault:
        return ""


def _said(words: Words, one: Expression, known: frozenset[str]) -> str | None:
    match one:
        case Name(name) if name in DAYS:
            return words.text(DAYS[name])
        case AtLiteral(text) | Call(Name("date"), (Literal(str(text)),)):
            return _day(words, text)
        case Call(Name(name), (ListLiteral(days),) | days) if name in _OF_SOME:
            return _of_some(words, name, days, known)
        case If():
            return _choice(words, one)
        case _:
            return None


def _day(words: Words, text: str) -> str | None:
    try:
        read = read_date(text)
        return words.date(date(read.year, read.month, read.day))
    except ValueError:
        return None  # a time, a duration, or a day that does not exist


def _of_some(words: Words, name: str, days: tuple[Expression, ...], known: frozenset[str]) -> str | None:
    # Of some of which one is not known, FEEL gives nothing, not the earliest of the others.
    if any(isinstance(one, Name) and one.name not in known for one in days):
        return None
    # One that is itself the earliest of some, or a choice, would run into its neighbours.
    said = [None if _is_several(one) else _said(words, one, known) for one in days]
    if not said or None in said:
        return None
    return words.text(_OF_SOME[name], days=", ".join(filter(None, said)))


def _is_several(one: Expression) -> bool:
    return isinstance(one, If) or (isinstance(one, Call) and one.function != Name("date"))


def _choice(words: Words, one: If) -> str | None:
    match one.condition:
        case Comparison("=", Name(fact), Literal(None)) if fact in DAYS:
            unknown, known = one.then, one.otherwise
        case Comparison("!=", Name(fact), Literal(None)) if fact in DAYS:
            known, unknown = one.then, one.otherwise
        case _:
            return None
    if isinstance(unknown, If):
        return None
    first, second = _said(words, unknown, _ALWAYS), _said(words, known, _ALWAYS | {fact})
    if first is None or second is None:
        return None
    said = {"fact": words.text(DAYS[fact]), "first": first, "second": second}
    return words.text("if “%(fact)s” is not known, %(first)s; otherwise, %(second)s", **said)
