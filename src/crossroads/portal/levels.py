"""Drawings of the service levels, as Vega-Lite describes them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from crossroads.audit.levels import MonthLevels, ServiceLevels
from crossroads.web.charts import COLOURS
from crossroads.web.languages import Words

_WIDTH, _HEIGHT = 640, 280
_LEAST = 0.9
_MONTHS = 24
"""The newest months that are drawn."""


def drawing(name: str, levels: ServiceLevels, words: Words) -> dict[str, Any] | None:
    """Give a drawing by name: `answered`, `speed` or `batches`; None for another."""
    months = levels.months[-_MONTHS:]
    if name == "answered":
        lines = [
            ("answered", words.text("Questions answered")),
            ("minutes_answered", words.text("Minutes in which all were")),
        ]
        return _drawn(months, lines, words, norm=(levels.availability_norm, words.text("Norm")))
    if name == "speed":
        lines = [
            ("within_one_second", words.text("Within 1 second")),
            ("within_two_seconds", words.text("Within 2 seconds")),
        ]
        return _drawn(months, lines, words)
    if name == "batches":
        text = words.text("Within %(days)s days", days=levels.batch_days)
        return _drawn(months, [("batches_in_time", text)], words)
    return None


def _drawn(
    months: Sequence[MonthLevels],
    lines: Sequence[tuple[str, str]],
    words: Words,
    norm: tuple[float, str] | None = None,
) -> dict[str, Any]:
    values = [
        {"month": words.month(date.fromisoformat(f"{one.month}-01")), "share": share, "line": text}
        for one in months
        for attribute, text in lines
        if (share := getattr(one, attribute)) is not None
    ]
    least = min([_LEAST, *(one["share"] for one in values)])
    share = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [least, 1], "zero": False},
        "axis": {"format": ".0%" if least < _LEAST else ".1%"},
    }
    month = {
        "field": "month",
        "type": "ordinal",
        "sort": None,
        "title": words.text("Month"),
        "axis": {"labelAngle": -45},
    }
    names = [text for _, text in lines]
    line = {"field": "line", "type": "nominal", "title": words.text("Line")}
    colour = line | {"scale": {"domain": names, "range": list(COLOURS[: len(names)])}}
    shape = line | {"scale": {"domain": names}}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": values},
            "mark": {"type": "line", "point": {"size": 80}},
            "encoding": {"x": month, "y": share, "color": colour, "shape": shape},
        }
    ]
    if norm is not None:
        layers.append(_norm(*norm, words))
    return {"width": _WIDTH, "height": _HEIGHT, "layer": layers}


def _norm(value: float, text: str, words: Words) -> dict[str, Any]:
    said = words.text("%(what)s: %(about)s", what=text, about=words.percent(value))
    return {
        "data": {"values": [{"norm": value, "text": said}]},
        "layer": [
            {
                "mark": {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 2, "color": "#8f1d1d"},
                "encoding": {"y": {"field": "norm", "type": "quantitative"}},
            },
            {
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "top",
                    "dy": 4,
                    "fontSize": 14,
                    "color": "#8f1d1d",
                },
                "encoding": {
                    "x": {"value": 4},
                    "y": {"field": "norm", "type": "quantitative"},
                    "text": {"field": "text"},
                },
            },
        ],
    }
