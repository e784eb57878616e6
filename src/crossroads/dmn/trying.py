"""Facts from JSON for trying a decision: texts become what their inputs are declared to hold, dates above all."""

import json
from decimal import Decimal
from typing import Any

from crossroads.dmn.errors import BadModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.feel.values import Value, from_python, from_text
from crossroads.dmn.held import scalar
from crossroads.dmn.model import Definitions, ItemDefinition, Place

MAX_BYTES = 1024 * 1024


def facts_of(model: Model, decision: str, data: bytes) -> dict[str, Value]:
    """Read the facts for a decision, by the names of its inputs. Raises BadModel, which names the fact."""
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")  # noqa: TRY301 - told as the rest is
        given = json.loads(data, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadModel(f"not JSON: {error}", Place(("the facts",))) from None
    inputs = {one.name: one.variable.type_ref if one.variable else None for one in model.inputs(decision)}
    if not isinstance(given, dict):
        raise BadModel("they are an object: a name and a value for each fact", Place(("the facts",)))
    if strange := sorted(set(given) - set(inputs)):
        known = ", ".join(sorted(inputs)) or "none"
        raise BadModel(f"no input has this name; there are: {known}", _fact(strange[0]))
    try:
        return {name: _value(value, inputs[name], model.definitions, (name,)) for name, value in given.items()}
    except RecursionError:
        raise BadModel("they nest too deeply", Place(("the facts",))) from None


def _fact(*names: str) -> Place:
    return Place(("the facts", ".".join(names)))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _value(value: Any, type_ref: str | None, model: Definitions, at: tuple[str, ...]) -> Value:
    item = next((item for item in model.items if item.name == type_ref), None)
    if isinstance(value, list):
        inner = item.type_ref if item and item.collection else type_ref
        return [_value(one, inner, model, at) for one in value]
    if isinstance(value, dict):
        return {name: _value(one, _component(item, name), model, (*at, name)) for name, one in value.items()}
    kind = scalar(model, item.type_ref if item and item.collection else type_ref)
    is_text = isinstance(value, str) and kind not in (None, "string", "number", "boolean")
    try:
        return from_text(value, kind) if is_text and kind else from_python(value)
    except ValueError:
        raise BadModel(f"this is not a {kind or 'value'}", _fact(*at)) from None


def _component(item: ItemDefinition | None, name: str) -> str | None:
    return next((one.type_ref for one in item.components if one.name == name), None) if item else None
