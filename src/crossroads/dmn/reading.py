"""A decision model from XML, of DMN 1.1 to 1.6. Diagrams, text annotations and vendors' extensions are left out."""

from collections.abc import Iterator
from dataclasses import replace

from crossroads.dmn.boxed import KINDS, common, condition, expression, function, variable
from crossroads.dmn.errors import BadModel
from crossroads.dmn.markup import Node, parse
from crossroads.dmn.model import (
    BusinessKnowledgeModel,
    Condition,
    Decision,
    DecisionService,
    Definitions,
    FunctionItem,
    Import,
    InputData,
    ItemDefinition,
    KnowledgeSource,
    Requirements,
    Variable,
)

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "https://www.omg.org/spec/DMN/20240513/MODEL/": "1.6",
}
"""The version of DMN by the namespace of its XML."""

FEEL = (
    "http://www.omg.org/spec/FEEL/20140401",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
    "https://www.omg.org/spec/DMN/20240513/FEEL/",
)
"""The names of FEEL as an expression language and as the namespace of its types."""

GRAPH = ("decision", "inputData", "businessKnowledgeModel", "knowledgeSource", "decisionService")
REST = (
    *("description", "extensionElements", "import", "itemDefinition", "textAnnotation", "association", "group"),
    *("elementCollection", "performanceIndicator", "organizationUnit"),
)

DECISION = (
    *("description", "extensionElements", "question", "allowedAnswers", "variable"),
    *("informationRequirement", "knowledgeRequirement", "authorityRequirement", "supportedObjective"),
    *("impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask"),
)


def read(data: bytes) -> Definitions:
    """Read one model. Raises BadModel, which says where. Imports are kept as they are written, not followed."""
    node = parse(data)
    if node.namespace not in NAMESPACES or node.name != "definitions":
        raise BadModel(f"the outermost element is <{node.name}> of {node.namespace or 'no namespace'}, not a DMN model")
    root = replace(node, types=_types(node))
    root.see_only(GRAPH + REST, "a DMN model")
    return Definitions(
        name=root.get("name") or "",
        namespace=root.need("namespace"),
        description=root.text("description"),
        expression_language=root.get("expressionLanguage"),
        type_language=root.get("typeLanguage"),
        imports=tuple(_import(child) for child in root.all("import")),
        items=tuple(_item(child, "type") for child in root.all("itemDefinition")),
        inputs=tuple(_input_data(child) for child in _elements(root, "inputData", "input")),
        decisions=tuple(_decision(child) for child in _elements(root, "decision", "decision")),
        knowledge=tuple(_knowledge(child) for child in _elements(root, "businessKnowledgeModel", "knowledge model")),
        sources=tuple(_source(child) for child in _elements(root, "knowledgeSource", "knowledge source")),
        services=tuple(_service(child) for child in _elements(root, "decisionService", "decision service")),
        **common(root),
    )


def _types(root: Node) -> dict[str, str]:
    """Give what stands for each bound prefix of a type: nothing for FEEL and the model, `name.` for an import."""
    imported = {child.get("namespace"): child for child in root.all("import")}
    found = {}
    for prefix, uri in root.prefixes.items():
        if uri in (*FEEL, root.get("namespace")):
            found[prefix] = ""
        elif uri in imported:
            found[prefix] = f"{imported[uri].get('name') or prefix}."
    return found


def _elements(root: Node, element: str, word: str) -> Iterator[Node]:
    return (child.named(f'{word} "{child.get("name")}"') for child in root.all(element))


def _import(node: Node) -> Import:
    namespace = node.need("namespace")
    bound = next((prefix for prefix, uri in node.prefixes.items() if uri == namespace), "")
    name = node.get("name")
    return Import(
        namespace=namespace,
        name=bound if name is None else name,
        kind=node.get("importType") or "",
        location=node.get("locationURI"),
        **common(node),
    )


def _item(node: Node, word: str) -> ItemDefinition:
    at = node.named(f'{word} "{node.get("name")}"')
    written = at.first("functionItem")
    return ItemDefinition(
        name=at.need("name"),
        type_ref=at.plain(at.text("typeRef")),
        components=tuple(_item(child, "component") for child in at.all("itemComponent")),
        function=_function_item(written) if written else None,
        collection=at.get("isCollection") in ("true", "1"),
        allowed=_optional(at, "allowedValues", "its allowed values"),
        constraint=_optional(at, "typeConstraint", "its type constraint"),
        language=at.get("typeLanguage"),
        **common(at),
    )


def _optional(node: Node, child: str, words: str) -> Condition | None:
    found = node.first(child)
    return condition(found.named(words)) if found else None


def _function_item(node: Node) -> FunctionItem:
    parameters = tuple(variable(child) for child in node.all("parameters"))
    return FunctionItem(parameters=parameters, output_type_ref=node.type_ref("outputTypeRef"))


def _variable(node: Node) -> Variable | None:
    found = node.first("variable")
    return variable(found) if found else None


def _input_data(node: Node) -> InputData:
    return InputData(
        name=node.need("name"), variable=_variable(node), description=node.text("description"), **common(node)
    )


def _decision(node: Node) -> Decision:
    node.see_only((*DECISION, *KINDS), "a decision")
    return Decision(
        name=node.need("name"),
        variable=_variable(node),
        expression=expression(node),
        requires=_requirements(node),
        question=node.text("question"),
        allowed_answers=node.text("allowedAnswers"),
        description=node.text("description"),
        **common(node),
    )


def _knowledge(node: Node) -> BusinessKnowledgeModel:
    logic = node.first("encapsulatedLogic")
    return BusinessKnowledgeModel(
        name=node.need("name"),
        variable=_variable(node),
        function=function(logic) if logic else None,
        requires=_requirements(node),
        description=node.text("description"),
        **common(node),
    )


def _source(node: Node) -> KnowledgeSource:
    return KnowledgeSource(
        name=node.need("name"),
        kind=node.text("type"),
        location=node.get("locationURI"),
        requires=_requirements(node),
        description=node.text("description"),
        **common(node),
    )


def _service(node: Node) -> DecisionService:
    return DecisionService(
        name=node.need("name"),
        variable=_variable(node),
        outputs=_references(node, "outputDecision"),
        encapsulated=_references(node, "encapsulatedDecision"),
        input_decisions=_references(node, "inputDecision"),
        input_data=_references(node, "inputData"),
        description=node.text("description"),
        **common(node),
    )


def _requirements(node: Node) -> Requirements:
    return Requirements(
        inputs=_within(node, "informationRequirement", "requiredInput"),
        decisions=_within(node, "informationRequirement", "requiredDecision"),
        knowledge=_within(node, "knowledgeRequirement", "requiredKnowledge"),
        authorities=_within(node, "authorityRequirement", "requiredAuthority", "requiredDecision", "requiredInput"),
    )


def _within(node: Node, requirement: str, *kinds: str) -> tuple[str, ...]:
    return tuple(href for child in node.all(requirement) for href in _references(child, *kinds))


def _references(node: Node, *names: str) -> tuple[str, ...]:
    return tuple(child.named(f"<{child.name}>").need("href") for child in node.all(*names))
