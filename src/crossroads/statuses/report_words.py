"""What stands in the report of a rule that is tried, in each language."""

from typing import NamedTuple


class ReportWords(NamedTuple):
    """The sentences in one language; `{…}` is filled in."""

    title: str
    illustrative: str
    in_force: str
    draft: str
    day: str
    made: str
    reference: str
    remark: str
    chart: str
    below: str
    nothing: str
    table: str
    caption: str
    area: str
    everywhere: str
    unknown: str
    gain: str
    lose: str
    other_days: str
    same: str
    hidden: str
    people: str
    hiding: str


REPORT_WORDS = {
    "nl": ReportWords(
        title="Een andere regel voor “{right}”: wie wint en wie verliest",
        illustrative="Illustratief: van dit recht is geen openbare regel bekend.",
        in_force="Tabel die nu geldt",
        draft="Ontwerp",
        day="Gegevens van",
        made="Gemaakt op",
        reference="Waar de regel staat",
        remark="Opmerking",
        chart="Winst en verlies per gebied",
        below="De cijfers staan in de tabel eronder.",
        nothing="Alle aantallen per gebied zijn verborgen of nul: er valt niets te tekenen.",
        table="Alle cijfers",
        caption="Aantal mensen, afgerond op vijf",
        area="Postcode",
        everywhere="Alle samen",
        unknown="niet bekend",
        gain="Krijgen het recht",
        lose="Verliezen het recht",
        other_days="Houden het, voor andere dagen",
        same="Houden het, zonder verschil",
        hidden="verborgen",
        people="Mensen",
        hiding=(
            "Verborgen is een aantal onder vijf, ook nul, en een dat er minder dan vijf overlaat; waar maar één gebied "
            "verborgen zou zijn, ook een tweede. Een gebied met minder dan vijf mensen staat er niet in. Wat verborgen "
            "is, is ook niet getekend."
        ),
    ),
    "fr": ReportWords(
        title="Une autre règle pour «\u00a0{right}\u00a0»\u00a0: qui gagne et qui perd",
        illustrative="Illustratif : aucune règle publique n'est connue pour ce droit.",
        in_force="Table en vigueur",
        draft="Projet",
        day="Données du",
        made="Établi le",
        reference="Où se trouve la règle",
        remark="Remarque",
        chart="Gains et pertes par zone",
        below="Les chiffres se trouvent dans le tableau ci-dessous.",
        nothing="Tous les nombres par zone sont cachés ou nuls : il n'y a rien à dessiner.",
        table="Tous les chiffres",
        caption="Nombre de personnes, arrondi à cinq",
        area="Code postal",
        everywhere="Toutes ensemble",
        unknown="inconnu",
        gain="Obtiennent le droit",
        lose="Perdent le droit",
        other_days="Le gardent, pour d'autres jours",
        same="Le gardent, sans différence",
        hidden="caché",
        people="Personnes",
        hiding=(
            "Est caché un nombre inférieur à cinq, zéro compris, et un nombre qui en laisse moins de cinq ; là où une "
            "seule zone serait cachée, une deuxième l'est aussi. Une zone de moins de cinq personnes n'y figure pas. "
            "Ce qui est caché n'est pas dessiné non plus."
        ),
    ),
    "de": ReportWords(
        title="Eine andere Regel für „{right}“: wer gewinnt und wer verliert",
        illustrative="Illustrativ: Zu diesem Recht ist keine öffentliche Regel bekannt.",
        in_force="Geltende Tabelle",
        draft="Entwurf",
        day="Daten vom",
        made="Erstellt am",
        reference="Wo die Regel steht",
        remark="Anmerkung",
        chart="Gewinn und Verlust nach Gebiet",
        below="Die Zahlen stehen in der Tabelle darunter.",
        nothing="Alle Zahlen nach Gebiet sind verborgen oder null: Es gibt nichts zu zeichnen.",
        table="Alle Zahlen",
        caption="Anzahl der Menschen, auf fünf gerundet",
        area="Postleitzahl",
        everywhere="Alle zusammen",
        unknown="nicht bekannt",
        gain="Erhalten das Recht",
        lose="Verlieren das Recht",
        other_days="Behalten es, für andere Tage",
        same="Behalten es, ohne Unterschied",
        hidden="verborgen",
        people="Menschen",
        hiding=(
            "Verborgen ist eine Zahl unter fünf, auch null, und eine, die weniger als fünf übrig lässt; wo nur ein "
            "Gebiet verborgen wäre, ist es auch ein zweites. Ein Gebiet mit weniger als fünf Menschen steht nicht "
            "darin. Was verborgen ist, ist auch nicht gezeichnet."
        ),
    ),
    "en": ReportWords(
        title="Another rule for “{right}”: who gains and who loses",
        illustrative="Illustrative: no public rule is known for this right.",
        in_force="Table in force",
        draft="Draft",
        day="Facts of",
        made="Made on",
        reference="Where the rule stands",
        remark="Remark",
        chart="Gain and loss by area",
        below="The figures are in the table below.",
        nothing="All counts by area are hidden or nought: there is nothing to draw.",
        table="All figures",
        caption="Number of people, rounded to five",
        area="Postcode",
        everywhere="All together",
        unknown="not known",
        gain="Gain the right",
        lose="Lose the right",
        other_days="Keep it, for other days",
        same="Keep it, without a difference",
        hidden="hidden",
        people="People",
        hiding=(
            "Hidden is a count below five, nobody included, and one that leaves fewer than five; where only one area "
            "would be hidden, a second is too. An area of fewer than five people is not listed. What is hidden is not "
            "drawn either."
        ),
    ),
}
"""By language."""
