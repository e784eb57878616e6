"""How one route is described: what it takes, what it gives, and who may call it."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import ModuleType
from typing import Any, NamedTuple, get_args

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter
from litestar.routes import HTTPRoute

from crossroads.api.problems import PROBLEM_TYPE
from crossroads.kernel.guards import Guard
from crossroads.wire.messages import Problem
from crossroads.wire.schemas import Schema

PROBLEM = "ProblemResponse"
SIGNATURE = "signature"
_JSON = "application/json"
_BYTES: Schema = {"type": "string", "format": "binary"}


class Operation(NamedTuple):
    """A method of a path, and what treats it."""

    path: str
    method: str
    handler: HTTPRouteHandler

    @property
    def room(self) -> ModuleType:
        """The room of the house that serves it: operations are grouped by it."""
        return sys.modules[".".join(self.handler.fn.__module__.split(".")[:2])]

    @property
    def takes(self) -> Any:
        """The type of its JSON body; None when it has none."""
        body = self.handler.parsed_fn_signature.parameters.get("data")
        return body.annotation if body else None

    @property
    def gives(self) -> Mapping[int, Any]:
        """The types of its answers, by status."""
        declared = self.handler.responses or {}
        given = self.handler.parsed_fn_signature.return_type
        kind = given.args[0] if given.is_subclass_of(Response) else given.annotation
        return {self.handler.status_code: kind} | {status: one.data_container for status, one in declared.items()}

    @property
    def kinds(self) -> Iterator[Any]:
        """All types whose schema it needs."""
        yield from filter(None, (self.takes, *self.gives.values()))
        yield from (kind for _, _, kind, _ in self.parameters)

    @property
    def parameters(self) -> Iterator[tuple[str, str, Any, bool]]:
        """Of each parameter: name, where it stands, type, and whether it must be given."""
        for name, given in self.handler.parsed_fn_signature.parameters.items():
            if isinstance(given.kwarg_definition, PathParameter):
                yield name, "path", given.annotation, True
            elif isinstance(given.kwarg_definition, QueryParameter):
                # In a URL nothing is null: what may be left out is of its own type when it is there.
                inner = next((one for one in get_args(given.annotation) if one is not type(None)), given.annotation)
                yield name, "query", inner, not given.is_optional

    def described(self, schemas: Mapping[Any, Schema]) -> dict[str, Any]:
        """Give the Operation Object."""
        said: dict[str, Any] = {
            "operationId": str(self.handler.operation_id or _camel(self.handler.handler_name)),
            "summary": _first_line(self.handler.fn.__doc__),
            "tags": [_tag(self.room)],
            "responses": self._responses(schemas),
        }
        parameters = [
            {"name": name, "in": place, "required": required, "schema": schemas[kind]}
            for name, place, kind, required in self.parameters
        ]
        if parameters:
            said["parameters"] = parameters
        if self.takes is not None:
            said["requestBody"] = {"required": True, "content": {_JSON: {"schema": schemas[self.takes]}}}
        elif self.method == "put":
            said["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}
        if self.handler.opt["guard"] is Guard.INSTITUTION:
            said["security"] = [{SIGNATURE: []}]
        return said

    def _responses(self, schemas: Mapping[Any, Schema]) -> dict[str, Any]:
        declared = self.handler.media_type or _JSON
        media_type = str(declared.value if isinstance(declared, Enum) else declared)
        answers: dict[str, Any] = {
            str(status): {
                "description": "The answer.",
                "content": {media_type: {"schema": {"type": "string"} if kind is bytes else schemas[kind]}},
            }
            for status, kind in self.gives.items()
        }
        return answers | {"default": {"$ref": f"#/components/responses/{PROBLEM}"}}


def operations(app: Litestar) -> Iterator[Operation]:
    """Give every operation of an application."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield Operation(route.path_format, method.lower(), handler)


def problem_response(schemas: Mapping[Any, Schema]) -> dict[str, Any]:
    """Give how every route answers what it does not do."""
    return {
        "description": "Nothing was done, and why: a problem (RFC 9457). Its code and type never change; what it says "
        "in `detail` comes in the language that Accept-Language prefers.",
        "content": {PROBLEM_TYPE: {"schema": schemas[Problem]}},
    }


def tags(found: Iterable[Operation]) -> list[dict[str, str]]:
    """Give the groups of operations, by the rooms that serve them."""
    rooms = dict.fromkeys(one.room for one in found)
    return [{"name": _tag(room), "description": _first_line(room.__doc__)} for room in rooms]


def kinds_of(found: Iterable[Operation]) -> Iterator[Any]:
    """Give all types whose schema a description needs."""
    yield Problem
    for one in found:
        yield from one.kinds


def _tag(room: ModuleType) -> str:
    return room.__name__.rpartition(".")[2].capitalize()


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().splitlines()[0].rstrip(".")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
