"""A decision model evaluated: what a decision or service answers to facts, by which rules, from which facts.

    model = Model(read(data))
    outcome = model.evaluate("Fee", {"Age": 17})

FEEL knows no exceptions: what goes wrong is null, and the notes say what and where.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel import values
from crossroads.dmn.feel.values import Value
from crossroads.dmn.graph import Graph
from crossroads.dmn.library import Resolver, nothing_imported
from crossroads.dmn.making import Fired
from crossroads.dmn.model import Definitions, InputData
from crossroads.dmn.running import Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided: `value` in plain Python (`feel`: as FEEL has it), and how it came about.

    `notes` say what went wrong, and where; `fired` the rules whose outputs were used, required decisions included, in
    the order in which they fired; `facts` the input data that was read, by name.
    """

    value: object
    notes: tuple[str, ...] = ()
    fired: tuple[Fired, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    feel: Value = None


class Model:
    """A model made ready to be evaluated, as often as asked. It does not change; processes and threads may share it."""

    def __init__(self, definitions: Definitions, resolver: Resolver = nothing_imported) -> None:
        """Make ready. Raises BadModel where references or imports lead nowhere, CircularModel for circles.

        A cell or type that cannot be read does not stop the rest: it is among `faults`, and null when evaluated.
        """
        self._graph = Graph(definitions, resolver)

    @property
    def definitions(self) -> Definitions:
        """What was made ready."""
        return self._graph.library.root

    @property
    def faults(self) -> tuple[BadModel, ...]:
        """What cannot be read, each with its place: whoever needs a faultless model refuses it when there are any."""
        return tuple(self._graph.faults)

    def inputs(self, name: str) -> tuple[InputData, ...]:
        """Give the input data that a decision or service can read, directly or not. Raises BadModel if unknown."""
        return self._graph.inputs(self._graph.library.named(name))

    def evaluate(self, name: str, inputs: Mapping[str, object]) -> Outcome:
        """Evaluate a decision, a service or a knowledge model of this model, by name or id. Raises BadModel if unknown.

        Inputs are plain Python or values of FEEL, by the name of the input data (a service's input decisions and a
        knowledge model's parameters likewise). Input data of an imported model goes by `namespace#name`, by its name
        in a mapping under the name of the import, or by its name alone. What is not given is null.
        """
        found = self._graph.library.named(name)
        run = Run(self._graph, {key: values.from_python(value) for key, value in inputs.items()})
        value = run.answer(found)
        facts = {key: values.to_python(fact) for key, fact in run.facts.items()}
        return Outcome(values.to_python(value), tuple(run.notes), tuple(run.trace), facts, value)
