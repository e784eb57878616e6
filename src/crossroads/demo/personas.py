"""Whom a visitor of the demo may be: two people of the tour, and staff of two institutions. All are invented."""

from crossroads.demo.home import Cast, Part
from crossroads.demo.pages import CENTRE, PORTAL, SOURCE
from crossroads.web.demo_provider.personas import Persona

CITIZEN, OTHER = "citizen", "other-citizen"
_AT_CENTRE, _AT_SOURCE = (f"desk-{CENTRE}",), (f"desk-{SOURCE}",)

MANAGER = Persona(
    id="marie",
    name="Marie Vermeulen",
    story={
        "en": "Local manager at the public welfare centre of Gent: says who may do what, and asks nothing herself.",
        "nl": "Lokale beheerder bij het OCMW van Gent: zegt wie wat mag, en vraagt zelf niets op.",
        "fr": "Gestionnaire locale au CPAS de Gand : dit qui peut faire quoi, et ne consulte rien elle-même.",
        "de": "Lokale Verwalterin beim ÖSHZ von Gent: sagt, wer was darf, und fragt selbst nichts ab.",
    },
    level=2,
    clients=_AT_CENTRE,
)
CLERK = Persona(
    id="stan",
    name="Stan Jacobs",
    story={
        "en": "Staff of the public welfare centre of Gent: examines requests for aid.",
        "nl": "Medewerker van het OCMW van Gent: onderzoekt aanvragen om hulp.",
        "fr": "Agent du CPAS de Gand : examine les demandes d'aide.",
        "de": "Mitarbeiter des ÖSHZ von Gent: prüft Anträge auf Hilfe.",
    },
    level=2,
    clients=_AT_CENTRE,
)
SOURCE_MANAGER = Persona(id="otto", name="Otto Willems")
"""Appoints the staff of the source; nobody can log in as this one."""
SOURCE_CLERK = Persona(
    id="sara",
    name="Sara Thijs",
    story={
        "en": "Staff of the National Social Security Office: answers when somebody reports an error in its data.",
        "nl": "Medewerker van de RSZ: antwoordt wie een fout in de gegevens van de RSZ meldt.",
        "fr": "Agente de l'ONSS : répond à qui signale une erreur dans les données de l'ONSS.",
        "de": "Mitarbeiterin des LSS: antwortet, wer einen Fehler in den Daten des LSS meldet.",
    },
    level=2,
    clients=_AT_SOURCE,
)


def personas(cast: Cast) -> tuple[Persona, ...]:
    """Give those who can log in; two are people of this population, with their mock numbers."""
    first = {
        "en": "About whom the tour asks most. Invented.",
        "nl": "Over wie de rondleiding het meest vraagt. Verzonnen.",
        "fr": "La personne que la visite consulte le plus. Inventée.",
        "de": "Nach wem der Rundgang am meisten fragt. Erfunden.",
    }
    second = {
        "en": "Somebody else about whom the tour asks. Invented.",
        "nl": "Iemand anders over wie de rondleiding vraagt. Verzonnen.",
        "fr": "Une autre personne que la visite consulte. Inventée.",
        "de": "Jemand anderes, nach dem der Rundgang fragt. Erfunden.",
    }
    return (_citizen(CITIZEN, cast.granted, first), _citizen(OTHER, cast.twice, second), MANAGER, CLERK, SOURCE_CLERK)


def _citizen(name: str, part: Part, story: dict[str, str]) -> Persona:
    return Persona(id=name, name=part.name, ssin=part.ssin, story=story, clients=(PORTAL,))


WORKING = {CENTRE: (MANAGER, CLERK), SOURCE: (SOURCE_MANAGER, SOURCE_CLERK)}
"""Local manager and staff of each desk."""
