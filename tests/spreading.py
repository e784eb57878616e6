"""What Citus would do with a statement, as far as its text tells: whether it goes to one machine, or is refused.

A statement goes to the machine of one value of the column by which a table is spread. So each table that it names must
be narrowed by that column (in an equation that always holds), all by the same column; and nothing may stand in it that
Citus takes on one machine alone, or refuses.
"""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from crossroads.bootstrap.distribution import COORDINATED, EVERYWHERE, SPREAD

_STATEMENTS = (exp.Select, exp.Update, exp.Delete, exp.Insert)
_FORBIDDEN = ("advisory", "create trigger", "exclude using", "currval", "lastval")
_VOLATILE = re.compile(r"\b(clock_timestamp|timeofday|random|gen_random_uuid|nextval|setval)\(")
_STABLE = re.compile(r"\b(now|current_timestamp|current_date|(?:statement|transaction)_timestamp|pg_backend_pid)\b")
_FILLED = re.compile(r"(?i)^\s*create temporary table \w+ on commit drop as")
_OF_ITS_OWN = re.compile(r"(?i)^\s*(set local|analyze|create temporary table \w+ \()")
"""Begins what is of the connection alone."""


def statements(sql: str) -> list[exp.Expression]:
    """Read SQL; of a temporary table, what fills it."""
    parts = (_FILLED.sub("", part) for part in sql.split(";") if not _OF_ITS_OWN.match(part))
    return [tree for part in parts for tree in sqlglot.parse(part, read="postgres") if tree is not None]


def scattered(tree: exp.Expression) -> Iterator[str]:
    """Name the spread tables that a statement does not narrow by their column."""
    for table in _tables(tree):
        if table.name in SPREAD and not _narrowed(table, SPREAD[table.name]):
            yield f"{table.name} without {SPREAD[table.name]}"


def refused(tree: exp.Expression) -> Iterator[str]:
    """Tell what Citus refuses in a statement, even where each table is narrowed."""
    names = {table.name for table in _tables(tree)}
    columns = sorted({SPREAD[name] for name in names & SPREAD.keys()})
    yield from (word for word in _FORBIDDEN if word in tree.sql("postgres").lower())
    if len(columns) > 1:
        yield "spread by " + " and by ".join(columns)
    if columns and names & COORDINATED:
        yield "spread, and with the coordinator: " + ", ".join(sorted(names & COORDINATED))
    if columns and any(one.args.get("recursive") for one in tree.find_all(exp.With)):
        yield "spread, and recursive"
    yield from _volatile(tree)
    yield from _moving(tree)
    yield from _locked(tree)
    yield from _repeated(tree)


def _tables(tree: exp.Expression) -> list[exp.Table]:
    named = {one.alias for one in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.name not in named]


def _narrowed(table: exp.Table, column: str) -> bool:
    statement = table.find_ancestor(*_STATEMENTS)
    if statement is None:
        return False
    if isinstance(statement, exp.Insert) and statement.this.find(exp.Table) is table:
        return column in {one.name for one in statement.this.find_all(exp.Identifier)}
    return any(True for _ in _narrowing(table, column, statement)) or any(
        using.name == column for join in _joins(statement) for using in join.args.get("using") or []
    )


def _narrowing(table: exp.Table, column: str, statement: exp.Expression) -> Iterator[exp.Expression]:
    """Give the conditions that narrow a table."""
    names = {table.alias_or_name, ""} if _alone(table, statement) else {table.alias_or_name}
    for condition in _conditions(statement):
        if any(one.name == column and one.table in names for one in _equated(condition)):
            yield condition


def _alone(table: exp.Table, statement: exp.Expression) -> bool:
    return all(one is table for one in statement.find_all(exp.Table) if one.find_ancestor(*_STATEMENTS) is statement)


def _joins(statement: exp.Expression) -> list[exp.Join]:
    return [join for join in statement.find_all(exp.Join) if join.find_ancestor(*_STATEMENTS) is statement]


def _conditions(statement: exp.Expression) -> Iterator[exp.Expression]:
    """Give what always holds: the parts of WHERE and of each ON that are joined by AND."""
    if where := statement.args.get("where"):
        yield from _parts(where.this)
    for join in _joins(statement):
        if on := join.args.get("on"):
            yield from _parts(on)


