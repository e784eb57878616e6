"""What is counted, over all processes of the hub (prometheus-client in multiprocess mode). Never by person."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Histogram

from crossroads.access.model import Permit
from crossroads.exchange.ports import SourceReply

REQUESTS = Counter("crossroads_requests", "Requests by route and status", ["route", "status"])
SECONDS = Histogram(
    "crossroads_request_seconds",
    "Seconds from receipt to answer, by route",
    ["route"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8),
)
SOURCES = Counter("crossroads_source_replies", "Replies by institution, status and code", ["source", "status", "code"])
SOURCE_SECONDS = Histogram(
    "crossroads_source_seconds",
    "Seconds a source took",
    ["source"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4),
)


def observe_request(scope: Mapping[str, Any], status: int, seconds: float) -> None:
    """Count a request, by the template of its route: a path as it was asked could hold anything."""
    route = str(scope.get("path_template", "none"))
    REQUESTS.labels(route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


def observe_source(permit: Permit, reply: SourceReply) -> None:
    """Count a reply of a source."""
    SOURCES.labels(permit.holder, str(reply.status), str(reply.code)).inc()
    SOURCE_SECONDS.labels(permit.holder).observe((reply.answered_at - reply.asked_at).total_seconds())
