"""A decision model as XML of DMN 1.5. What `reading` leaves out cannot be written; tools draw a diagram anew."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crossroads.dmn.model import (
    BusinessKnowledgeModel,
    Condition,
    Conditional,
    Context,
    Decision,
    DecisionService,
    DecisionTable,
    Definitions,
    Element,
    Every,
    Expression,
    Filter,
    For,
    FunctionDefinition,
    Import,
    InputData,
    Invocation,
    ItemDefinition,
    KnowledgeSource,
    ListOf,
    Literal,
    Orientation,
    Relation,
    Requirements,
    Rule,
    Some,
    Variable,
)

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
"""The namespace of what is written."""


def write(definitions: Definitions) -> bytes:
    """Give the XML of a model, UTF-8, indented; `read` gives the same model back."""
    root = ET.Element("definitions", xmlns=NAMESPACE)
    _set(
        root,
        **_named(definitions),
        namespace=definitions.namespace,
        expressionLanguage=definitions.expression_language,
        typeLanguage=definitions.type_language,
    )
    _text(root, "description", definitions.description)
    for part, writer in PARTS.items():
        for thing in getattr(definitions, part):
            writer(root, thing)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _set(element: ET.Element, **attributes: str | None) -> ET.Element:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, value)
    return element


def _child(parent: ET.Element, tag: str, thing: Element, **attributes: str | None) -> ET.Element:
    return _set(ET.SubElement(parent, tag), id=thing.id, label=thing.label, **attributes)


def _named(thing: Any) -> dict[str, str | None]:
    return {"id": thing.id, "label": thing.label, "name": thing.name}


def _text(parent: ET.Element, tag: str, text: str | None) -> None:
    if text is not None:
        ET.SubElement(parent, tag).text = text


def _variable(parent: ET.Element, tag: str, variable: Variable | None) -> None:
    if variable is not None:
        _child(parent, tag, variable, name=variable.name, typeRef=variable.type_ref)


def _condition(parent: ET.Element, tag: str, condition: Condition | None) -> None:
    if condition is not None:
        _text(_child(parent, tag, condition, expressionLanguage=condition.language), "text", condition.text)


# The graph ---------------------------------------------------------------------------------------------------------


def _import(parent: ET.Element, thing: Import) -> None:
    _child(
        parent,
        "import",
        thing,
        name=thing.name,
        namespace=thing.namespace,
        importType=thing.kind,
        locationURI=thing.location,
    )


def _item(parent: ET.Element, thing: ItemDefinition, tag: str = "itemDefinition") -> None:
    collection = "true" if thing.collection else None
    at = _child(parent, tag, thing, name=thing.name, isCollection=collection, typeLanguage=thing.language)
    _text(at, "typeRef", thing.type_ref)
    _condition(at, "allowedValues", thing.allowed)
    _condition(at, "typeConstraint", thing.constraint)
    for component in thing.components:
        _item(at, component, "itemComponent")
    if thing.function is not None:
        written = _set(ET.SubElement(at, "functionItem"), outputTypeRef=thing.function.output_type_ref)
        for parameter in thing.function.parameters:
            _variable(written, "parameters", parameter)


def _input_data(parent: ET.Element, thing: InputData) -> None:
    at = _child(parent, "inputData", thing, name=thing.name)
    _text(at, "description", thing.description)
    _variable(at, "variable", thing.variable)


def _decision(parent: ET.Element, thing: Decision) -> None:
    at = _child(parent, "decision", thing, name=thing.name)
    _text(at, "description", thing.description)
    _text(at, "question", thing.question)
    _text(at, "allowedAnswers", thing.allowed_answers)
    _variable(at, "variable", thing.variable)
    _requirements(at, thing.requires)
    _expression(at, thing.expression)


def _knowledge(parent: ET.Element, thing: BusinessKnowledgeModel) -> None:
    at = _child(parent, "businessKnowledgeModel", thing, name=thing.name)
    _text(at, "description", thing.description)
    _variable(at, "variable", thing.variable)
    if thing.function is not None:
        _function(at, thing.function, "encapsulatedLogic")
    _requirements(at, thing.requires)


def _source(parent: ET.Element, thing: KnowledgeSource) -> None:
    at = _child(parent, "knowledgeSource", thing, name=thing.name, locationURI=thing.location)
    _text(at, "description", thing.description)
    _requirements(at, thing.requires)
    _text(at, "type", thing.kind)


def _service(parent: ET.Element, thing: DecisionService) -> None:
    at = _child(parent, "decisionService", thing, name=thing.name)
    _text(at, "description", thing.description)
    _variable(at, "variable", thing.variable)
    _references(at, "outputDecision", thing.outputs)
    _references(at, "encapsulatedDecision", thing.encapsulated)
    _references(at, "inputDecision", thing.input_decisions)
    _references(at, "inputData", thing.input_data)


def _references(parent: ET.Element, tag: str, hrefs: Iterable[str]) -> None:
    for href in hrefs:
        ET.SubElement(parent, tag, href=href)


def _requirements(parent: ET.Element, requires: Requirements) -> None:
    for requirement, kind, hrefs in (
        ("informationRequirement", "requiredInput", requires.inputs),
        ("informationRequirement", "requiredDecision", requires.decisions),
        ("knowledgeRequirement", "requiredKnowledge", requires.knowledge),
        ("authorityRequirement", "requiredAuthority", requires.authorities),
    ):
        for href in hrefs:
            _references(ET.SubElement(parent, requirement), kind, [href])


PARTS: Mapping[str, Callable[[ET.Element, Any], None]] = {
    "imports": _import,
    "items": _item,
    "inputs": _input_data,
    "decisions": _decision,
    "knowledge": _knowledge,
    "sources": _source,
    "services": _service,
}
"""The parts of a model in the order of the schema, and how each is written."""


# Boxed expressions -------------------------------------------------------------------------------------------------


def _expression(parent: ET.Element, thing: Expression | None) -> None:
    if thing is not None:
        KINDS[type(thing)](parent, thing)


def _boxed(parent: ET.Element, tag: str, thing: Expression, **attributes: str | None) -> ET.Element:
    return _child(parent, tag, thing, typeRef=thing.type_ref, **attributes)


def _literal(parent: ET.Element, thing: Literal, tag: str = "literalExpression") -> None:
    _text(_boxed(parent, tag, thing, expressionLanguage=thing.language), "text", thing.text)


def _table(parent: ET.Element, thing: DecisionTable) -> None:
    aside = thing.orientation is not Orientation.RULE_AS_ROW
    at = _boxed(
        parent,
        "decisionTable",
        thing,
        hitPolicy=thing.hit_policy,
        aggregation=thing.aggregation,
        preferredOrientation=thing.orientation if aside else None,
        outputLabel=thing.output_label,
    )
    _columns(at, thing)
    for rule in thing.rules:
        _rule(at, rule)


def _columns(at: ET.Element, thing: DecisionTable) -> None:
    for column in thing.inputs:
        head = _child(at, "input", column)
        _literal(head, column.expression, "inputExpression")
        _condition(head, "inputValues", column.values)
    for result in thing.outputs:
        head = _child(at, "output", result, name=result.name, typeRef=result.type_ref)
        _condition(head, "outputValues", result.values)
        if result.default is not None:
            _literal(head, result.default, "defaultOutputEntry")
    for name in thing.annotations:
        ET.SubElement(at, "annotation", name=name)


def _rule(parent: ET.Element, rule: Rule) -> None:
    at = _child(parent, "rule", rule)
    for test in rule.inputs:
        _condition(at, "inputEntry", test)
    for result in rule.outputs:
        _literal(at, result, "outputEntry")
    for annotation in rule.annotations:
        _text(ET.SubElement(at, "annotationEntry"), "text", annotation)


def _context(parent: ET.Element, thing: Context) -> None:
    at = _boxed(parent, "context", thing)
    for entry in thing.entries:
        within = _child(at, "contextEntry", entry)
        _variable(within, "variable", entry.variable)
        _expression(within, entry.value)


def _invocation(parent: ET.Element, thing: Invocation) -> None:
    at = _boxed(parent, "invocation", thing)
    _expression(at, thing.called)
    for binding in thing.bindings:
        within = ET.SubElement(at, "binding")
        _variable(within, "parameter", binding.parameter)
        _expression(within, binding.value)


def _function(parent: ET.Element, thing: FunctionDefinition, tag: str = "functionDefinition") -> None:
    at = _boxed(parent, tag, thing, kind=None if thing.kind == "FEEL" else thing.kind)
    for parameter in thing.parameters:
        _variable(at, "formalParameter", parameter)
    _expression(at, thing.body)


def _relation(parent: ET.Element, thing: Relation) -> None:
    at = _boxed(parent, "relation", thing)
    for column in thing.columns:
        _variable(at, "column", column)
    for row in thing.rows:
        within = _child(at, "row", row)
        for cell in row.cells:
            _expression(within, cell)


def _list(parent: ET.Element, thing: ListOf) -> None:
    at = _boxed(parent, "list", thing)
    for item in thing.items:
        _expression(at, item)


def _conditional(parent: ET.Element, thing: Conditional) -> None:
    at = _boxed(parent, "conditional", thing)
    for tag, part in (("if", thing.condition), ("then", thing.then), ("else", thing.otherwise)):
        _expression(ET.SubElement(at, tag), part)


def _filter(parent: ET.Element, thing: Filter) -> None:
    at = _boxed(parent, "filter", thing)
    _expression(ET.SubElement(at, "in"), thing.source)
    _expression(ET.SubElement(at, "match"), thing.match)


def _iterator(parent: ET.Element, thing: For | Some | Every) -> None:
    tag, body = ITERATORS[type(thing)]
    at = _boxed(parent, tag, thing, iteratorVariable=thing.variable)
    _expression(_set(ET.SubElement(at, "in"), typeRef=thing.variable_type), thing.source)
    _expression(ET.SubElement(at, body), thing.body)


ITERATORS: Mapping[type, tuple[str, str]] = {
    For: ("for", "return"),
    Some: ("some", "satisfies"),
    Every: ("every", "satisfies"),
}
KINDS: Mapping[type, Callable[[ET.Element, Any], None]] = {
    Literal: _literal,
    DecisionTable: _table,
    Context: _context,
    Invocation: _invocation,
    FunctionDefinition: _function,
    Relation: _relation,
    ListOf: _list,
    Conditional: _conditional,
    Filter: _filter,
    For: _iterator,
    Some: _iterator,
    Every: _iterator,
}
"""How each kind of boxed expression is written."""
