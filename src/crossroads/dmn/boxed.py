"""Boxed expressions from XML."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, TypedDict, TypeVar

from crossroads.dmn.errors import BadModel
from crossroads.dmn.markup import Node
from crossroads.dmn.model import (
    Aggregation,
    Binding,
    Condition,
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Every,
    Expression,
    Filter,
    For,
    FunctionDefinition,
    HitPolicy,
    InputClause,
    Invocation,
    ListOf,
    Literal,
    Orientation,
    OutputClause,
    Place,
    Relation,
    Row,
    Rule,
    Some,
    Variable,
)

Choice = TypeVar("Choice", bound=StrEnum)
Iterator = TypeVar("Iterator", For, Some, Every)


class Common(TypedDict):
    """What every element has."""

    id: str | None
    label: str | None
    place: Place


def common(node: Node) -> Common:
    """Give the id, label and place of an element."""
    return {"id": node.get("id"), "label": node.get("label"), "place": node.place}


def variable(node: Node) -> Variable:
    """Read an information item, of whatever element name."""
    return Variable(name=node.need("name"), type_ref=node.type_ref(), **common(node))


def literal(node: Node) -> Literal:
    """Read a literal expression. Raises BadModel where its values are imported."""
    if node.first("importedValues"):
        raise BadModel("values imported from another file are not supported", node.place)
    text, language = node.text("text") or "", node.get("expressionLanguage")
    return Literal(text=text, language=language, type_ref=node.type_ref(), **common(node))


def condition(node: Node) -> Condition:
    """Read unary tests."""
    return Condition(text=node.text("text") or "", language=node.get("expressionLanguage"), **common(node))


def expression(node: Node) -> Expression | None:
    """Read the one expression among the children of an element, or None."""
    found = node.first(*KINDS)
    return None if found is None else KINDS[found.name](found.named(*_title(found)))


def _title(node: Node) -> tuple[str, ...]:
    label = node.get("label")
    return (f'"{label}"',) if label else ()


def _needed(node: Node, child: str) -> Expression:
    within = node.first(child)
    found = expression(within.named(f"its {child}")) if within else None
    if found is None:
        raise BadModel(f"<{node.name}> has no expression under <{child}>", node.place)
    return found


# Decision tables ---------------------------------------------------------------------------------------------------


def table(node: Node) -> DecisionTable:
    """Read a decision table. Raises BadModel where a rule has not as many cells as the table has columns."""
    inputs = tuple(_input(child, n) for n, child in enumerate(node.all("input"), 1))
    outputs = tuple(_output(child, n) for n, child in enumerate(node.all("output"), len(inputs) + 1))
    if not outputs:
        raise BadModel("the decision table has no output column", node.place)
    for column, output in enumerate(outputs, 1):
        if len(outputs) > 1 and not output.name:
            raise BadModel(f"output column {column} has no name, and there are several", node.place)
    return DecisionTable(
        inputs=inputs,
        outputs=outputs,
        rules=tuple(_rule(child, n, inputs, outputs) for n, child in enumerate(node.all("rule"), 1)),
        annotations=tuple(child.get("name") or "" for child in node.all("annotation")),
        hit_policy=_choice(node, "hitPolicy", HitPolicy) or HitPolicy.UNIQUE,
        aggregation=_choice(node, "aggregation", Aggregation),
        orientation=_choice(node, "preferredOrientation", Orientation) or Orientation.RULE_AS_ROW,
        output_label=node.get("outputLabel"),
        type_ref=node.type_ref(),
        **common(node),
    )


def _choice(node: Node, attribute: str, kind: type[Choice]) -> Choice | None:
    given = node.get(attribute)
    try:
        return None if given is None else kind(given)
    except ValueError:
        known = ", ".join(kind)
        raise BadModel(f'{attribute} is "{given}"; it is one of {known}', node.place) from None


def _input(node: Node, column: int) -> InputClause:
    head = node.first("inputExpression")
    if head is None:
        raise BadModel(f"input column {column} has no input expression", node.place)
    title = " ".join((head.text("text") or node.get("label") or str(column)).split())
    at = node.named(f'input "{title}"', column=column)
    values = at.first("inputValues")
    return InputClause(
        expression=literal(head.at(at.place)),
        values=condition(values.named("its input values")) if values else None,
        **common(at),
    )


def _output(node: Node, column: int) -> OutputClause:
    at = node.named(f'output "{node.get("name") or node.get("label") or column}"', column=column)
    values, default = at.first("outputValues"), at.first("defaultOutputEntry")
    return OutputClause(
        name=node.get("name"),
        type_ref=node.type_ref(),
        values=condition(values.named("its output values")) if values else None,
        default=literal(default.named("its default")) if default else None,
        **common(at),
    )


def _rule(node: Node, row: int, inputs: tuple[InputClause, ...], outputs: tuple[OutputClause, ...]) -> Rule:
    at = node.named(f"rule {row}", row=row)
    return Rule(
        inputs=tuple(condition(cell) for cell in _cells(at, "input", inputs)),
        outputs=tuple(literal(cell) for cell in _cells(at, "output", outputs)),
        annotations=tuple(entry.text("text") or "" for entry in at.all("annotationEntry")),
        **common(at),
    )


def _cells(rule: Node, side: str, columns: tuple[InputClause, ...] | tuple[OutputClause, ...]) -> list[Node]:
    cells = list(rule.all(f"{side}Entry"))
    if len(cells) != len(columns):
        have = f"it has {len(cells)} {side} cells, and the table {len(columns)} {side} columns"
        raise BadModel(have, rule.place)
    return [
        cell.named(clause.place.words[-1], column=clause.place.column)
        for cell, clause in zip(cells, columns, strict=True)
    ]


# The other kinds ---------------------------------------------------------------------------------------------------


def _context(node: Node) -> Context:
    entries = tuple(_entry(child, n) for n, child in enumerate(node.all("contextEntry"), 1))
    return Context(entries=entries, type_ref=node.type_ref(), **common(node))


def _entry(node: Node, position: int) -> ContextEntry:
    head = node.first("variable")
    at = node.named(f'entry "{head.get("name")}"' if head else f"entry {position}")
    named = variable(head.at(at.place)) if head else None
    return ContextEntry(value=expression(at), variable=named, **common(at))


def _invocation(node: Node) -> Invocation:
    called = expression(node.named("the function called"))
    if called is None:
        raise BadModel("the invocation does not say what is called", node.place)
    bindings = tuple(_binding(child) for child in node.all("binding"))
    return Invocation(called=called, bindings=bindings, type_ref=node.type_ref(), **common(node))


def _binding(node: Node) -> Binding:
    parameter = node.first("parameter")
    if parameter is None:
        raise BadModel("a binding has no parameter", node.place)
    at = node.named(f'parameter "{parameter.get("name")}"')
    return Binding(parameter=variable(parameter.at(at.place)), value=expression(at), **common(at))


def function(node: Node) -> FunctionDefinition:
    """Read a function definition (also the encapsulated logic of a business knowledge model)."""
    return FunctionDefinition(
        parameters=tuple(
            variable(child.named(f'parameter "{child.get("name")}"')) for child in node.all("formalParameter")
        ),
        body=expression(node),
        kind=node.get("kind") or "FEEL",
        type_ref=node.type_ref(),
        **common(node),
    )


def _relation(node: Node) -> Relation:
    columns = tuple(variable(child.named(f'column "{child.get("name")}"')) for child in node.all("column"))
    rows = tuple(_row(child.named(f"row {n}", row=n), columns) for n, child in enumerate(node.all("row"), 1))
    return Relation(columns=columns, rows=rows, type_ref=node.type_ref(), **common(node))


def _row(node: Node, columns: tuple[Variable, ...]) -> Row:
    cells = list(node.all(*KINDS))
    if len(cells) != len(columns):
        raise BadModel(f"it has {len(cells)} cells, and the relation {len(columns)} columns", node.place)
    pairs = enumerate(zip(cells, columns, strict=True), 1)
    return Row(
        cells=tuple(KINDS[cell.name](cell.named(f'column "{head.name}"', column=n)) for n, (cell, head) in pairs),
        **common(node),
    )


def _list(node: Node) -> ListOf:
    items = tuple(KINDS[child.name](child.named(f"item {n}")) for n, child in enumerate(node.all(*KINDS), 1))
    return ListOf(items=items, type_ref=node.type_ref(), **common(node))


def _conditional(node: Node) -> Conditional:
    condition, then, otherwise = (_needed(node, child) for child in ("if", "then", "else"))
    return Conditional(condition=condition, then=then, otherwise=otherwise, type_ref=node.type_ref(), **common(node))


def _filter(node: Node) -> Filter:
    return Filter(source=_needed(node, "in"), match=_needed(node, "match"), type_ref=node.type_ref(), **common(node))


def _iterator(node: Node, kind: type[Iterator], body: str) -> Iterator:
    listed = node.first("in")
    return kind(
        variable=node.need("iteratorVariable"),
        source=_needed(node, "in"),
        body=_needed(node, body),
        variable_type=listed.type_ref() if listed else None,
        type_ref=node.type_ref(),
        **common(node),
    )


KINDS: Mapping[str, Callable[[Node], Any]] = {
    "literalExpression": literal,
    "decisionTable": table,
    "context": _context,
    "invocation": _invocation,
    "functionDefinition": function,
    "relation": _relation,
    "list": _list,
    "conditional": _conditional,
    "filter": _filter,
    "for": partial(_iterator, kind=For, body="return"),
    "some": partial(_iterator, kind=Some, body="satisfies"),
    "every": partial(_iterator, kind=Every, body="satisfies"),
}
"""How each kind of boxed expression is read, by its element."""
