"""Decision tables on pages: cells in plain words, the versions there were, and what differs between two."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.entries import Text
from crossroads.catalogue.history import Belief
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.catalogue.tables import digest
from crossroads.dmn.drawing import Cell, Drawing, Side
from crossroads.dmn.evaluation import Model
from crossroads.dmn.model import Aggregation, HitPolicy
from crossroads.dmn.reading import read
from crossroads.portal.citizen_data import named
from crossroads.portal.opening import portal_look
from crossroads.portal.register import Register
from crossroads.portal.rule_words import POLICIES, RULES
from crossroads.portal.rules import compared, drawn, versions
from crossroads.web.contents import contents
from crossroads.web.languages import LANGUAGES
from networks import belgium
from tabling import TABLES, TARIFF, otherwise

LOOK = portal_look()
STATUSES = {"living-wage": Text(nl="Leefloon", en="Living wage"), "care-budget": Text(nl="Zorgbudget")}


@pytest.mark.parametrize(
    ("text", "nl", "en"),
    [
        ("true", "Ja", "Yes"),
        ("null", "geen", "none"),
        ("yearEnd", "Laatste dag van het jaar", "Last day of the year"),
        ('"living-wage"', "Leefloon", "Living wage"),
        ('"living-wage",  "care-budget", "other"', "Leefloon, Zorgbudget, other", "Living wage, Zorgbudget, other"),
        ('>= date("2009-07-01")', "vanaf 1 juli 2009", "from 1 July 2009"),
        ('<@"2009-07-01"', "voor 1 juli 2009", "before 1 July 2009"),
        (
            '[date("2021-02-01")..date("2023-06-30")]',
            "van 1 februari 2021 tot en met 30 juni 2023",
            "from 1 February 2021 to 30 June 2023",
        ),
        ("< 18", "minder dan 18", "less than 18"),
        (">= 1200", "1.200 of meer", "1,200 or more"),
        ('["9000".."9999"]', "van 9000 tot en met 9999", "from 9000 to 9999"),
        (
            '["1500".."1999"], ["2000".."3999"]',
            "van 1500 tot en met 1999, van 2000 tot en met 3999",
            "from 1500 to 1999, from 2000 to 3999",
        ),
    ],
)
def test_a_cell_is_said_in_plain_words(text: str, nl: str, en: str) -> None:
    said = [RULES["plainly"](LOOK.words(language), Cell(text), STATUSES, Side.INPUT) for language in ("nl", "en")]
    assert [re.sub("<[^>]+>", "", one) for one in said] == [nl, en]


@pytest.mark.parametrize(
    ("text", "nl", "en"),
    [
        ("true", "Ja", "Yes"),
        ('date("2023-06-30")', "30 juni 2023", "30 June 2023"),
        ('@"2023-06-30"', "30 juni 2023", "30 June 2023"),
        (
            "min(quarterStart, yearEnd)",
            "de vroegste van: Eerste dag van het kwartaal, Laatste dag van het jaar",
            "the earliest of: First day of the quarter, Last day of the year",
        ),
        (
            'max([quarterStart, @"2023-06-30"])',
            "de laatste van: Eerste dag van het kwartaal, 30 juni 2023",
            "the latest of: First day of the quarter, 30 June 2023",
        ),
        (
            "if birthDate = null then day else max(day, birthDate)",
            "als “Geboortedatum” niet bekend is, De dag; anders de laatste van: De dag, Geboortedatum",
            "if “Birth date” is not known, The day; otherwise, the latest of: The day, Birth date",
        ),
        (
            "if statusEnd != null then statusEnd else day",
            "als “Laatste dag van het statuut” niet bekend is, De dag; anders Laatste dag van het statuut",
            "if “Last day of the status” is not known, The day; otherwise, Last day of the status",
        ),
    ],
)
def test_the_day_that_a_rule_gives_is_said_in_plain_words(text: str, nl: str, en: str) -> None:
    said = [RULES["plainly"](LOOK.words(language), Cell(text), STATUSES, Side.OUTPUT) for language in ("nl", "en")]
    assert said == [nl, en]
    assert said == [RULES["given"](LOOK.words(language), text, STATUSES) for language in ("nl", "en")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_rule_of_the_belgian_tables_gives_what_is_left_unsaid(language: str) -> None:
    cells = [
        cell.text
        for table in belgium().decision_tables
        for drawing in drawn(table, language)
        for row in drawing.rows
        for column, cell in zip(drawing.columns, row.cells, strict=True)
        if column.side is not Side.ANNOTATION
        and not RULES["plainly"](LOOK.words(language), cell, STATUSES, column.side)
    ]
    assert cells == []


@pytest.mark.parametrize(
    "text",
    [
        'not("living-wage")',
        '"a" , b',
        '>= date("2009-02-30")',
        '(date("2021-02-01")..date("2023-06-30")]',
        "if active then yearEnd else statusEnd",
        "if age = null then yearEnd else statusEnd",
        "if statusEnd = null then yearEnd else age",
        "min(max(statusStart, quarterStart), yearEnd)",
        "min(age, householdSize)",
        "min()",
        "min(statusEnd, yearEnd)",  # nothing where there is no last day, not the other
        'date("20261231")',
        '@"2026-W53-4"',
        "min(statusEnd,",
        'date("2009-02-30")',
        '["1500".."1999"], "2000"',
        '"it said \\"no\\""',
        "1 + 1",
        ">= 18, < 3",
        "",
    ],
)
@pytest.mark.parametrize("side", [Side.INPUT, Side.OUTPUT])
def test_what_cannot_be_said_plainly_is_left_as_it_is_written(text: str, side: Side) -> None:
    assert RULES["plainly"](LOOK.words("nl"), Cell(text), STATUSES, side) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_hit_policy_has_a_sentence_of_its_own(language: str) -> None:
    (drawing,) = drawn(TARIFF, language)
    said = {RULES["policy"](LOOK.words(language), with_policy(drawing, one)) for one in (*HitPolicy, *Aggregation)}
    assert len(said) == len(HitPolicy) + len(Aggregation) == len(POLICIES)


def with_policy(drawing: Drawing, policy: HitPolicy | Aggregation) -> Drawing:
    counted = isinstance(policy, Aggregation)
    return Drawing(
        name=drawing.name,
        description="",
        hit_policy=HitPolicy.COLLECT if isinstance(policy, Aggregation) else policy,
        aggregation=policy if counted and isinstance(policy, Aggregation) else None,
        sources=(),
        columns=drawing.columns,
        rows=drawing.rows,
        findings=(),
    )


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_belgian_tables_say_everything_in_the_language_of_the_page(name: str, language: str) -> None:
    (drawing,) = drawn(TABLES[name], language)
    assert [column.title for column in drawing.columns][-1] == "why"
    assert {len(row.cells) for row in drawing.rows} == {len(drawing.columns)}
    words = LOOK.words(language)
    heads = [RULES["head"](words, column) for column in drawing.columns]
    english = [RULES["head"](LOOK.words("en"), column) for column in drawing.columns]
    assert language == "en" or not set(heads) & set(english) - {"Status", "Postcode"}, heads


def test_remarks_are_shown_in_one_language_and_another_where_there_is_none() -> None:
    remarks = [drawn(TARIFF, language)[0].rows[0].cells[-1].text for language in LANGUAGES]
    assert remarks == [
        "categorie 1: OCMW's",
        "catégorie 1 : CPAS",
        "Kategorie 1: ÖSHZ",
        "category 1: public welfare centres",
    ]
    text = re.sub(r' *<annotation name="why \(nl\)"/>\n', "", TARIFF.dmn)
    text = re.sub(
        r"<annotationEntry><text>[^<]*</text></annotationEntry>\n *(?=<annotationEntry><text>.*CPAS)", "", text
    )
    dutch = drawn(replace(TARIFF, dmn=text), "nl")[0].rows[0].cells
    assert (len(dutch), dutch[-1].text) == (8, "Kategorie 1: ÖSHZ")


def test_the_table_that_answers_is_drawn_first_whatever_others_are_called() -> None:
    """What decides takes the first of a name or id; the page must show the same one as that by which it is decided."""
    text = many(1, 1).dmn.replace("<text>1<", "<text>true<")
    begin, end = text.index("<decision "), text.index("</definitions>")
    twin = text[begin:end].replace('name="right" id="right"', 'name="other" id="right"').replace("true", "false")
    own = text[begin:end].replace('id="right"', 'id="own"')
    for decisions, said in (((twin, own), "false"), ((own, twin), "true")):
        model = f"{text[:begin]}{''.join(decisions)}{text[end:]}"
        assert Model(read(model.encode())).evaluate("right", {"a": 1}).value is (said == "true")
        assert drawn(replace(TARIFF, dmn=model), "nl")[0].rows[0].cells[1].text == said


def test_a_model_that_makes_something_else_of_a_known_name_is_not_drawn() -> None:
    said = '<literalExpression><text>date("2999-12-31")</text></literalExpression>'
    hidden = f'<decision id="hidden" name="yearEnd">{said}</decision></definitions>'
    assert drawn(TARIFF, "en")
    assert drawn(replace(TARIFF, dmn=TARIFF.dmn.replace("</definitions>", hidden)), "en") == ()


def test_what_nobody_can_read_is_not_drawn() -> None:
    for text in ("<x/>", "<definitions/>", TARIFF.dmn.replace("decisionTable", "decisionTables")):
        assert drawn(replace(TARIFF, dmn=text), "nl") == ()
    (none,) = compared(replace(TARIFF, dmn="<x/>"), TARIFF, "nl")
    assert (none.one, none.same, len(none.changed)) == (None, 0, 6)


def many(rules: int, *outputs: int, heads: int = 0) -> DecisionTable:
    """Give a small text of many rules, which give these in turn, and of heads that no rule fills."""
    rule = "<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>{}</text></outputEntry></rule>"
    text = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="n">'
        '<decision name="right" id="right"><decisionTable>'
        "<input><inputExpression><text>a</text></inputExpression></input><output/>"
        f"{'<annotation/>' * heads}{''.join(rule.format(outputs[at % len(outputs)]) for at in range(rules))}"
        "</decisionTable></decision></definitions>"
    )
    return replace(TARIFF, dmn=text, sha256=digest(text))


def test_what_would_be_drawn_as_far_more_than_its_text_is_not_drawn() -> None:
    assert len(drawn(many(1000, 1), "nl")[0].rows) == 1000
    assert drawn(many(1000, 1, heads=3000), "nl") == ()


def test_rules_that_are_there_many_times_are_compared_in_little_time() -> None:
    """Any of them could stand for any other: to try all would take the portal, which anybody may ask, hours."""
    (found,) = compared(many(2000, 1), many(2000, 1, 2), "nl")
    assert (found.same, len(found.changed)) == (1000, 1999)
    (same,) = compared(many(2000, 1), many(2000, 1), "nl")
    assert (same.same, list(same.changed)) == (2000, [])


def test_two_versions_are_compared_rule_by_rule() -> None:
    i, j = TARIFF.dmn.index('<rule id="rule-3">'), TARIFF.dmn.index('<rule id="rule-4">')
    earlier = otherwise(
        (TARIFF.dmn[i:j], ""), ('"living-wage", "equivalent-living-wage"</text></inp', '"x"</text></inp')
    )
    (found,) = compared(earlier, TARIFF, "en")
    said = [
        (one.one and one.one.number, one.other and one.other.number, [each.column.title for each in one.differences])
        for one in found.changed
    ]
    assert said == [
        (1, 1, ["status"]),
        (None, 3, ["status", "active", "collective", "day", "opens", "start", "end", "why"]),
    ]
    assert found.same == 3
    (same,) = compared(TARIFF, TARIFF, "en")
    assert (same.same, list(same.changed)) == (5, [])


def test_what_comes_out_where_no_rule_applies_is_compared_too() -> None:
    (found,) = compared(
        TARIFF, otherwise(("<text>false</text></defaultOutputEntry>", "<text>true</text></defaultOutputEntry>")), "en"
    )
    ((changed,),) = (found.changed,)
    assert changed.one is not None
    assert (changed.one.number, [one.column.title for one in changed.differences], found.same) == (0, ["opens"], 5)


def test_a_column_that_comes_or_goes_is_seen_in_every_rule() -> None:
    added = otherwise(('<output id="output-1" name="opens"', '<output id="output-1" name="open"'))
    (found,) = compared(TARIFF, added, "en")
    assert found.same == 0
    assert all({"opens", "open"} <= {one.column.title for one in each.differences} for each in found.changed)


def test_every_text_that_a_table_had_is_a_version() -> None:
    def moment(day: int) -> datetime:
        return datetime(2026, 1, day, tzinfo=UTC)

    first, second = otherwise(("category 1", "category one")), otherwise(("category 1", "category I"))
    ended = replace(first, valid_until=date(2019, 12, 31))
    later = replace(TARIFF, valid_from=date(2020, 1, 1))
    beliefs = [
        Belief(ended, 7, moment(4)),
        Belief(first, 2, moment(1), 7, moment(4), "ended"),
        Belief(later, 8, moment(5)),
        Belief(replace(second, valid_from=date(2020, 1, 1)), 7, moment(4), 8, moment(5), "a mistake"),
    ]
    found = versions(beliefs)
    assert [(one.short, one.until) for one in found] == [
        (TARIFF.sha256[:12], None),
        (second.sha256[:12], moment(5)),
        (first.sha256[:12], None),
    ]
    assert found[-1].table.valid_until == date(2019, 12, 31)
    assert versions([]) == []


def register(*tables: DecisionTable) -> Register:
    """Give the Belgian catalogue with other tables."""
    entries = [(Kind.DECISION_TABLE, one) for one in tables or belgium().decision_tables]
    entries += [(Kind.DATA_GROUP, one) for one in belgium().data_groups]  # type: ignore[misc] # one kind each
    entries += [(Kind.AUTHORISATION, one) for one in belgium().authorisations]  # type: ignore[misc] # as above
    facts = Facts(1, 1, None, tuple(entries), (), (), {})
    return Register(Snapshot(facts), date(2026, 2, 2), "nl")


def own_rights(found: Register, **row: Any) -> str:
    """Give the cells that a person sees of one right."""
    group = found.data_group("statuses-and-rights@1")
    assert group
    right = {"right": "social-tariff", "startDate": "2026-01-01", "rule": 3, "table": TARIFF.sha256[:12]} | row
    shown = contents(LOOK.words("nl"), {"statuses": [], "rights": [right]}, named(group.json_schema, found))
    return " | ".join(shown.tables[-1].rows[0])


def test_a_person_is_led_from_a_right_to_the_rule_that_opened_it() -> None:
    """Which rule it is stands after the `#`, which no browser sends: it says which status the person has."""
    link = f'href="/nl/decision-tables/social-tariff?version={TARIFF.sha256[:12]}#rule-3">Regel 3</a>'
    assert link in own_rights(register())
    renamed = replace(TARIFF, id="tariff")
    assert link.replace("social-tariff", "tariff") in own_rights(register(renamed))


def test_a_version_that_the_catalogue_no_longer_has_is_looked_for_at_the_table_of_the_right() -> None:
    shown = own_rights(register(), table="0123456789ab")
    assert 'href="/nl/decision-tables/social-tariff?version=0123456789ab#rule-3"' in shown


def test_what_a_source_says_cannot_lead_elsewhere() -> None:
    shown = own_rights(register(), rule='3"><script>', table='"><script>alert(1)</script>')
    assert "<script>" not in shown
    assert 'href="/nl/decision-tables/social-tariff?' in shown
    unknown = own_rights(register(), right="//elsewhere.example", table="zz")
    assert "href" not in unknown
    assert "Regel 3" in unknown
