"""`GET /openapi.json`: the interface described by itself, OpenAPI 3.1; committed as `docs/reference/openapi.json`."""

from functools import lru_cache
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License
from litestar.types import ControllerRouterHandler

from crossroads.kernel.guards import Guard

_MEDIA_TYPE = "application/vnd.oai.openapi+json"


def describing(routes: tuple[ControllerRouterHandler, ...], dependencies: dict[str, Any]) -> ControllerRouterHandler:
    """Give the route that describes these routes, and itself not."""

    @lru_cache(maxsize=1)
    def description() -> bytes:
        return msgspec.json.format(
            msgspec.json.encode(described(routes, dependencies), order="deterministic"), indent=1
        )

    @get("/openapi.json", opt={"guard": Guard.PUBLIC}, include_in_schema=False, sync_to_thread=False)
    def openapi() -> Response[bytes]:
        """Give the OpenAPI description of the hub."""
        return Response(description(), media_type=_MEDIA_TYPE)

    return openapi


def described(routes: tuple[ControllerRouterHandler, ...], dependencies: dict[str, Any]) -> dict[str, Any]:
    """Give the description of routes. An application of their own is made for it, which serves nothing."""
    config = OpenAPIConfig(title="Crossroads", version="1.0.0", license=License(name="EUPL-1.2", identifier="EUPL-1.2"))
    application = Litestar(list(routes), dependencies=dependencies, openapi_config=config, logging_config=None)
    schema: dict[str, Any] = application.openapi_schema.to_schema()
    return schema
