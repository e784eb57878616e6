"""What is wrong with the decision tables of a model, told without a case.

Gaps, overlaps, rules that are never reached, values that are not allowed, types, names and syntax: each with its cell
and, where it is about a combination of facts, an example. What cannot be told is said too: no finding is not "no gap"
while there is one of the kind `not-analysed`.
"""

from collections.abc import Iterator, Sequence

from crossroads.dmn.analysing.findings import Finding, Kind, fault
from crossroads.dmn.analysing.outputs import see_outputs
from crossroads.dmn.analysing.rules import Rules
from crossroads.dmn.analysing.seeing import Standing, standings
from crossroads.dmn.analysing.subjects import subjects
from crossroads.dmn.graph import Graph
from crossroads.dmn.library import Resolver, nothing_imported
from crossroads.dmn.model import Definitions

__all__ = ["Finding", "Kind", "analyse"]


def analyse(model: Definitions, resolver: Resolver = nothing_imported, *, null: bool = False) -> tuple[Finding, ...]:
    """Give the findings of all tables of a model, in the order of the cells. Raises BadModel as `Model` does.

    Null counts as a value of inputs of which a cell speaks of null; for gaps only where it is asked for (`null`).
    """
    graph = Graph(model, resolver)
    found = [fault(one) for one in graph.faults]
    for standing in _tables(graph):
        found += _of_table(standing, null=null)
    return tuple(found)


def _tables(graph: Graph) -> Iterator[Standing]:
    for ready in graph.ready.values():
        if ready.found.home is graph.library.root:
            yield from standings(graph, ready)


def _of_table(standing: Standing, *, null: bool) -> Sequence[Finding]:
    found: list[Finding] = []
    looked_at = subjects(standing, found.append, null=null)
    see_outputs(standing, found.append)
    found.sort(key=lambda one: (one.place.row or 0, one.place.column or 0))
    return [*found, *Rules(standing, looked_at, null=null).findings()]
