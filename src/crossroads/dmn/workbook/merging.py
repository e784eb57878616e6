"""A table as a sheet has it, with what the model knows of the same cells: ids, languages, and their exact text."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import Condition, DecisionTable, InputClause, Literal, OutputClause, Rule
from crossroads.dmn.workbook.laying import shown
from crossroads.dmn.workbook.typed import Refused, understood

Text = TypeVar("Text", Condition, Literal)
Thing = TypeVar("Thing")
Kinds = Callable[[InputClause | OutputClause], str | None]


def same(one: str | None, other: str | None) -> bool:
    """Tell whether two texts are one: a sheet keeps neither blanks around a text nor how its lines end."""
    left, right = (" ".join((text or "").replace("\r\n", "\n").split("\r")).strip() for text in (one, other))
    return left == right


def merged(new: DecisionTable, names: Sequence[str], old: DecisionTable | None, kinds: Kinds) -> DecisionTable:
    """Give the new table; what stands in the old one in the same words is kept as it is there. Raises BadModel.

    `names` are the first cells of the new rules.
    """
    base = old or replace(new, inputs=(), outputs=(), rules=())
    inputs = _paired([one.expression.text for one in new.inputs], [one.expression.text for one in base.inputs])
    outputs = _paired([one.name for one in new.outputs], [one.name for one in base.outputs])
    rules = _paired(names, [shown(rule, n) for n, rule in enumerate(base.rules, 1)])
    heads = tuple(_input(one, _at(base.inputs, n), kinds) for one, n in zip(new.inputs, inputs, strict=True))
    tails = tuple(_output(one, _at(base.outputs, n), kinds) for one, n in zip(new.outputs, outputs, strict=True))
    of = ([kinds(one) for one in heads], [kinds(one) for one in tails])
    pairs = zip(_own_ids(new.rules, rules, base.rules), rules, strict=True)
    return replace(
        old or new,
        inputs=heads,
        outputs=tails,
        rules=tuple(_rule(one, _at(base.rules, n), (inputs, outputs), of) for one, n in pairs),
        annotations=_notes(new.annotations, old.annotations if old else None),
        hit_policy=new.hit_policy,
        aggregation=new.aggregation,
    )


def _at(things: Sequence[Thing], number: int | None) -> Thing | None:
    return None if number is None else things[number]


def _paired(new: Sequence[str | None], old: Sequence[str | None]) -> list[int | None]:
    """Give for each new text where the same stands among the old, each once, rather at the same place."""
    left = dict(enumerate(old))
    pairs: list[int | None] = []
    for at, text in enumerate(new):
        alike = [n for n, other in left.items() if same(text, other)]
        found = at if at in alike else next(iter(alike), None)
        pairs.append(found)
        if found is not None:
            del left[found]
    return pairs


def _own_ids(new: Sequence[Rule], pairs: Sequence[int | None], old: Sequence[Rule]) -> list[Rule]:
    """Take the id from a new rule that another has: a row that was copied."""
    taken = {old[n].id for n in pairs if n is not None}
    found = []
    for rule in new:
        found.append(replace(rule, id=None) if rule.id in taken else rule)
        taken.add(rule.id)
    return found


def _input(new: InputClause, old: InputClause | None, kinds: Kinds) -> InputClause:
    known = old or new
    head = _kept(new.expression, old.expression if old else None, None)
    type_ref = new.expression.type_ref
    if old and same(old.expression.type_ref, type_ref):
        type_ref = old.expression.type_ref
    made = replace(known, expression=replace(head, type_ref=type_ref), label=_label(new, old), place=new.place)
    return replace(made, values=_optional(new.values, old.values if old else None, kinds(made)))


def _output(new: OutputClause, old: OutputClause | None, kinds: Kinds) -> OutputClause:
    type_ref = old.type_ref if old and same(old.type_ref, new.type_ref) else new.type_ref
    name = old.name if old else new.name
    made = replace(old or new, name=name, type_ref=type_ref, label=_label(new, old), place=new.place)
    values = _optional(new.values, old.values if old else None, kinds(made))
    return replace(made, values=values, default=_optional(new.default, old.default if old else None, kinds(made)))


def _label(new: InputClause | OutputClause, old: InputClause | OutputClause | None) -> str | None:
    return old.label if old and same(old.label, new.label) else new.label


def _rule(
    new: Rule,
    old: Rule | None,
    columns: tuple[Sequence[int | None], Sequence[int | None]],
    of: tuple[Sequence[str | None], Sequence[str | None]],
) -> Rule:
    inputs = [None if n is None or old is None else old.inputs[n] for n in columns[0]]
    outputs = [None if n is None or old is None else old.outputs[n] for n in columns[1]]
    return replace(
        old or new,
        inputs=tuple(_test(*one) for one in zip(new.inputs, inputs, of[0], strict=True)),
        outputs=tuple(_kept(*one) for one in zip(new.outputs, outputs, of[1], strict=True)),
        annotations=_notes(new.annotations, old.annotations if old else None),
        place=new.place,
    )


def _test(new: Condition, old: Condition | None, of: str | None) -> Condition:
    """Keep a test; an empty cell and `-` are one."""
    if old is not None and not old.text.strip() and new.text == "-":
        return replace(old, place=new.place)
    return _kept(new, old, of)


def _kept(new: Text, old: Text | None, of: str | None) -> Text:
    if old is not None and same(old.text, new.text):
        return replace(old, place=new.place)
    try:
        return replace(old or new, text=understood(new.text, of), place=new.place)
    except Refused as why:
        raise BadModel(str(why), new.place) from None


def _optional(new: Text | None, old: Text | None, of: str | None) -> Text | None:
    if new is None:
        return old if old is not None and not old.text.strip() else None
    return _kept(new, old, of)


def _notes(new: Iterable[str], old: Sequence[str] | None) -> tuple[str, ...]:
    """Keep notes; empty ones at the end may be there or not."""
    found = list(new)
    if old is not None and _trimmed(found) == _trimmed(old):
        return tuple(old)
    pairs = zip(found, [*(old or ()), *([""] * len(found))], strict=False)
    return tuple(other if same(one, other) else one for one, other in pairs)


def _trimmed(notes: Sequence[str]) -> list[str]:
    texts = [" ".join(note.split()) for note in notes]
    while texts and not texts[-1]:
        texts.pop()
    return texts
