"""`crossroads tables`: decision tables in files: checked, shown, to and from a spreadsheet, tried."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from crossroads.dmn.analysing.findings import fault
from crossroads.dmn.analysis import Finding, Kind, analyse
from crossroads.dmn.drawing import Drawing, drawings
from crossroads.dmn.errors import BadModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.feel.values import from_python, text_of, to_json
from crossroads.dmn.library import Resolver, nothing_imported
from crossroads.dmn.model import Definitions
from crossroads.dmn.reading import read
from crossroads.dmn.screen import draw
from crossroads.dmn.sheet import model_of, workbook_of
from crossroads.dmn.trying import facts_of
from crossroads.dmn.writing import write

app = typer.Typer(
    help="Decision tables: check them, show them, edit them in a spreadsheet, try them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_screen = Console()

_File = typer.Argument(exists=True, dir_okay=False, readable=True, help="A DMN model.", metavar="FILE")
File = Annotated[Path, _File]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for a program.")]
_COLOURS = {Kind.UNKNOWN: "yellow"}


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="DMN models.", metavar="FILE...")],
    *,
    null: Annotated[
        bool, typer.Option("--null", help="A fact that is missing counts as a value: is it a gap?")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is wrong with the tables of models: gaps, overlaps, rules never reached, types, values, syntax.

    A model may import others that are given with it. Ends with 1 where something is to be mended. What could not be
    analysed is said, and is no reason to end with 1.
    """
    found = _all_findings(files, null=null)
    if as_json:
        _write([{"file": str(path), "findings": [_of_finding(one) for one in said]} for path, said in found.items()])
    else:
        for path, said in found.items():
            _say(path, said)
    if any(one.is_fault for said in found.values() for one in said):
        raise typer.Exit(1)


@app.command()
def show(file: File, *, as_json: Json = False) -> None:
    """Show the tables of a model."""
    found = drawings(read(file.read_bytes()))
    if as_json:
        _write([_of_drawing(one) for one in found])
        return
    for one in found:
        draw(_screen, one)


@app.command()
def to_sheet(
    file: File, output: Annotated[Path, typer.Argument(help="The workbook to write.", metavar="OUT.xlsx")]
) -> None:
    """Write the tables of a model to a workbook (XLSX), for a spreadsheet program."""
    output.write_bytes(workbook_of(read(file.read_bytes())))
    _screen.print(f"{output} is written.", markup=False, highlight=False)


@app.command()
def from_sheet(
    workbook: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A workbook.", metavar="IN.xlsx")],
    file: Annotated[Path, typer.Argument(help="The DMN model; made where there is none.", metavar="FILE")],
) -> None:
    """Put the tables of a workbook in the place of those of a model. A cell that cannot be read leaves it as it is."""
    old = read(file.read_bytes()) if file.exists() else None
    made = model_of(workbook.read_bytes(), old)
    faults = Model(made).faults
    if faults:
        _say(workbook, [fault(one) for one in faults])
        _screen.print(f"{file} is left as it is.", markup=False, highlight=False)
        raise typer.Exit(1)
    if made == old:
        _screen.print(f"{file} says the same already.", markup=False, highlight=False)
        return
    file.write_bytes(write(made))
    _screen.print(f"{file} is written.", markup=False, highlight=False)


@app.command("try")
def try_(
    file: File,
    *,
    decision: Annotated[str, typer.Option(help="The decision, by its name.")],
    facts: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The facts: a JSON object.")],
    as_json: Json = False,
) -> None:
    """Decide on facts: what comes out, by which rules, from which facts, and what went wrong on the way."""
    model = Model(read(file.read_bytes()))
    outcome = model.evaluate(decision, facts_of(model, decision, facts.read_bytes()))
    said: Mapping[str, Any] = {
        "value": to_json(outcome.feel),
        "rules": [{"table": one.table, "rule": one.rule, "id": one.id} for one in outcome.fired],
        "facts": {name: to_json(from_python(value)) for name, value in outcome.facts.items()},
        "notes": list(outcome.notes),
    }
    if as_json:
        _write(said)
        return
    _line("value", text_of(outcome.feel))
    for one in outcome.fired:
        _line("rule", f"{one.rule} of {one.table}" + (f" ({one.id})" if one.id else ""))
    for name, value in said["facts"].items():
        _line("fact", f"{name}: {json.dumps(value, ensure_ascii=False)}")
    for note in outcome.notes:
        _line("note", note)


def _all_findings(files: Sequence[Path], *, null: bool) -> dict[Path, Sequence[Finding]]:
    """Analyse files, each of which may import others of them."""
    models: dict[Path, Definitions] = {}
    found: dict[Path, Sequence[Finding]] = {}
    for path in files:
        try:
            models[path] = read(path.read_bytes())
        except BadModel as error:
            found[path] = [fault(error)]
    known = {model.namespace: model for model in models.values()}
    for path, model in models.items():
        found[path] = _findings(
            model, lambda wanted: known.get(wanted.namespace) or nothing_imported(wanted), null=null
        )
    return {path: found[path] for path in files}


def _findings(model: Definitions, resolver: Resolver, *, null: bool) -> Sequence[Finding]:
    try:
        return analyse(model, resolver, null=null)
    except BadModel as error:
        return [fault(error)]


def _say(path: Path, said: Sequence[Finding]) -> None:
    _screen.print(f"{path}: {_summed(said)}", markup=False, highlight=False, soft_wrap=True)
    for one in said:
        _screen.print(
            f"  [{_COLOURS.get(one.kind, 'red')}]{one.kind}[/] {escape(str(one))}", highlight=False, soft_wrap=True
        )


def _summed(said: Sequence[Finding]) -> str:
    wrong = sum(one.is_fault for one in said)
    left = len(said) - wrong
    words = f"{wrong} to mend" if wrong else "nothing to mend"
    return f"{words}, {left} not analysed" if left else words


def _of_finding(one: Finding) -> Mapping[str, Any]:
    return {
        "kind": one.kind,
        "message": one.message,
        "place": {"words": list(one.place.words), "rule": one.place.row, "column": one.place.column},
        "rules": list(one.rules),
        "example": {name: to_json(value) for name, value in one.example.items()},
        "certain": one.certain,
    }


def _of_drawing(one: Drawing) -> Mapping[str, Any]:
    names = ("side", "title", "expression", "type_ref", "allowed", "default")
    return {
        "name": one.name,
        "description": one.description,
        "hitPolicy": one.hit_policy,
        "aggregation": one.aggregation,
        "sources": [source.name for source in one.sources],
        "columns": [{name.removesuffix("_ref"): getattr(column, name) for name in names} for column in one.columns],
        "rules": [{"rule": row.number, "id": row.id, "cells": [cell.text for cell in row.cells]} for row in one.rows],
    }


def _line(head: str, text: str) -> None:
    _screen.print(f"{head:6} {text}", markup=False, highlight=False, soft_wrap=True)


def _write(said: object) -> None:
    typer.echo(json.dumps(said, ensure_ascii=False))
