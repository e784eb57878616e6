"""Reading and writing the XML of decision models, and what is refused."""

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from crossroads.dmn.errors import BadModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.markup import MAX_BYTES, MAX_DEPTH
from crossroads.dmn.model import (
    Aggregation,
    Binding,
    BusinessKnowledgeModel,
    Condition,
    Conditional,
    Context,
    ContextEntry,
    DecisionService,
    Definitions,
    Every,
    Expression,
    Filter,
    For,
    FunctionDefinition,
    FunctionItem,
    HitPolicy,
    Import,
    Invocation,
    ItemDefinition,
    KnowledgeSource,
    ListOf,
    Literal,
    Orientation,
    OutputClause,
    Relation,
    Requirements,
    Row,
    Some,
    Variable,
)
from crossroads.dmn.reading import NAMESPACES, read
from crossroads.dmn.writing import write
from decision_models import decision, given, literal, model, table

DECISION = '<decision name="D" id="d">{}</decision>'


def xml(inside: str, namespace: str = "https://www.omg.org/spec/DMN/20230324/MODEL/", before: str = "") -> bytes:
    head = f'{before}<definitions xmlns="{namespace}" name="m" namespace="urn:m">'
    return f"{head}{inside}</definitions>".encode()


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_version_of_dmn_is_read(namespace: str) -> None:
    text = "<literalExpression><text>1 + 1</text></literalExpression>"
    assert Model(read(xml(DECISION.format(text), namespace))).evaluate("D", {}).value == 2


