"""The one page of the demo login, where a visitor chooses whom to be."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from crossroads.web.demo_provider.personas import Persona
from crossroads.web.languages import LANGUAGES, words_of
from crossroads.web.look import HERE


def choice_page(personas: Sequence[Persona], kept: Mapping[str, str], language: str) -> str:
    """Write the page, with a button for each persona."""
    known = language if language in LANGUAGES else "en"
    template = _environment(known).get_template("choice.html")
    return template.render(personas=personas, kept=kept, language=known)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    words = words_of([HERE / "locale"])[language]
    environment.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined] # of i18n
    return environment