def _parts(condition: exp.Expression) -> Iterator[exp.Expression]:
    plain = _bare(condition)
    if isinstance(plain, exp.And):
        yield from _parts(plain.left)
        yield from _parts(plain.right)
    else:
        yield plain


def _bare(condition: exp.Expression) -> exp.Expression:
    while isinstance(condition, exp.Paren):
        condition = condition.this
    return condition


def _equated(condition: exp.Expression) -> Iterator[exp.Column]:
    """Give the columns that a condition makes equal to something: `=`, `= ANY`, `IN`; each of a row."""
    sides = [condition.left, condition.right] if isinstance(condition, exp.EQ) else []
    sides += [condition.this] if isinstance(condition, exp.In) else []
    for side in map(_bare, sides):
        parts = side.expressions if isinstance(side, exp.Tuple) else [side]
        yield from (part for part in parts if isinstance(part, exp.Column))


def _volatile(tree: exp.Expression) -> Iterator[str]:
    """Tell which functions that change by themselves stand in what changes rows of a table that is not in one place."""
    for change in tree.find_all(exp.Update, exp.OnConflict, exp.Delete):
        table = change.parent.this if isinstance(change, exp.OnConflict) and change.parent else change.this
        found = table.find(exp.Table)
        if found is not None and found.name in SPREAD.keys() | EVERYWHERE:
            calls = set(_VOLATILE.findall(change.sql("postgres").lower()))
            yield from (f"{name} in a change of {found.name}" for name in sorted(calls))


def _moving(tree: exp.Expression) -> Iterator[str]:
    """Tell which functions that change from one statement to the next stand where Citus does not reckon them first."""
    for change in tree.find_all(exp.Insert, exp.Update, exp.Delete):
        found = change.this and change.this.find(exp.Table)
        if found is not None and found.name in SPREAD.keys() | EVERYWHERE:
            parts = [change.args.get("returning"), change.args.get("conflict")]
            parts += change.find_all(exp.Coalesce, exp.Case) if isinstance(change, exp.Update) else []
            calls = {name for part in parts if part for name in _STABLE.findall(part.sql("postgres").lower())}
            yield from (f"{name} in a part of a change of {found.name}" for name in sorted(calls))


def _locked(tree: exp.Expression) -> Iterator[str]:
    """Tell of which tables rows are locked that several machines may have."""
    for select in tree.find_all(exp.Select):
        for table in _tables(tree) if select.args.get("locks") else []:
            if table.find_ancestor(*_STATEMENTS) is select and table.name in SPREAD:
                narrowing = _narrowing(table, SPREAD[table.name], select)
                if not any(map(_of_one, narrowing)):
                    yield f"locks of {table.name}, anywhere"


def _repeated(tree: exp.Expression) -> Iterator[str]:
    """Tell of which tables something is counted or cut off for each row of what is not spread."""
    spread = {table.alias_or_name for table in _tables(tree) if table.name in SPREAD}
    for select in tree.find_all(exp.Select):
        own = {table.alias_or_name for table in select.find_all(exp.Table)}
        for table in _tables(select) if _cuts(select) else []:
            if table.find_ancestor(*_STATEMENTS) is select and table.name in SPREAD:
                narrowing = [*_narrowing(table, SPREAD[table.name], select)]
                rows = {column.table for one in narrowing if not _of_one(one) for column in one.find_all(exp.Column)}
                yield from (f"{table.name}, for each row of {row}" for row in rows - own - spread if row)


def _cuts(select: exp.Select) -> bool:
    counts = any(one.find(exp.AggFunc) for one in select.expressions) and not select.args.get("group")
    return bool(counts or select.args.get("limit") or select.args.get("offset"))


def _of_one(condition: exp.Expression) -> bool:
    """Tell whether a column is made equal to one value: not to any of several, nor to what stands in another table."""
    if not isinstance(condition, exp.EQ):
        return False
    return not condition.find(exp.Any) and not all(side.find(exp.Column) for side in (condition.left, condition.right))
