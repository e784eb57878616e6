"""A decision and all that it requires, on the rows of one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import ibis
import ibis.expr.types as ir

from crossroads.dmn.compiled.extent import Extent
from crossroads.dmn.compiled.fitting import fitted
from crossroads.dmn.compiled.lowering import Scope, lowered
from crossroads.dmn.compiled.refusals import NotCompiled, Refused
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.rules import Result
from crossroads.dmn.compiled.sheets import sheet_of
from crossroads.dmn.compiled.tables import decided
from crossroads.dmn.compiled.terms import (
    EXTENTS,
    MEASURED,
    PLAIN_TYPES,
    Compiled,
    Constant,
    Kind,
    Many,
    Record,
    Scalar,
    Term,
    common,
    sized,
)
from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.names import normal
from crossroads.dmn.feel.scope import Work
from crossroads.dmn.feel.types import ANY, Simple
from crossroads.dmn.graph import Graph, Ready
from crossroads.dmn.library import Found
from crossroads.dmn.making import Maker
from crossroads.dmn.model import Conditional, Context, Decision, DecisionTable, Expression, InputData, Literal

_NARROW = 32
"""Bits up to which a column's own type says more of a duration than the calendar does."""


@dataclass(slots=True)
class Deciding:
    """One decision being compiled on one table."""

    graph: Graph
    rows: Rows
    columns: Mapping[str, str]
    explained: bool
    known: dict[tuple[str, str], Compiled] = field(default_factory=dict)
    violations: list[tuple[str, Any]] = field(default_factory=list)
    fired: Any = None
    work: Work = field(default_factory=Work)

    def decide(self, found: Found) -> Compiled:
        """Compile what the decision requires, then the decision."""
        source = self.rows.table
        for one in needed_inputs(self.graph, found):
            self.known[one.key] = self._input(one, source)
        for ready in self.graph.plan(found):
            self.known[ready.found.key] = self._decision(ready, last=ready.found.key == found.key)
        return self.known[found.key]

    def _input(self, found: Found, source: ir.Table) -> Compiled:
        name = self.columns.get(found.thing.name, found.thing.name)
        try:
            if name not in source.columns:
                raise Refused(f"the table has no column {name}")  # noqa: TRY301 - the place is added below
            shape = self.graph.ready[found.key].shape
            given = column(source[name], kind_of(shape.type))
            (kept,) = self.rows.keep_all([fitted(given, shape)])
        except Refused as refused:
            raise refused.at(found.thing.place) from None
        return kept

    def _decision(self, ready: Ready, *, last: bool) -> Compiled:
        thing = ready.found.thing
        assert isinstance(thing, Decision)  # noqa: S101 - a plan holds decisions only
        maker = _raising(self.graph.maker(ready.found.home)).seeing(*(need.found.thing.name for need in ready.needs))
        result = self._expression(thing.expression, maker, self._seen(ready))
        if result.violated is not None:
            self.violations.append((thing.name, result.violated))
        if last:
            self.fired = result.fired
        try:
            value = fitted(result.value, ready.shape)
        except Refused as refused:
            raise refused.at(thing.place) from None
        return value if last else self.rows.keep_all([value])[0]

    def _seen(self, ready: Ready) -> Scope:
        names: dict[str, Compiled] = {}
        for need in ready.needs:
            if need.prefix or need.found.key not in self.known:
                raise NotCompiled(
                    f'it requires "{need.found.thing.name}", and only inputs and decisions of one model are compiled',
                    ready.found.thing.place,
                )
            names[normal(need.found.thing.name)] = self.known[need.found.key]
        return Scope(names, self.work)

    def _expression(self, thing: Expression | None, maker: Maker, scope: Scope) -> Result:
        if thing is None:
            return Result(Constant(None))
        compile_one = self._expressions.get(type(thing))
        if compile_one is None:
            raise NotCompiled(f"{type(thing).__name__} is not compiled", thing.place)
        try:
            result = compile_one(self, thing, maker, scope)
            shape = maker.shapes.of(thing.type_ref, thing.place)
            return result if isinstance(thing, DecisionTable) else replace(result, value=fitted(result.value, shape))
        except Refused as refused:
            raise refused.at(thing.place) from None

    def _literal(self, thing: Literal, maker: Maker, scope: Scope) -> Result:
        tree = maker.tree(thing)
        return Result(Constant(None) if tree is None else lowered(tree, scope))

    def _table(self, thing: DecisionTable, maker: Maker, scope: Scope) -> Result:
        sheet = sheet_of(thing, maker, scope, self.rows)
        return decided(replace(sheet, explained=self.explained), self.rows)

    def _conditional(self, thing: Conditional, maker: Maker, scope: Scope) -> Result:
        condition, then, otherwise = (
            self._plain(self._expression(part, maker, scope), part)
            for part in (thing.condition, thing.then, thing.otherwise)
        )
        if condition.kind not in (Kind.BOOLEAN, None):
            raise Refused(f"a {condition.kind} stands where true or false is wanted")
        if isinstance(condition, Constant):
            return Result(then if condition.value is True else otherwise)
        kind, extent = common([then, otherwise], "branches")
        value = ibis.ifelse(condition.value, sized(then, kind, extent), sized(otherwise, kind, extent))
        return Result(Term(kind=kind, value=value, extent=extent))

    def _plain(self, result: Result, thing: Expression) -> Scalar:
        if isinstance(result.value, Record | Many) or result.violated is not None:
            raise NotCompiled("only single values are compiled here", thing.place)
        return result.value

    def _context(self, thing: Context, maker: Maker, scope: Scope) -> Result:
        entries: dict[str, Scalar] = {}
        for entry in thing.entries:
            if entry.value is None:
                value: Scalar = Constant(None)
            else:
                value = self._plain(self._expression(entry.value, maker, scope), entry.value)
            if entry.variable is None:
                return Result(value)
            found = fitted(value, maker.shapes.of(entry.variable.type_ref, entry.place))
            (kept,) = self.rows.keep_all([found])
            assert isinstance(kept, Constant | Term)  # noqa: S101 - what is single stays single
            name = normal(entry.variable.name)
            entries[name] = kept
            scope, maker = replace(scope, names={**scope.names, name: kept}), maker.seeing(name)
        return Result(Record(entries))

    _expressions: ClassVar[Mapping[type, Callable[["Deciding", Any, Maker, Scope], Result]]] = {
        Literal: _literal,
        DecisionTable: _table,
        Conditional: _conditional,
        Context: _context,
    }


