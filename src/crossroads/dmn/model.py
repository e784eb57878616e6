"""A decision model as DMN writes it: what it requires, and the boxed expressions that decide. No input, no output.

Names follow the specification, in the words of this project: a *literal* is FEEL text, a *condition* FEEL unary tests.
Every text keeps the `Place` where it stands. Places do not count when two models are compared.
A `type_ref`, an expression and a test are text as they were written: they are parsed when a model is made ready.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class HitPolicy(StrEnum):
    """What comes out of a decision table when several of its rules match."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    COLLECT = "COLLECT"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"


class Aggregation(StrEnum):
    """What COLLECT makes of the outputs; without one, a list."""

    SUM = "SUM"
    COUNT = "COUNT"
    MIN = "MIN"
    MAX = "MAX"


class Orientation(StrEnum):
    """How a decision table is drawn; it changes nothing in what is decided."""

    RULE_AS_ROW = "Rule-as-Row"
    RULE_AS_COLUMN = "Rule-as-Column"
    CROSS_TABLE = "CrossTable"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands: words from the outside in, its id, and in a decision table its rule and column from 1."""

    words: tuple[str, ...] = ()
    element: str | None = None
    row: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Say it in words: `decision "Fee", rule 3, input "Age"`."""
        return ", ".join(self.words) or "the model"


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What every thing of a model may have: an id, a label that people see, the place where it stands."""

    id: str | None = None
    label: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed(Element):
    """What every expression has: the type of its value, as it was written."""

    type_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Element):
    """FEEL unary tests (`>= 18`, `"a", "b"`, `-`)."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Element):
    """A name with a type: what DMN calls an information item."""

    name: str
    type_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Boxed):
    """An expression as FEEL text. Empty text is an expression that is not yet written: its value is null."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputClause(Element):
    """A condition column: its expression, and the values it may have."""

    expression: Literal
    values: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputClause(Element):
    """A conclusion column. `values` are listed best first: PRIORITY and OUTPUT ORDER follow that order.

    A table with one column may leave its name out.
    """

    name: str | None = None
    type_ref: str | None = None
    values: Condition | None = None
    default: Literal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Element):
    """A row: one test for each input, one literal for each output, a text for each annotation column."""

    inputs: tuple[Condition, ...]
    outputs: tuple[Literal, ...]
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable(Boxed):
    """Rules in rows; every rule has as many cells as there are columns (`reading` sees to that)."""

    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]
    annotations: tuple[str, ...] = ()
    hit_policy: HitPolicy = HitPolicy.UNIQUE
    aggregation: Aggregation | None = None
    orientation: Orientation = Orientation.RULE_AS_ROW
    output_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEntry(Element):
    """A named value; without a name it is the result of its context. No value: null."""

    value: "Expression | None"
    variable: Variable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Boxed):
    """Named values, each of which may use those before it."""

    entries: tuple[ContextEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding(Element):
    """What a parameter is given in an invocation."""

    parameter: Variable
    value: "Expression | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation(Boxed):
    """A function called with named arguments."""

    called: "Expression"
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDefinition(Boxed):
    """A function written in the model. `kind` other than FEEL (Java, PMML) is kept and never run."""

    parameters: tuple[Variable, ...]
    body: "Expression | None"
    kind: str = "FEEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Element):
    """One row of a relation: an expression for each column."""

    cells: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Boxed):
    """A list of contexts, written as a table."""

    columns: tuple[Variable, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Boxed):
    """A list, one expression for each item."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Boxed):
    """If, then, else."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Boxed):
    """The items of a list that match."""

    source: "Expression"
    match: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Iterator(Boxed):
    """One variable that goes through a list. `variable_type` is the type written on the list's side."""

    variable: str
    source: "Expression"
    body: "Expression"
    variable_type: str | None = None


class For(_Iterator):
    """The list of what `body` gives for each item."""

    __slots__ = ()


class Some(_Iterator):
    """Whether `body` holds for at least one item."""

    __slots__ = ()


class Every(_Iterator):
    """Whether `body` holds for all items."""

    __slots__ = ()


Expression: TypeAlias = (
    Literal
    | DecisionTable
    | Context
    | Invocation
    | FunctionDefinition
    | Relation
    | ListOf
    | Conditional
    | Filter
    | For
    | Some
    | Every
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionItem:
    """The type of a function: what it takes and what it gives."""

    parameters: tuple[Variable, ...]
    output_type_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDefinition(Element):
    """A named type. `allowed` bounds an item (of a collection: each of its items), `constraint` the whole value."""

    name: str
    type_ref: str | None = None
    components: tuple["ItemDefinition", ...] = ()
    function: FunctionItem | None = None
    collection: bool = False
    allowed: Condition | None = None
    constraint: Condition | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputData(Element):
    """A fact that is given from outside."""

    name: str
    variable: Variable | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a decision or a piece of knowledge needs, as references (`#id`, or `namespace#id` of an imported model)."""

    inputs: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Element):
    """A value decided from what it requires."""

    name: str
    variable: Variable | None = None
    expression: Expression | None = None
    requires: Requirements = Requirements()
    question: str | None = None
    allowed_answers: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessKnowledgeModel(Element):
    """A function that decisions share."""

    name: str
    variable: Variable | None = None
    function: FunctionDefinition | None = None
    requires: Requirements = Requirements()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSource(Element):
    """Where rules come from: a law, a person, a document. It decides nothing."""

    name: str
    kind: str | None = None
    location: str | None = None
    requires: Requirements = Requirements()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionService(Element):
    """Decisions offered together: which come out, which stay inside, what is given (references, in order)."""

    name: str
    variable: Variable | None = None
    outputs: tuple[str, ...] = ()
    encapsulated: tuple[str, ...] = ()
    input_decisions: tuple[str, ...] = ()
    input_data: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import(Element):
    """Another model whose things are known here under `name.` (or, with an empty name, without a prefix)."""

    namespace: str
    name: str
    kind: str
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions(Element):
    """One model, as one file holds it."""

    name: str
    namespace: str
    description: str | None = None
    expression_language: str | None = None
    type_language: str | None = None
    imports: tuple[Import, ...] = ()
    items: tuple[ItemDefinition, ...] = ()
    inputs: tuple[InputData, ...] = ()
    decisions: tuple[Decision, ...] = ()
    knowledge: tuple[BusinessKnowledgeModel, ...] = ()
    sources: tuple[KnowledgeSource, ...] = ()
    services: tuple[DecisionService, ...] = ()
