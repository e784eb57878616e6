"""A model for tables that have none yet: their inputs are the names in their input expressions."""

import re
from collections.abc import Mapping

from crossroads.dmn.analysing.constants import names
from crossroads.dmn.feel.builtins.registry import BUILTINS
from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.names import NO_NAMES
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.syntax import Expression, Name
from crossroads.dmn.model import Decision, DecisionTable, Definitions, InputData, Requirements, Variable

NAMESPACE = "urn:decision-tables:"


def founded(tables: Mapping[str, DecisionTable]) -> Definitions:
    """Give a model of one decision for each table; decisions require each other by name."""
    wanted = {name: _wanted(table) for name, table in tables.items()}
    types = {name: type_ref for found in wanted.values() for name, type_ref in found.items() if name not in tables}
    title = next(iter(tables))
    return Definitions(
        name=title,
        namespace=NAMESPACE + _id(title),
        inputs=tuple(
            InputData(id=f"input-{_id(name)}", name=name, variable=Variable(name=name, type_ref=types[name]))
            for name in types
        ),
        decisions=tuple(_decision(name, table, wanted[name], set(tables)) for name, table in tables.items()),
    )


def _decision(name: str, table: DecisionTable, wanted: Mapping[str, str | None], decided: set[str]) -> Decision:
    type_ref = table.outputs[0].type_ref if len(table.outputs) == 1 else None
    return Decision(
        id=f"decision-{_id(name)}",
        name=name,
        variable=Variable(name=name, type_ref=type_ref),
        expression=table,
        requires=Requirements(
            inputs=tuple(f"#input-{_id(one)}" for one in wanted if one not in decided),
            decisions=tuple(f"#decision-{_id(one)}" for one in wanted if one in decided and one != name),
        ),
    )


def _wanted(table: DecisionTable) -> dict[str, str | None]:
    """Give the names that the expressions speak of, with the type of the column where an input is just the name."""
    found: dict[str, str | None] = {}
    heads = [(column.expression.text, column.expression.type_ref) for column in table.inputs]
    given = [(cell.text, None) for rule in table.rules for cell in rule.outputs]
    for text, type_ref in [*heads, *given]:
        tree = _tree(text)
        for name in names(tree) if tree else ():
            if name not in BUILTINS:
                found[name] = found.get(name) or (type_ref if isinstance(tree, Name) else None)
    return found


def _tree(text: str) -> Expression | None:
    """Parse a text; what cannot be parsed speaks of nothing, and is found when the model is made ready."""
    try:
        return parse(text, NO_NAMES) if text.strip() else None
    except SyntaxFault:
        return None


def _id(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-") or "table"
