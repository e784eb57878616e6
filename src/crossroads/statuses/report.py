"""A rule that is tried, as a page for policy makers: a chart and a table in one file, which needs nothing else.

It has the counts of `trying` alone, hidden as they are there.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crossroads.statuses.report_words import REPORT_WORDS, ReportWords
from crossroads.statuses.rights import Right
from crossroads.statuses.trying import Difference
from crossroads.web.charts import COLOURS, draw
from crossroads.web.languages import Words

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_DRAWN = ("gain", "lose", "other_days")
"""Who keeps the right unchanged would dwarf the rest."""
_COUNTED = (*_DRAWN, "same")
_WIDTH, _STEP, _SHORT = 560, 26, 12


def report(found: Sequence[Difference], in_force: Right, draft: Right, language: str, days: tuple[date, date]) -> str:
    """Write the page in a language, of what `compared` found; `days` are that of the facts and that of the making."""
    said, words = REPORT_WORDS[language], Words(language, NullTranslations())
    of, made = map(words.date, days)
    facts = (
        (said.in_force, _table(in_force)),
        (said.draft, _table(draft)),
        (said.reference, in_force.legal_reference.in_language(language)),
        *([(said.remark, in_force.remark.in_language(language))] if in_force.remark else []),
        (said.day, of),
        (said.made, made),
    )
    drawing = _drawing(found, said)
    return _TEMPLATES.get_template("report.html").render(
        language=language,
        words=said,
        right=in_force.names.get(language, in_force.id),
        illustrative=in_force.illustrative,
        facts=facts,
        # Drawn by us, of numbers and of our own words.
        chart=Markup(draw(drawing, language)) if drawing else None,  # noqa: S704 - as said above
        heads=[getattr(said, name) for name in _COUNTED],
        rows=[(_place(one, said), [_cell(getattr(one, name), said, words) for name in _COUNTED]) for one in found],
    )


def _table(right: Right) -> str:
    return f"{Path(right.table).name} ({right.version[:_SHORT]})"


def _place(one: Difference, said: ReportWords) -> str:
    if one.area is None:
        return said.everywhere
    return said.unknown if one.area == "-" else f"{one.area}…"


def _cell(count: int | None, said: ReportWords, words: Words) -> str:
    return said.hidden if count is None else words.number(count)


def _drawing(found: Sequence[Difference], said: ReportWords) -> dict[str, Any] | None:
    """Give what is drawn: a bar for each count of each area that is told; None where there is none."""
    values = list(_bars(found, said))
    if not values:
        return None
    names = [getattr(said, name) for name in _DRAWN]
    kind = {"field": "kind", "type": "nominal", "title": None, "scale": {"domain": names, "range": list(COLOURS)}}
    return {
        "width": _WIDTH,
        "height": {"step": _STEP},
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "area", "type": "nominal", "title": said.area, "sort": None},
            "yOffset": {"field": "kind", "type": "nominal", "scale": {"domain": names}},
            "x": {"field": "people", "type": "quantitative", "title": said.people, "axis": {"tickMinStep": 1}},
            "color": kind,
        },
    }


def _bars(found: Sequence[Difference], said: ReportWords) -> Iterator[dict[str, object]]:
    for one in found:
        for name in _DRAWN:
            if one.area is not None and (count := getattr(one, name)):
                yield {"area": _place(one, said), "kind": getattr(said, name), "people": count}
