"""What stands on an attestation, in each language."""

from typing import NamedTuple


class Sentences(NamedTuple):
    """The sentences in one language; `{…}` is filled in."""

    title: str
    attests: str
    right: str
    days: str
    between: str
    since: str
    on: str
    made: str
    until: str
    code: str
    whose: str
    check: str
    where: str
    test: str


SENTENCES = {
    "nl": Sentences(
        title="Attest van een recht",
        attests="{institution} verklaart dat wie dit attest heeft gekregen, dit recht heeft voor deze dagen.",
        right="Recht",
        days="Dagen",
        between="van {first} tot en met {last}",
        since="vanaf {first}; een laatste dag is niet bekend",
        on="op {first}",
        made="Opgemaakt op",
        until="Geldig tot en met",
        code="Code",
        whose=(
            "Op dit blad staat niet van wie het is. Wie dat moet weten, vraagt de persoon om de "
            "identiteitskaart, en vraagt de instelling of het nummer daarop bij deze code hoort. Zij antwoordt "
            "alleen met ja of nee."
        ),
        check=(
            "Dit document is elektronisch ondertekend. Een afdruk bewijst niets: controleer het bestand, of de "
            "code bij de instelling. Deel de code alleen met wie het attest nodig heeft."
        ),
        where="Controleren doet u op {address}: typ daar de code, of kies het bestand.",
        test="TESTOMGEVING: dit attest gaat over niemand en geeft geen recht.",
    ),
    "fr": Sentences(
        title="Attestation d'un droit",
        attests="{institution} atteste que la personne à qui cette attestation a été remise a ce droit pour ces jours.",
        right="Droit",
        days="Jours",
        between="du {first} au {last} inclus",
        since="à partir du {first}; aucun dernier jour n'est connu",
        on="le {first}",
        made="Établie le",
        until="Valable jusqu'au",
        code="Code",
        whose=(
            "Cette page ne dit pas à qui elle appartient. Qui doit le savoir demande à la personne sa carte "
            "d'identité, et demande à l'institution si le numéro de la carte va avec ce code. Elle ne répond "
            "que par oui ou non."
        ),
        check=(
            "Ce document est signé électroniquement. Une copie imprimée ne prouve rien: vérifiez le fichier, ou "
            "le code auprès de l'institution. Ne donnez le code qu'à qui a besoin de l'attestation."
        ),
        where="Pour vérifier, allez sur {address}: tapez-y le code, ou choisissez le fichier.",
        test="ENVIRONNEMENT DE TEST: cette attestation ne concerne personne et ne donne aucun droit.",
    ),
    "de": Sentences(
        title="Bescheinigung eines Rechts",
        attests="{institution} bescheinigt: Wem dies ausgehändigt wurde, der hat dieses Recht für diese Tage.",
        right="Recht",
        days="Tage",
        between="vom {first} bis einschließlich {last}",
        since="ab dem {first}; ein letzter Tag ist nicht bekannt",
        on="am {first}",
        made="Ausgestellt am",
        until="Gültig bis einschließlich",
        code="Code",
        whose=(
            "Auf diesem Blatt steht nicht, wem es gehört. Wer das wissen muss, lässt sich den Personalausweis "
            "zeigen und fragt die Einrichtung, ob die Nummer darauf zu diesem Code gehört. Sie antwortet nur "
            "mit Ja oder Nein."
        ),
        check=(
            "Dieses Dokument ist elektronisch unterschrieben. Ein Ausdruck beweist nichts: Prüfen Sie die "
            "Datei, oder den Code bei der Einrichtung. Geben Sie den Code nur weiter, wo die Bescheinigung "
            "gebraucht wird."
        ),
        where="Geprüft wird auf {address}: Geben Sie dort den Code ein, oder wählen Sie die Datei.",
        test="TESTUMGEBUNG: Diese Bescheinigung betrifft niemanden und gibt kein Recht.",
    ),
    "en": Sentences(
        title="Attestation of a right",
        attests="{institution} attests that the person to whom this was given has this right for these days.",
        right="Right",
        days="Days",
        between="from {first} to {last} inclusive",
        since="from {first}; no last day is known",
        on="on {first}",
        made="Made on",
        until="Valid until and including",
        code="Code",
        whose=(
            "This page does not say whose it is. Who must know asks the person for the identity card, and asks "
            "the institution whether the number on it goes with this code. The institution answers yes or no, "
            "nothing more."
        ),
        check=(
            "This document is signed electronically. A printed copy proves nothing: verify the file, or the "
            "code at the institution. Give the code only to those who need the attestation."
        ),
        where="Verify it at {address}: type the code there, or choose the file.",
        test="TEST ENVIRONMENT: this attestation is about nobody and gives no right.",
    ),
}
"""By language."""
