"""Request ids and the words of every refusal: BI-08 of the catalogue."""

from __future__ import annotations

import re

import pytest
import structlog
from starlette.routing import Mount

from cadenza.domain.errors import Unavailable
from cadenza.domain.scopes import Scope
from cadenza.stores.store import SqlStore
from cadenza.web import endpoint
from cadenza.web.around import envelope

NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})
OURS = re.compile(r"req_[0-9a-f]{32}")
# What no refusal may show: a stack, a path, a statement, an address of this machine.
INTERNAL = re.compile(
    r"Traceback|File \"|\.py\b|/home/|/tmp/|/usr/|/srv/|site-packages|sqlite|psycopg|sqlalchemy|"
    r"SELECT |INSERT |127\.0\.0\.1|0x[0-9a-f]{6}",
    re.IGNORECASE,
)


def id_in(told):
    return told.get("request_id") or told["error"]["request_id"]


def code_and_text(told):
    """Return the code and the sentence of a refusal, whichever dialect it is in."""
    if "error" in told:
        return told["error"]["type"], told["error"]["message"]
    if "type" in told:
        return told["type"], told["detail"]
    return told["code"], told.get("msg") or told["message"]


def faults_in(told):
    return told.get("errors") or told.get("faults") or told.get("error", {}).get("errors") or []


def routes_of(routes, prefix=""):
    """Return (method, path) of every route, those for operators too."""
    for route in routes:
        path = prefix + re.sub(r"\{\w+\}", "nothing_1", route.path)
        if isinstance(route, Mount):
            yield from routes_of(route.app.routes, path)
        else:
            yield from ((method, path) for method in sorted(route.methods - {"HEAD"}))


def assert_refusal_is_told_well(request, answer):
    told = answer.json()
    code, text = code_and_text(told)
    assert code, request
    assert len(text) > 5, request
    assert id_in(told) == answer.headers["x-request-id"], request
    assert len(answer.content) < 4096, request
    assert not INTERNAL.search(answer.text), (request, answer.text)


def is_refusal(answer):
    if answer.request.url.path == "/readyz":  # its 503 is a report
        return False
    if "json" not in answer.headers.get("content-type", ""):
        return answer.status_code >= 400
    told = answer.json()
    return answer.status_code >= 400 or (isinstance(told.get("code"), int) and told["code"] >= 400)


BODIES = {"an empty object": {}, "a list": [], "no JSON": b"{", "a wrong type": {"prompt": 1, "input": 2}}


@pytest.mark.parametrize("body", BODIES)
def test_bi_08_every_refusal_of_every_route_has_code_text_and_request_id(sqlite_house, body):
    key = sqlite_house.caller("me", scopes=frozenset(Scope))
    routes = list(routes_of(sqlite_house.app().routes))
    requests = [(method, path, BODIES[body]) for method, path in routes]
    requests += [(*one, {"x-api-key": "nobody"}) for one in requests]
    requests += [(method, path, BODIES[body]) for path in ("/nothing", "/v1") for method in ("GET", "POST")]
    requests += [("PATCH", path, BODIES[body]) for _, path in routes]
    answers = sqlite_house.ask(key, *requests)
    refused = [pair for pair in zip(requests, answers, strict=True) if is_refusal(pair[1])]
    assert len(refused) > 2 * len(routes)  # without a key, with a wrong method, with a wrong body
    for request, answer in refused:
        assert_refusal_is_told_well(request, answer)
        assert answer.status_code < 500, request


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/tasks", {"prompt": 1}, "prompt"),
        ("/v1/tasks", {"source": {"url": "x"}}, "source.url"),
        ("/v1/estimate", {"prompt": "x", "model": 7}, "model"),
        ("/v1/uploads", {"url": "ftp://x"}, "url"),
        ("/api/v1/generate", {"prompt": "x", "customMode": 1}, "customMode"),
        ("/api/v1/client/job/CreateTask", {"model": "suno/music-generate", "input": {}}, "input"),
        ("/api/v1/audio/music", {"prompt": 5}, "prompt"),
        ("/api/file-url-upload", {"fileUrl": "gopher://x", "uploadPath": "a"}, "fileUrl"),
    ],
)
def test_bi_08_what_is_wrong_with_a_field_names_the_field_and_why(sqlite_house, path, body, field):
    key = sqlite_house.caller("me")
    (answer,) = sqlite_house.ask(key, ("POST", path, body))
    faults = faults_in(answer.json())
    assert any(fault["field"].startswith(field) and fault["reason"] for fault in faults), answer.text
    assert_refusal_is_told_well(path, answer)


