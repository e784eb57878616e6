"""What is wrong with the models of decision tables in a catalogue: what `crossroads tables check` would say of each."""

from collections.abc import Iterable, Iterator

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.errors import Fault
from crossroads.catalogue.loader import Located
from crossroads.dmn.analysis import analyse
from crossroads.dmn.errors import BadModel
from crossroads.dmn.library import things
from crossroads.dmn.model import DecisionTable as Table
from crossroads.dmn.reading import read


def model_faults(entries: Iterable[Located]) -> list[Fault]:
    """Give what is to be mended in the models, at the line that names the file of each."""
    return [
        located.fault(f"the model: {what}", ".file")
        for located in entries
        if isinstance(located.entry, DecisionTable)
        for what in _wrong(located.entry)
    ]


def _wrong(entry: DecisionTable) -> Iterator[str]:
    try:
        model = read(entry.dmn.encode())
        answering = [one.expression for one in model.decisions if entry.decision in (one.name, one.id)]
        if not answering or not isinstance(answering[0], Table):
            yield f"there is no decision {entry.decision} that is a table"
        # Whoever reads the table and whatever decides by it must not take another for it.
        if sum(entry.decision in (one.name, one.id) for one in things(model)) > 1:
            yield f"more than one thing goes by {entry.decision}, as its name or id"
        yield from (str(finding) for finding in analyse(model) if finding.is_fault)
    except BadModel as error:
        yield str(error)
