"""Numbers for operators, in Prometheus' text format.

Two kinds, so that any number of processes can be scraped: how this API process answers is counted in it, and
to be added up over processes; everything else is read from the database, the same whoever is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from cadenza.domain.credits import EntryKind
from cadenza.tasks.ports import Books
from cadenza.tasks.records import Census
from cadenza.tasks.tallies import COUNTED, TIMED, Counted, Series, Timed
from cadenza.web.services import Services

_registry = CollectorRegistry()
_requests = Counter("cadenza_requests", "Answered requests.", ["dialect", "status"], registry=_registry)
_request_seconds = Histogram(
    "cadenza_request_seconds",
    "Time until an answer began, by route and class of status.",
    ["method", "route", "dialect", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=_registry,
)
# Methods are the callers' words: only those that routes know get into a label.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(method: str, route: str, dialect: str, status: int, *, seconds: float) -> None:
    """Count one answered request; ``seconds`` is the time until the answer began."""
    _requests.labels(dialect, str(status)).inc()
    method = method if method in _METHODS else "other"
    _request_seconds.labels(method, route, dialect, f"{status // 100}xx").observe(seconds)


async def metrics(services: Services, _request: Request) -> Response:
    """Answer ``GET /metrics``; counting rows takes its time, so it is done aside."""
    facts = await services.aside(
        lambda: services.store.read(lambda books: _Facts.read(books, now=services.clock.now()))
    )
    told = CollectorRegistry()
    told.register(facts)
    return Response(generate_latest(_registry) + generate_latest(told), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True, eq=False)
class _Facts(Collector):
    """What the database says at one moment."""

    now: datetime
    census: Census
    credits: Mapping[str, int]
    sums: Mapping[Series, float]

    @staticmethod
    def read(books: Books, *, now: datetime) -> _Facts:
        return _Facts(now, books.census(), books.credit_totals(), books.tallies.sums())

    def collect(self) -> Iterable[Metric]:
        oldest_at = self.census.oldest_queued_at
        oldest_s = 0.0 if oldest_at is None else max(0.0, (self.now - oldest_at).total_seconds())
        yield _gauge("cadenza_tasks", "Tasks by state.", "state", self.census.tasks)
        yield GaugeMetricFamily("cadenza_oldest_queued_seconds", "Age of the oldest queued task.", oldest_s)
        yield GaugeMetricFamily(
            "cadenza_workers", "Workers that were heard of lately.", self.census.worker_count
        )
        yield _gauge("cadenza_callbacks", "Callbacks by state.", "state", self.census.callbacks)
        yield from self._money()
        yield from (_counter(what, self.sums) for what in COUNTED)
        yield from (_histogram(what, self.sums) for what in TIMED)

    def _money(self) -> Iterator[Metric]:
        moved = CounterMetricFamily("cadenza_credits", "Credits moved, by kind of entry.", labels=["kind"])
        for kind in EntryKind:
            moved.add_metric([kind.value], self.credits.get(kind.value, 0))
        yield moved
        settled = self.credits.get("capture", 0) + self.credits.get("release", 0)
        yield GaugeMetricFamily(
            "cadenza_credits_held",
            "Credits that unfinished tasks hold.",
            self.credits.get("hold", 0) - settled,
        )


def _gauge(name: str, doc: str, label: str, amounts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, doc, labels=[label])
    for value, amount in amounts.items():
        family.add_metric([value], amount)
    return family


def _counter(what: Counted, sums: Mapping[Series, float]) -> Metric:
    family = CounterMetricFamily(what.name, what.doc, labels=what.labels)
    for series, amount in sums.items():
        if series.name == what.name:
            family.add_metric(series.values, amount)
    return family


def _histogram(what: Timed, sums: Mapping[Series, float]) -> Metric:
    family = HistogramMetricFamily(what.name, what.doc, labels=what.labels)
    parts: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for series, amount in sums.items():
        if series.name == what.name:
            parts[series.values][series.part] = amount
    bounds = [*(f"{bound_s:g}" for bound_s in what.bounds_s), "+Inf"]
    for values, found in parts.items():
        buckets = [(bound, found.get(bound, 0.0)) for bound in bounds]
        family.add_metric(values, buckets, found.get("sum", 0.0))
    return family
