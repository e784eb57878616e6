"""Charts, drawn at the server: a Vega-Lite drawing becomes an SVG. The figures stand in a table beside it."""

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any, Literal

import msgspec
import vl_convert

_LOCALES: dict[str, Literal["nl-NL", "fr-FR", "de-DE", "en-GB"]] = {
    "nl": "nl-NL",
    "fr": "fr-FR",
    "de": "de-DE",
    "en": "en-GB",
}
_MOST = 64
FONT = "Atkinson Hyperlegible Next, Arial, sans-serif"
COLOURS = ("#0b4f6c", "#b45f06", "#5b2a86")
"""Told apart by people who see few colours; marks have shapes as well."""


class Charts:
    """Draws, one at a time, and remembers the last ones."""

    def __init__(self) -> None:
        """Remember none."""
        self._drawn: OrderedDict[bytes, str] = OrderedDict()
        self._turn = asyncio.Lock()

    async def svg(self, drawing: dict[str, Any], language: str) -> str:
        """Draw. The same drawing is drawn once."""
        key = hashlib.sha256(msgspec.json.encode((drawing, language))).digest()
        async with self._turn:
            if key not in self._drawn:
                self._drawn[key] = await asyncio.to_thread(draw, drawing, language)
                while len(self._drawn) > _MOST:
                    self._drawn.popitem(last=False)
        return self._drawn[key]


def draw(drawing: dict[str, Any], language: str) -> str:
    """Draw, in the caller's own time."""
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": _CONFIG, **drawing}
    return str(vl_convert.vegalite_to_svg(whole, format_locale=_LOCALES[language]))


_CONFIG = {
    "font": FONT,
    "background": "#ffffff",
    "axis": {"labelFontSize": 14, "titleFontSize": 14, "labelColor": "#1c262b", "titleColor": "#1c262b"},
    "legend": {"labelFontSize": 14, "titleFontSize": 14, "orient": "top", "labelLimit": 400},
    "view": {"stroke": None},
}
