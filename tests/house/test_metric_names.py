"""The metrics that the documents and the alerting rules speak of are those that the service tells."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import yaml
from prometheus_client import CollectorRegistry, generate_latest

from cadenza.tasks.records import Census
from cadenza.web.routes import metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
NAMES = re.compile(r"cadenza_[a-z_]+[a-z]")


def told():
    """Return every metric's name and type, as Prometheus reads them."""
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    census = Census(tasks={}, callbacks={}, worker_count=0, oldest_queued_at=None)
    registry = CollectorRegistry()
    registry.register(metrics._Facts(now, census, {}, {}))
    text = (generate_latest(metrics._registry) + generate_latest(registry)).decode()
    return {
        name: kind
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
        if not name.endswith("_created")
    }


def test_the_table_of_metrics_is_complete():
    table = PAGE.partition("## Metrics")[2].partition("\n## ")[0]
    documented = {NAMES.match(cell)[0] for cell in re.findall(r"^\| `(cadenza_[^`]+)`", table, re.MULTILINE)}
    assert documented == told().keys()


def test_the_alerting_rules_ask_for_metrics_that_exist():
    known = told()
    parts = {
        f"{name}_{part}"
        for name, kind in known.items()
        if kind == "histogram"
        for part in ("bucket", "count")
    }
    rules = yaml.safe_load((ROOT / "docs/alerts.yaml").read_text())["groups"][0]["rules"]
    for rule in rules:
        named = set(NAMES.findall(rule["expr"]))
        assert named
        assert named <= known.keys() | parts, rule["alert"]
        assert rule["annotations"]["summary"]