def needed_inputs(graph: Graph, found: Found) -> list[Found]:
    """Give the input data that a decision reads, directly or not, each once."""
    needs = [need.found for ready in graph.plan(found) for need in ready.needs]
    return list({one.key: one for one in needs if isinstance(one.thing, InputData)}.values())


def kind_of(type_: object) -> Kind | None:
    """Give the kind of column for a type of FEEL, None for any. Raises Refused for types that no column holds."""
    if type_ == ANY:
        return None
    if isinstance(type_, Simple) and type_.name in list(Kind):
        return Kind(type_.name)
    raise Refused(f"its type is {getattr(type_, 'name', 'not single')}: columns hold {', '.join(Kind)}")


def column(value: Any, kind: Kind | None) -> Term:
    """Read a column as a kind. Raises Refused where its type does not hold that kind exactly."""
    dtype = value.type()
    extent = Extent.of_type(dtype)
    if kind is None:
        kind = next((one for one, plain in PLAIN_TYPES.items() if _alike(plain, dtype)), Kind.NUMBER)
    if kind in MEASURED:
        if extent is None or (kind is not Kind.NUMBER and not dtype.is_integer()):
            raise Refused(f"the column holds {dtype}, and a {kind} is {_HELD[kind]}")
        wide = kind is not Kind.NUMBER and dtype.nbytes * 8 > _NARROW
        return Term(kind=kind, value=value, extent=EXTENTS[kind] if wide else extent, nullable=dtype.nullable)
    if not _alike(PLAIN_TYPES[kind], dtype):
        raise Refused(f"the column holds {dtype}, and not {kind}s")
    return Term(kind=kind, value=value, nullable=dtype.nullable)


_HELD = {
    Kind.NUMBER: "an integer or a decimal, which are exact",
    Kind.DAYS: "an integer: its seconds",
    Kind.MONTHS: "an integer: its months",
}


def _alike(plain: Any, dtype: Any) -> bool:
    return bool(type(plain) is type(dtype))


def _raising(maker: Maker) -> Maker:
    def complain(fault: BadModel) -> None:
        raise NotCompiled(fault.message, fault.where)

    return replace(maker, complain=complain)
