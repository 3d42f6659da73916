"""What operators see of a running service: numbers that hold, traces that hang together."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cadenza.settings import Settings, SettingsError, from_environment
from cadenza.testing.network import Receiver
from cadenza.testing.service import Service, eventually
from cadenza.wiring import check_collector

_NUMBER = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")


def numbers(url):
    """Return what ``/metrics`` says: (name, label pairs) to value."""
    found = {}
    for line in httpx.get(f"{url}/metrics", timeout=30).text.splitlines():
        if match := _NUMBER.match(line):
            labels = frozenset(re.findall(r'(\w+)="([^"]*)"', match["labels"] or ""))
            found[match["name"], labels] = float(match["value"])
    return found


def number(url, name, **labels):
    return numbers(url).get((name, frozenset(labels.items())), 0.0)


class Collector:
    """An OpenTelemetry collector on loopback that keeps every span it is sent."""

    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                assert self.path == "/v1/traces"
                body = self.rfile.read(int(self.headers["content-length"]))
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans.extend(scope.spans)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def of(self, trace_id):
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace_id}


def test_metrics_tell_of_requests_stages_callbacks_and_credits(caller, receiver):
    url = caller.service.url
    before = numbers(url)
    caller.finished(prompt="rain", callback_url=receiver.url())
    for _ in caller.ports:  # each server counts its own requests
        assert caller.http.get("/v1/tasks/none").status_code == 404

    def grown():
        now = numbers(url)
        return {key: now[key] - before.get(key, 0.0) for key in now}

    rendered = "cadenza_attempts_total", frozenset({("engine", "debug"), ("outcome", "rendered")})
    delivered = "cadenza_callback_attempts_total", frozenset({("state", "delivered")})
    more = eventually(lambda: ((now := grown()).get(rendered) and now.get(delivered) and now) or None)
    assert any(name == "cadenza_stage_seconds_count" and amount for (name, _), amount in more.items())
    assert any(name == "cadenza_callback_lag_seconds_count" for name, _ in more)
    kinds = {
        dict(labels)["kind"]: amount
        for (name, labels), amount in more.items()
        if name == "cadenza_credits_total"
    }
    assert kinds["hold"] == kinds["capture"] > 0 == kinds["release"]
    assert number(url, "cadenza_credits_held") >= 0
    refused = {"method": "GET", "route": "/v1/tasks/{task_id}", "dialect": "native", "status": "4xx"}
    assert more["cadenza_request_seconds_count", frozenset(refused.items())] >= 1
    assert number(url, "cadenza_workers") >= 1


def test_histograms_only_grow_with_their_bounds(sqlite_caller):
    sqlite_caller.finished(prompt="rain")
    found = eventually(lambda: numbers(sqlite_caller.service.url))
    for name, labels in found:
        if not name.endswith("_bucket"):
            continue
        told = dict(labels)
        total = found[name.removesuffix("_bucket") + "_count", frozenset(labels - {("le", told["le"])})]
        assert 0 <= found[name, labels] <= total


@pytest.mark.timeout(180)
def test_a_trace_follows_a_task_from_the_request_to_its_callback(tmp_path):
    with Collector() as collector, Receiver() as receiver:
        environment = {
            "CADENZA_ENGINE": "debug",
            "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8",
            "CADENZA_OTEL_ENDPOINT": collector.url,
        }
        with Service(data=tmp_path / "data", environment=environment) as service:
            key = service.new_key("caller", credits=100)
            with httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30) as client:
                order = {"prompt": "rain", "callback_url": receiver.url()}
                task_id = client.post("/v1/tasks", json=order).json()["id"]
                mine = "0123456789abcdef0123456789abcdef"
                traceparent = {"traceparent": f"00-{mine}-0123456789abcdef-01"}
                other_id = client.post("/v1/tasks", json=order, headers=traceparent).json()["id"]
                for one in (task_id, other_id):
                    eventually(lambda one=one: client.get(f"/v1/tasks/{one}").json()["finished_at"])
            wanted = {"POST /v1/tasks", "accept", "queue", "attempt", "source", "callback complete"}
            eventually(lambda: wanted <= collector.of(task_id).keys())
            eventually(lambda: "attempt" in collector.of(other_id))
            spans = collector.of(task_id)
            assert spans["accept"].parent_span_id == spans["POST /v1/tasks"].span_id
            assert spans["attempt"].parent_span_id == spans["accept"].span_id
            assert spans["source"].parent_span_id == spans["attempt"].span_id
            assert spans["callback complete"].parent_span_id == spans["accept"].span_id
            request = collector.of(mine)["POST /v1/tasks"]
            assert request.parent_span_id.hex() == "0123456789abcdef"
            assert collector.of(other_id)["accept"].links[0].span_id == request.span_id


def test_without_a_collector_nothing_of_opentelemetry_is_loaded():
    program = (
        "import sys; import cadenza.wiring.service; from cadenza.telemetry import open_tracer; "
        "assert not open_tracer('', process='api').is_on; "
        "sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_collector_without_the_library_is_told_before_anything_starts(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    check_collector(Settings())
    with pytest.raises(SettingsError, match="make telemetry"):
        check_collector(from_environment({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}))