def test_the_prefixes_of_types_in_dmn_1_1_are_taken_off() -> None:
    data = b"""<d:definitions xmlns:d="http://www.omg.org/spec/DMN/20151101/dmn.xsd" name="m" namespace="urn:m"
        xmlns:f="http://www.omg.org/spec/FEEL/20140401" xmlns:own="urn:m" xmlns:other="urn:o">
        <d:import namespace="urn:o" importType="http://www.omg.org/spec/DMN/20151101/dmn.xsd"/>
        <d:inputData name="a"><d:variable name="a" typeRef="f:number"/></d:inputData>
        <d:inputData name="b"><d:variable name="b" typeRef="own:tB"/></d:inputData>
        <d:inputData name="c"><d:variable name="c" typeRef="other:tC"/></d:inputData></d:definitions>"""
    found = read(data)
    assert [one.variable.type_ref for one in found.inputs if one.variable] == ["number", "tB", "other.tC"]
    assert found.imports[0].name == "other"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (xml("", before='<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "document type"),
        (xml("", before='<!DOCTYPE d SYSTEM "http://example.invalid/a.dtd">'), "document type"),
        (xml('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="a.xml"/>'), "XInclude"),
        (xml("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH), "deep"),
        (b" " * (MAX_BYTES + 1), "bytes"),
        (b"", "not well-formed"),
        (b"<definitions", "not well-formed"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "encoding"),
        (b"<definitions/>", "no namespace"),
        (xml("", namespace="urn:else"), "urn:else"),
        (xml("<decison/>"), "<decison> is not known"),
        (xml(DECISION.format("<literalExpresion/>")), 'decision "D": <literalExpresion> is not known'),
        (xml("<decision/>"), "has no name"),
        (xml(DECISION.format("<decisionTable/>")), "no output column"),
        (xml(DECISION.format('<decisionTable hitPolicy="BEST"><output/></decisionTable>')), '"BEST"; it is one of'),
        (xml(DECISION.format("<decisionTable><input/><output/></decisionTable>")), "input column 1"),
        (xml(DECISION.format("<decisionTable><output/><output/></decisionTable>")), "output column 1 has no name"),
        (xml(DECISION.format("<decisionTable><output/><rule/></decisionTable>")), "rule 1: it has 0 output cells"),
        (xml(DECISION.format("<invocation/>")), "what is called"),
        (xml(DECISION.format("<conditional/>")), "under <if>"),
        (xml(DECISION.format("<literalExpression><importedValues/></literalExpression>")), "imported"),
    ],
)
def test_what_cannot_be_a_model_is_refused_and_said_where(data: bytes, words: str) -> None:
    with pytest.raises(BadModel, match=words):
        read(data)


def test_every_cell_knows_where_it_stands() -> None:
    rows = ((["> 1", "-"], ['"x"']), (["<= 1", "true"], ['"y"']))
    built = model([given("Age"), given("Well")], [decision("Fee", table(["Age", "Well"], rows))])
    (found,) = read(write(built)).decisions
    cell = found.expression.rules[1].inputs[1]  # type: ignore[union-attr]  # it is a table
    assert str(cell.place) == 'decision "Fee", rule 2, input "Well"'
    assert (cell.place.row, cell.place.column, cell.place.element) == (2, 2, "rule-2")


WHOLE = write(
    model(
        [given("Age", "number")],
        [decision("Fee", table(["Age"], ((["< 18"], ["1"]), (["-"], ["2"])), hit_policy="FIRST"), inputs=["Age"])],
        [ItemDefinition(name="tA", type_ref="number", allowed=Condition(text="> 1"))],
    )
)


@over(
    st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=6) | st.sampled_from([b"<a/>", b"]]>", b"&a;"])
)
def test_a_damaged_file_is_a_model_or_refused(at: int, length: int, instead: bytes) -> None:
    damaged = WHOLE[:at] + instead + WHOLE[at + length :]
    try:
        found = Model(read(damaged))
    except BadModel:
        return
    for one in found.definitions.decisions:
        found.evaluate(one.name, {"Age": 3})


# What is written is read back as it was -----------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
maybe = st.none() | texts
conditions = st.builds(Condition, text=texts, id=maybe, language=maybe)
variables = st.builds(
    Variable, name=texts, type_ref=maybe.map(lambda one: (one or "").strip().replace(":", "") or None)
)
literals = st.builds(Literal, text=texts, id=maybe, label=maybe, language=maybe)


def tables(_within: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    outputs = st.builds(OutputClause, name=texts, values=st.none() | conditions, default=st.none() | literals)
    return st.builds(
        lambda names, cells, output, **more: table(names, [(cells[: len(names)], cells[:1])] * 2, output, **more),
        st.lists(texts, min_size=1, max_size=2),
        st.lists(texts, min_size=2, max_size=2),
        outputs,
        hit_policy=st.sampled_from(HitPolicy),
        aggregation=st.none() | st.sampled_from(Aggregation),
        orientation=st.sampled_from(Orientation),
        output_label=maybe,
    )


def boxed(within: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    entries = st.builds(ContextEntry, value=st.none() | within, variable=st.none() | variables)
    bindings = st.builds(Binding, parameter=variables, value=st.none() | within)
    iterators = [
        st.builds(kind, variable=texts, source=within, body=within, variable_type=st.none() | st.just("number"))
        for kind in (For, Some, Every)
    ]
    return st.one_of(
        tables(within),
        st.builds(Context, entries=st.lists(entries, max_size=2).map(tuple), label=maybe),
        st.builds(Invocation, called=within, bindings=st.lists(bindings, max_size=2).map(tuple)),
        st.builds(
            FunctionDefinition,
            parameters=st.lists(variables, max_size=2).map(tuple),
            body=st.none() | within,
            kind=st.sampled_from(["FEEL", "Java"]),
        ),
        st.builds(
            lambda head, cells: Relation(columns=(head,), rows=tuple(Row(cells=(cell,)) for cell in cells)),
            variables,
            st.lists(within, max_size=2),
        ),
        st.builds(ListOf, items=st.lists(within, max_size=2).map(tuple), type_ref=st.none() | st.just("tList")),
        st.builds(Conditional, condition=within, then=within, otherwise=within),
        st.builds(Filter, source=within, match=within),
        *iterators,
    )


@over(st.recursive(literals, boxed, max_leaves=6))
def test_any_expression_is_read_as_it_was_written(expression: Expression) -> None:
    built = model(decisions=[decision("D", expression)])
    assert read(write(built)) == built


def test_the_whole_graph_is_read_as_it_was_written() -> None:
    requires = Requirements(knowledge=("#K",), authorities=("#S",))
    number = Variable(name="x", type_ref="number")
    built = Definitions(
        name="all",
        namespace="urn:all",
        description="What it is for",
        imports=(Import(namespace="urn:o", name="", kind="urn:k", location="o.dmn"),),
        items=(
            ItemDefinition(name="tA", type_ref="number", collection=True, allowed=Condition(text="> 1")),
            ItemDefinition(name="tB", components=(ItemDefinition(name="c", constraint=Condition(text="?")),)),
            ItemDefinition(name="tC", function=FunctionItem(parameters=(number,), output_type_ref="tA")),
        ),
        inputs=(given("I"),),
        decisions=(decision("D", literal("1"), inputs=["I"], decisions=["E"]), decision("E", None)),
        knowledge=(
            BusinessKnowledgeModel(
                name="K",
                id="K",
                function=FunctionDefinition(parameters=(number,), body=literal("x")),
                requires=requires,
            ),
        ),
        sources=(KnowledgeSource(name="S", id="S", kind="law", location="https://example.invalid/law"),),
        services=(DecisionService(name="V", id="V", outputs=("#D",), encapsulated=("#E",), input_data=("#I",)),),
    )
    assert read(write(built)) == built
