"""One evaluation: values of things as they are required, once each, with the notes, rules and facts on the way."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from crossroads.dmn.feel.evaluator import call
from crossroads.dmn.feel.names import normal
from crossroads.dmn.feel.scope import Scope, Work
from crossroads.dmn.feel.values import Function, Value
from crossroads.dmn.graph import Graph, Key, Ready
from crossroads.dmn.library import Found
from crossroads.dmn.making import Trace, noted
from crossroads.dmn.model import Decision, InputData
from crossroads.dmn.shapes import fitted_all


class Run:
    """What is known so far in one evaluation; a call of a service is a run of its own on the same notes."""

    def __init__(self, graph: Graph, inputs: Mapping[str, Value]) -> None:
        """Start with inputs by name."""
        self._graph = graph
        self._inputs = {normal(name): value for name, value in inputs.items()}
        self._known: dict[Key, Value] = {}
        self.notes: list[str] = []
        self.trace: Trace = []
        self.facts: dict[str, Value] = {}
        self.work = Work()

    def answer(self, found: Found) -> Value:
        """Give the value of a decision or input, or what a service or knowledge model answers to the inputs."""
        return self._looked_through(self._answer(found), self._scope(found))

    def _answer(self, found: Found) -> Value:
        value = self._value(found)
        if not isinstance(value, Function) or isinstance(found.thing, Decision):
            return value
        arguments = [self._inputs.get(name) for name in value.parameters]
        self.facts = dict(zip(value.parameters, arguments, strict=True))
        return call(value, arguments, self._scope(found))

    def _value(self, found: Found) -> Value:
        for ready in self._graph.needed(found, self._known):
            decides = isinstance(ready.found.thing, Decision)
            self._known[ready.found.key] = self._decided(ready) if decides else self._knowledge(ready)
        if found.key not in self._known:
            given = isinstance(found.thing, InputData)
            self._known[found.key] = self._input(found) if given else self._service(found)
        return self._known[found.key]

    def _decided(self, ready: Ready) -> Value:
        thing = ready.found.thing
        if isinstance(thing, Decision) and thing.expression is None:
            return self._input(ready.found)
        scope = self._seen(ready)
        compute = noted(
            lambda scope, trace: ready.shape.fit(ready.compute(scope, trace), scope), ready.found.thing.place
        )
        return scope.guarded(lambda: compute(scope, self.trace))

    def _looked_through(self, value: Value, scope: Scope) -> Value:
        """Give a value that whoever takes it can go through; null with a note where it holds too much."""

        def look() -> Value:
            self.work.look_through(value)
            return value

        return scope.guarded(look)

    def _scope(self, found: Found, names: Mapping[str, Value] | None = None) -> Scope:
        types = self._graph.maker(found.home).shapes.types
        return Scope(names or {}, notes=self.notes, types=types, work=self.work)

    def _seen(self, ready: Ready) -> Scope:
        """Give what a thing sees: what it requires, things of another model as entries under the import's name."""
        names: dict[str, Any] = {}
        for need in (need for need in ready.needs if need.found.key != ready.found.key):
            inside = names.setdefault(normal(need.prefix), {}) if need.prefix else names
            inside[normal(need.found.thing.name)] = self._value(need.found)
        return self._scope(ready.found, names)

    def _input(self, found: Found) -> Value:
        ready = self._graph.ready[found.key]
        given, value = self._given(found)
        if not given:
            self.notes.append(f"{found.thing.place}: it is not given")
        fit = noted(lambda scope, _trace: ready.shape.fit(value, scope), found.thing.place)
        scope = self._scope(found)
        fitted = self._looked_through(scope.guarded(lambda: fit(scope, self.trace)), scope)
        self.facts[found.thing.name] = fitted
        return fitted

    def _given(self, found: Found) -> tuple[bool, Value]:
        name = normal(found.thing.name)
        root = self._graph.library.root
        within = [self._inputs.get(normal(one.name)) for one in root.imports if one.namespace == found.home.namespace]
        places = [{name: self._inputs.get(f"{found.home.namespace}#{name}")}, *within, self._inputs]
        for place in places:
            if isinstance(place, Mapping) and place.get(name) is not None:
                return True, place[name]
        return name in self._inputs, None

    def _knowledge(self, ready: Ready) -> Value:
        """Give the function, which sees what its model requires, and itself."""
        scope = self._seen(ready)
        function = ready.compute(scope, self.trace)
        if not isinstance(function, Function):
            return None

        def body(arguments: Sequence[Value]) -> Value:
            return ready.shape.fit(function.body(arguments), scope)

        name = normal(ready.found.thing.name)
        own = Function(function.parameters, body, function.parameter_types, ready.shape.type, name)
        assert isinstance(scope.values, dict)  # noqa: S101 (made above)
        scope.values[name] = own
        return own

    def _service(self, found: Found) -> Value:
        parameters = self._graph.library.given(found)
        names = tuple(normal(one.thing.name) for one in parameters)
        shapes = [self._graph.ready[one.key].shape for one in parameters]
        types = tuple(shape.type for shape in shapes)
        result = self._graph.ready[found.key].shape.type
        return Function(names, partial(self._serve, found, parameters), types, result, normal(found.thing.name))

    def _serve(self, found: Found, parameters: tuple[Found, ...], arguments: Sequence[Value]) -> Value:
        scope = self._scope(found)
        given = fitted_all((self._graph.ready[one.key].shape for one in parameters), arguments, scope)
        if given is None:
            return None
        inner = Run(self._graph, {})
        inner.notes, inner.trace, inner.work = self.notes, self.trace, self.work
        inner._known = {one.key: value for one, value in zip(parameters, given, strict=True)}
        outputs = [need.found for need in self._graph.ready[found.key].needs]
        decided = {normal(one.thing.name): inner._value(one) for one in outputs}
        value = next(iter(decided.values())) if len(outputs) == 1 else decided
        return self._graph.ready[found.key].shape.fit(value, scope)
