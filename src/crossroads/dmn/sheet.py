"""The decision tables of a model as a workbook (XLSX) that people edit in a spreadsheet program, and back.

    data = workbook_of(model)
    changed = model_of(data, model)         # the same model with its tables as they stand in the workbook

A sheet holds one table, laid out as `sheets` says, with its description, the sources of law and the labels of columns.
What the model knows and a sheet does not show (ids, languages, orientation) is kept. A formula is refused, and so is
what a spreadsheet program made of a text where it could mean several things; the message names the cell.
"""

from dataclasses import replace
from functools import partial

from crossroads.dmn.errors import BadModel
from crossroads.dmn.held import Owner, held, kind, sources, swapped
from crossroads.dmn.model import Definitions
from crossroads.dmn.workbook.founding import founded
from crossroads.dmn.workbook.laying import DESCRIPTION, laid
from crossroads.dmn.workbook.merging import merged, same
from crossroads.dmn.workbook.opening import Opened, opened
from crossroads.dmn.workbook.reading import Read, read_sheet


def workbook_of(model: Definitions) -> bytes:
    """Give the workbook of all tables of a model. Raises BadModel where there are none."""
    return laid(model)


def model_of(data: bytes, model: Definitions | None = None) -> Definitions:
    """Give a model with the tables of a workbook in the place of its own; without one, a model of these tables alone.

    A table of the model that is not in the workbook stays. Raises BadModel, which names sheet and cell.
    """
    empty = Definitions(name="", namespace="")
    found = [read_sheet(sheet, model or empty) for sheet in opened(data)]
    _see_once(found)
    if model is None:
        tables = {one.name: merged(one.table, one.rules, None, partial(kind, empty)) for one in found}
        return _described(founded(tables), found)
    known = {one.key: one for one in held(model)}
    for one in found:
        if one.key not in known:
            raise BadModel(f'the model has no table "{one.name}"{one.which}', one.sheet.place(0, 1))
    of = partial(kind, model)
    pairs = [(one, known[one.key].table) for one in found]
    others = {id(old): merged(one.table, one.rules, old, of) for one, old in pairs}
    return _described(swapped(model, others), found)


def _see_once(found: list[Read]) -> None:
    seen: dict[tuple[str, int], Opened] = {}
    for one in found:
        if one.key in seen:
            raise BadModel(f'the sheet "{seen[one.key].title}" has the same table', one.sheet.place(0, 1))
        seen[one.key] = one.sheet


def _described(model: Definitions, found: list[Read]) -> Definitions:
    """Put in what the sheets say beside the tables."""
    for one in found:
        owner = next(thing.owner for thing in held(model) if thing.key == one.key)
        model = _sourced(model, owner, one)
        text = one.said(DESCRIPTION)
        if text is not None and not same(owner.description, text):
            model = swapped(model, {id(owner): replace(owner, description=text or None)})
    return model


def _sourced(model: Definitions, owner: Owner, one: Read) -> Definitions:
    """Put in where sources of law are and what they say; which there are stands in the model."""
    known = {" ".join(source.name.split()): source for source in sources(model, owner)}
    for row, (name, location, description) in one.references():
        source = known.get(" ".join(name.split()))
        if source is None:
            raise BadModel(f'the model names no source "{name}" for this table', one.sheet.place(row, 1))
        changed = replace(
            source,
            location=source.location if same(source.location, location) else location or None,
            description=source.description if same(source.description, description) else description or None,
        )
        model = replace(model, sources=tuple(changed if it is source else it for it in model.sources))
    return model
