"""The interface described by itself, in OpenAPI 3.1 and, for tools that read only that, in 3.0.

`GET /openapi.json` and `GET /openapi-3.0.json`; committed as `docs/reference/openapi.json` and `openapi-3.0.json`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.types import ControllerRouterHandler

from crossroads.api.description_30 import downgraded
from crossroads.api.description_operations import PROBLEM, SIGNATURE, kinds_of, operations, problem_response, tags
from crossroads.kernel.guards import Guard
from crossroads.wire.schemas import schemas_of

_MEDIA_TYPE = "application/vnd.oai.openapi+json"
_MAY_BE_KEPT = {"cache-control": "public, max-age=3600"}
_SIGNATURE = {
    "type": "http",
    "scheme": "signature",
    "description": 'HTTP Message Signatures (RFC 9421) with tag="crossroads", over the target and, where there is a '
    "body, its type and its Content-Digest (RFC 9530), with a registered key of the institution.",
}


def describing(
    routes: tuple[ControllerRouterHandler, ...], dependencies: dict[str, Any]
) -> tuple[ControllerRouterHandler, ...]:
    """Give the routes that describe these routes, and themselves not."""

    @lru_cache(maxsize=1)
    def description() -> bytes:
        return encoded(described(routes, dependencies))

    @lru_cache(maxsize=1)
    def older() -> bytes:
        return encoded(downgraded(msgspec.json.decode(description())))

    return _served("/openapi.json", description), _served("/openapi-3.0.json", older)


def _served(path: str, content: Callable[[], bytes]) -> ControllerRouterHandler:
    @get(path, opt={"guard": Guard.PUBLIC}, include_in_schema=False, sync_to_thread=False)
    def openapi() -> Response[bytes]:
        """Give the OpenAPI description of the hub."""
        return Response(content(), media_type=_MEDIA_TYPE, headers=_MAY_BE_KEPT)

    return openapi


def encoded(document: dict[str, Any]) -> bytes:
    """Write a description the same way each time, for people to read as well."""
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=1)


def described(routes: tuple[ControllerRouterHandler, ...], dependencies: dict[str, Any]) -> dict[str, Any]:
    """Give the description of routes, in OpenAPI 3.1. An application of their own is made for it, to serve nothing."""
    app = Litestar(list(routes), dependencies=dependencies, openapi_config=None, logging_config=None)
    found = tuple(operations(app))
    schemas, named = schemas_of(kinds_of(found))
    paths: dict[str, dict[str, Any]] = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method] = one.described(schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossroads",
            "version": "1.0.0",
            "description": "A Crossroads Bank: it knows who knows whom, and passes on what they know, sealed.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/"}],
        "tags": tags(found),
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": {PROBLEM: problem_response(schemas)},
            "securitySchemes": {SIGNATURE: _SIGNATURE},
        },
    }
