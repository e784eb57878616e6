"""How the portal says what stands in the catalogue."""

from typing import Any

from crossroads.portal.citizen_words import CITIZEN
from crossroads.portal.field_words import FIELDS
from crossroads.portal.office_words import OFFICE
from crossroads.portal.operator_words import OPERATOR
from crossroads.portal.rule_words import RULES
from crossroads.portal.told_words import TOLD
from crossroads.web.languages import Words

FILTERS: dict[str, Any] = {**CITIZEN, **FIELDS, **OFFICE, **OPERATOR, **RULES, **TOLD}
"""Filters of the templates; each gets the words of the page first."""


def _plain(words: Words, text: Any) -> str:
    return text.in_language(words.language) if text is not None else ""


FILTERS["plain"] = _plain
