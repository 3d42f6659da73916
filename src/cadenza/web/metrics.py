"""Numbers for operators, in Prometheus' text format."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from cadenza.tasks.ports import Books
from cadenza.web.services import Services

_registry = CollectorRegistry()
_requests = Counter("cadenza_requests", "Answered requests.", ["dialect", "status"], registry=_registry)
_tasks = Gauge("cadenza_tasks", "Tasks by state.", ["state"], registry=_registry)
_oldest = Gauge("cadenza_oldest_queued_seconds", "Age of the oldest queued task.", registry=_registry)
_workers = Gauge("cadenza_workers", "Workers that were heard of lately.", registry=_registry)
_callbacks = Gauge("cadenza_callbacks", "Callbacks by state.", ["state"], registry=_registry)


def count_request(dialect: str, status: int) -> None:
    """Count one answered request."""
    _requests.labels(dialect, str(status)).inc()


async def metrics(services: Services, _request: Request) -> Response:
    """Answer ``GET /metrics``."""
    await services.read(lambda books: _measure(books, services))
    return Response(generate_latest(_registry), media_type=CONTENT_TYPE_LATEST)


def _measure(books: Books, services: Services) -> None:
    now = services.clock.now()
    census = books.census()
    for state, count in census.tasks.items():
        _tasks.labels(state).set(count)
    for state, count in census.callbacks.items():
        _callbacks.labels(state).set(count)
    _workers.set(census.worker_count)
    oldest = census.oldest_queued_at
    _oldest.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