def broken(monkeypatch, error):
    def read(_self, _work):
        raise error

    monkeypatch.setattr(SqlStore, "read", read)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/account"), ("GET", "/media/x.mp3")])
def test_bi_08_a_mistake_of_ours_shows_nothing_of_it(sqlite_house, monkeypatch, method, path):
    key = sqlite_house.caller("me")

    async def ask(send):
        broken(monkeypatch, RuntimeError("SELECT secret FROM /srv/cadenza at 127.0.0.1"))
        return await send(method, path)

    answer = sqlite_house.drive(key, ask)
    assert answer.status_code == 500
    assert_refusal_is_told_well(path, answer)


@pytest.mark.parametrize("path", ["/v1/account", "/media/x.mp3"])
def test_bi_08_a_database_that_is_away_is_said_to_come_back(sqlite_house, monkeypatch, path):
    key = sqlite_house.caller("me")

    async def ask(send):
        broken(monkeypatch, Unavailable("The database does not answer."))
        return await send("GET", path)

    answer = sqlite_house.drive(key, ask)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert_refusal_is_told_well(path, answer)


def test_bi_08_every_answer_has_a_request_id_and_no_two_the_same(sqlite_house):
    key = sqlite_house.caller("me")
    answers = sqlite_house.ask(key, NATIVE, NATIVE, ("GET", "/healthz"), ("GET", "/docs"), ("GET", "/x"))
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(OURS.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("told", ["7", "0f8fad5b-d9cb-469f-a165-70867728950e", "trace:1/2=a+b", "a" * 128])
def test_a_request_id_of_the_caller_is_kept(sqlite_house, told):
    (answer,) = sqlite_house.ask("", ("GET", "/v1/account", None, {"X-Request-Id": told}))
    assert (answer.headers["x-request-id"], id_in(answer.json())) == (told, told)


@pytest.mark.parametrize(
    "told", ["", " ", "a b", "-x", "a" * 129, "<script>", 'x","level":"error', "ä".encode()]
)
def test_bi_08_a_request_id_that_is_no_token_is_replaced(sqlite_house, told):
    (answer,) = sqlite_house.ask("", ("GET", "/healthz", None, {"X-Request-Id": told}))
    assert OURS.fullmatch(answer.headers["x-request-id"])


def test_bi_08_a_key_in_the_place_of_a_request_id_is_not_repeated(sqlite_house):
    key = sqlite_house.caller("me")
    (answer,) = sqlite_house.ask(key, ("GET", "/nothing", None, {"X-Request-Id": key}))
    assert OURS.fullmatch(answer.headers["x-request-id"])
    assert key not in answer.text


def test_every_log_line_of_a_request_has_its_id(sqlite_house, monkeypatch):
    key = sqlite_house.caller("me")
    told = structlog.testing.CapturingLogger()
    for module in (endpoint, envelope):
        log = structlog.wrap_logger(told, processors=[structlog.contextvars.merge_contextvars])
        monkeypatch.setattr(module, "_log", log)

    async def ask(send):
        broken(monkeypatch, RuntimeError("on purpose"))
        answers = [await send("GET", path) for path in ("/v1/account", "/media/x.mp3")]
        return [answer.headers["x-request-id"] for answer in answers]

    ids = sqlite_house.drive(key, ask)
    assert [call.kwargs["request_id"] for call in told.calls] == ids
    assert "request_id" not in structlog.contextvars.get_contextvars()
