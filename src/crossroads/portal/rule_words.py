"""How pages say what stands in a decision table: hit policies, columns, and cells of FEEL in plain words.

What cannot be said plainly is shown as it was written; the text of a cell always stands beside what is said of it.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from crossroads.catalogue.entries import Text
from crossroads.dmn.drawing import Cell, Column, Drawing, Side
from crossroads.dmn.model import Aggregation, HitPolicy
from crossroads.portal.expression_words import DAYS, day_given
from crossroads.web.languages import Words
from crossroads.web.look import said


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

POLICIES: Mapping[str, str] = {
    HitPolicy.UNIQUE: _("At most one rule applies: they do not overlap."),
    HitPolicy.ANY: _("Several rules may apply; they then give the same answer."),
    HitPolicy.PRIORITY: _("Several rules may apply; the answer counts that comes first among the possible ones."),
    HitPolicy.FIRST: _("The rules are read from top to bottom; the first that applies counts."),
    HitPolicy.COLLECT: _("Every rule that applies counts; the answers form a list."),
    HitPolicy.RULE_ORDER: _("Every rule that applies counts, in the order of the table."),
    HitPolicy.OUTPUT_ORDER: _("Every rule that applies counts, in the order of the possible answers."),
    Aggregation.SUM: _("Every rule that applies counts; the answers are added up."),
    Aggregation.COUNT: _("Every rule that applies counts; the answer is how many there are."),
    Aggregation.MIN: _("Every rule that applies counts; the smallest answer is taken."),
    Aggregation.MAX: _("Every rule that applies counts; the largest answer is taken."),
}
FACTS: Mapping[str, str] = {
    **DAYS,
    "status": _("Status"),
    "active": _("Status runs"),
    "age": _("Age"),
    "postcode": _("Postcode"),
    "collective": _("Collective household"),
    "householdSize": _("Size of the household"),
    "opens": _("Right open"),
    "start": _("From"),
    "end": _("Until"),
    "why": _("Remark"),
}
"""What the institution that decides lets a table read and say, by the names that tables use."""
TYPES: Mapping[str, str] = {
    "string": _("Text"),
    "number": _("Number"),
    "boolean": _("Yes or no"),
    "date": _("Day"),
}
SIDES: Mapping[Side, str] = {
    Side.INPUT: _("If"),
    Side.OUTPUT: _("Then"),
    Side.ANNOTATION: _("Remarks"),
}
_VALUES: Mapping[str, str] = {"true": _("Yes"), "false": _("No"), "null": _("none")}
_TESTED: Mapping[str, str] = {
    ">=": _("from %(day)s"),
    ">": _("after %(day)s"),
    "<=": _("until %(day)s"),
    "<": _("before %(day)s"),
    "": _("on %(day)s"),
}
_NUMBERS: Mapping[str, str] = {
    ">=": _("%(number)s or more"),
    ">": _("more than %(number)s"),
    "<=": _("%(number)s or less"),
    "<": _("less than %(number)s"),
}
_DATE = r'(?:date\("(\d{4}-\d\d-\d\d)"\)|@"(\d{4}-\d\d-\d\d)")'
_DAY = re.compile(rf"(>=|<=|>|<|)\s*{_DATE}", re.ASCII)
_DAY_RANGE = re.compile(rf"\[\s*{_DATE}\s*\.\.\s*{_DATE}\s*\]", re.ASCII)
_NUMBER = re.compile(r"(>=|<=|>|<)\s*(\d{1,12})", re.ASCII)
_STRING = r'"([^"\\]{0,200})"'
_STRINGS = re.compile(rf"{_STRING}(?:\s*,\s*{_STRING})*")
_RANGE = rf"\[\s*{_STRING}\s*\.\.\s*{_STRING}\s*\]"
_RANGES = re.compile(rf"{_RANGE}(?:\s*,\s*{_RANGE})*")


def _policy(words: Words, one: Drawing) -> str:
    """Say what comes out where several rules match."""
    return words.text(POLICIES[one.aggregation or one.hit_policy])


def _side(words: Words, side: Side) -> str:
    return words.text(SIDES[side])


def _head(words: Words, column: Column) -> str:
    """Give the title of a column: in the language of the page where it is a fact that we know, by its name alone."""
    is_fact = column.title in FACTS and column.expression.strip() in ("", column.title)
    return words.text(FACTS[column.title]) if is_fact else column.title


def _kind(words: Words, column: Column) -> str:
    """Say which values a column has; nothing where its type has a name of its own."""
    return words.text(TYPES[column.type_ref]) if column.type_ref in TYPES else ""


def _plainly(words: Words, cell: Cell, statuses: Mapping[str, Text], side: Side) -> str:
    """Say plainly what a cell tests or gives; nothing where that is not known."""
    if cell.is_any:
        return words.text("does not matter")
    said = _given if side is Side.OUTPUT else _tested
    return said(words, cell.text, statuses)


def _given(words: Words, text: str, statuses: Mapping[str, Text]) -> str:
    """Say plainly what a text of FEEL gives; nothing where that is not known."""
    return day_given(words, text) or _tested(words, text, statuses)


def _tested(words: Words, text: str, statuses: Mapping[str, Text]) -> str:
    """Say plainly what a text of FEEL tests; nothing where that is not known."""
    text = text.strip()
    if known := _VALUES.get(text) or FACTS.get(text):
        return words.text(known)
    if _STRINGS.fullmatch(text):
        every = re.findall(_STRING, text)
        return Markup(", ").join(said(words, statuses[one]) if one in statuses else one for one in every)
    if _RANGES.fullmatch(text):
        return ", ".join(_from_to(words, *ends) for ends in re.findall(_RANGE, text))
    if found := _NUMBER.fullmatch(text):
        return words.text(_NUMBERS[found[1]], number=words.number(int(found[2])))
    return _days(words, text)


def _days(words: Words, text: str) -> str:
    try:
        if found := _DAY.fullmatch(text):
            return words.text(_TESTED[found[1]], day=_day(words, found[2] or found[3]))
        if found := _DAY_RANGE.fullmatch(text):
            first, last = found[1] or found[2], found[3] or found[4]
            return _from_to(words, _day(words, first), _day(words, last))
    except ValueError:
        return ""  # a day that does not exist
    return ""


def _from_to(words: Words, first: str, last: str) -> str:
    return words.text("from %(first)s to %(last)s", first=first, last=last)


def _day(words: Words, text: str) -> str:
    return words.date(date.fromisoformat(text))


RULES: Mapping[str, Any] = {
    "policy": _policy,
    "side": _side,
    "head": _head,
    "kind_of_values": _kind,
    "plainly": _plainly,
    "given": _given,
    "tested": _tested,
}
"""Filters of the templates."""
