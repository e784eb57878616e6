"""Whom a visitor of the demo may be: people of the tour, staff, and who watches over it. All are invented."""

from crossroads.demo.home import Cast, Part
from crossroads.demo.pages import CENTRE, PORTAL, SOURCE
from crossroads.demo.rights_pages import RIGHTS
from crossroads.web.demo_provider.personas import Persona

CITIZEN, OTHER, PARENT = "citizen", "other-citizen", "parent"
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

OPERATOR = Persona(
    id="wout",
    name="Wout Lemmens",
    story={
        "en": "Operator of the hub: sees how everything stands, and nobody's data.",
        "nl": "Operator van de hub: ziet hoe alles ervoor staat, en van niemand gegevens.",
        "fr": "Opérateur du hub : voit comment tout fonctionne, et les données de personne.",
        "de": "Betreiber des Hubs: sieht, wie alles steht, und niemandes Daten.",
    },
    roles=("operator",),
    level=2,
    clients=(PORTAL,),
)

OFFICER = Persona(
    id="nora",
    name="Nora De Smet",
    story={
        "en": "Security officer: searches the log, with a reason, and looks at patterns.",
        "nl": "Veiligheidsconsulent: zoekt in het logboek, met een reden, en bekijkt patronen.",
        "fr": "Conseillère en sécurité : cherche dans le journal, avec un motif, et regarde les schémas.",
        "de": "Sicherheitsberaterin: durchsucht das Protokoll, mit einem Grund, und sieht Muster an.",
    },
    roles=("officer",),
    clients=(PORTAL,),
)


def _member(key: str, name: str) -> Persona:
    story = {
        "en": "Member of the committee: decides on authorisations, together with another member.",
        "nl": "Lid van het comité: beslist over machtigingen, samen met een ander lid.",
        "fr": "Membre du comité : décide des autorisations, avec un autre membre.",
        "de": "Mitglied des Komitees: entscheidet über Ermächtigungen, zusammen mit einem anderen Mitglied.",
    }
    return Persona(id=key, name=name, story=story, roles=("committee",), clients=(PORTAL,))


COMMITTEE = (_member("hugo", "Hugo Lambert"), _member("eva", "Eva Wouters"))


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
    parent = {
        "en": "Parent of a child under age: can look for the child. Invented.",
        "nl": "Ouder van een minderjarig kind: kan voor het kind kijken. Verzonnen.",
        "fr": "Parent d'un enfant mineur : peut regarder pour l'enfant. Inventé.",
        "de": "Elternteil eines minderjährigen Kindes: kann für das Kind nachsehen. Erfunden.",
    }
    parents = (_citizen(PARENT, cast.parent, parent),) if cast.parent else ()
    citizens = (_citizen(CITIZEN, cast.granted, first), _citizen(OTHER, cast.twice, second), *parents)
    return (*citizens, MANAGER, CLERK, SOURCE_CLERK, OPERATOR, OFFICER, *COMMITTEE)


def _citizen(name: str, part: Part, story: dict[str, str]) -> Persona:
    return Persona(id=name, name=part.name, ssin=part.ssin, story=story, clients=(PORTAL, RIGHTS))


WORKING = {CENTRE: (MANAGER, CLERK), SOURCE: (SOURCE_MANAGER, SOURCE_CLERK)}
"""Local manager and staff of each desk."""
