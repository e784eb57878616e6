"""Which texts of an input may lead a decision table to a certain answer: nothing else needs to be looked for."""

from collections.abc import Iterable
from dataclasses import replace

from crossroads.dmn.analysing.constants import NotConstant, NoValue, constants
from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.parser import parse_tests
from crossroads.dmn.feel.syntax import Against
from crossroads.dmn.model import Condition, DecisionTable, Definitions, Literal, OutputClause


def named(model: Definitions, decision: str, name: str, output: str) -> frozenset[str] | None:
    """Give the texts of an input for which a decision's table may give anything but `false` as one of its outputs.

    None where that cannot be told from the table alone: then any text may.
    """
    found = next((one for one in model.decisions if decision in (one.name, one.id)), None)
    if found is None or not isinstance(found.expression, DecisionTable) or _is_other(model, name):
        return None
    table = found.expression
    columns = [at for at, column in enumerate(table.inputs) if " ".join(column.expression.text.split()) == name]
    outputs = [at for at, column in enumerate(table.outputs) if column.name == output]
    if not columns or len(outputs) != 1 or not _says_no(table.outputs[outputs[0]]):
        return None
    rules = [rule for rule in table.rules if not _is_no(rule.outputs[outputs[0]])]
    told = [texts for at in columns if (texts := _texts(rule.inputs[at] for rule in rules)) is not None]
    return frozenset.intersection(*told) if told else None


def named_by_rule(model: Definitions, decision: str, rule: int, name: str, output: str) -> frozenset[str] | None:
    """Give the same of one rule of the table, by its number; None also where there is none of that number."""
    found = next((one for one in model.decisions if decision in (one.name, one.id)), None)
    if found is None or not isinstance(found.expression, DecisionTable) or not 0 < rule <= len(found.expression.rules):
        return None
    alone = replace(found, expression=replace(found.expression, rules=(found.expression.rules[rule - 1],)))
    others = tuple(alone if one is found else one for one in model.decisions)
    return named(replace(model, decisions=others), decision, name, output)


def _is_other(model: Definitions, name: str) -> bool:
    """Tell whether the name may stand for something else than the fact that is given."""
    made = {one.name for kind in (model.decisions, model.knowledge, model.services) for one in kind}
    return bool(model.imports) or name in made


def _says_no(column: OutputClause) -> bool:
    """Tell whether the table gives `false` where none of its rules matches."""
    return column.default is not None and column.default.text.strip() == "false"


def _is_no(cell: Literal) -> bool:
    return cell.text.strip() == "false"


def _texts(cells: Iterable[Condition]) -> frozenset[str] | None:
    """Give the texts that cells take; None where some take others."""
    found: set[str] = set()
    for cell in cells:
        texts = _of_cell(cell)
        if texts is None:
            return None
        found |= texts
    return frozenset(found)


def _of_cell(cell: Condition) -> frozenset[str] | None:
    try:
        tests = parse_tests(cell.text.strip() or "-")
        spoken = constants(tests)
    except (SyntaxFault, NotConstant, NoValue):
        return None
    others = any(isinstance(test, Against) and test.relation != "=" for test in tests.tests)
    if tests.negated or not tests.tests or others or not all(one.exact for one in spoken):
        return None
    return frozenset(one.value for one in spoken if isinstance(one.value, str))
