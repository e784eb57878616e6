"""What is counted, over all processes of the hub (prometheus-client in multiprocess mode). Never by person."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from crossroads.access.model import Permit
from crossroads.exchange.ports import SourceReply
from crossroads.mutations.mailbox_store import Lag

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

# Every process sees the same mailboxes: the latest to look counts.
MAILBOX_DEPTH = Gauge(
    "crossroads_mailbox_depth",
    "Items of a mailbox by state (waiting, parked)",
    ["mailbox", "state"],
    multiprocess_mode="mostrecent",
)
MAILBOX_LAG = Gauge(
    "crossroads_mailbox_lag_seconds",
    "Seconds since the oldest item that waits in a mailbox was added",
    ["mailbox"],
    multiprocess_mode="mostrecent",
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


def observe_mailboxes(lags: Sequence[Lag]) -> None:
    """Show how the mailboxes stand."""
    now = datetime.now(UTC)
    for lag in lags:
        MAILBOX_DEPTH.labels(lag.recipient, "waiting").set(lag.waiting)
        MAILBOX_DEPTH.labels(lag.recipient, "parked").set(lag.parked)
        MAILBOX_LAG.labels(lag.recipient).set((now - lag.oldest).total_seconds() if lag.oldest else 0)
