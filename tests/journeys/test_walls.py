"""What is turned away at the door, before any decoder sees it."""

from __future__ import annotations

import http.client
import json
import zlib

import pytest

from cadenza.testing.service import eventually

ROUTES = {
    "crun": ("GET", "/api/v1/client/account/balance", 200),
    "sunoapi": ("GET", "/api/v1/generate/credit", 200),
    "file host": ("POST", "/api/file-base64-upload", 401),
    "apiin": ("GET", "/api/v1/tasks/x", 401),
    "native": ("GET", "/v1/account", 401),
}


def unknown_key():
    body = "cad_0123456789abcdef_" + "0" * 48
    return body + f"{zlib.crc32(body.encode()):08x}"


def wrong_headers(key):
    flipped = key[:-1] + ("0" if key[-1] != "0" else "1")
    return {
        "none": {},
        "wrong checksum": {"Authorization": f"Bearer {flipped}"},
        "unknown": {"x-api-key": unknown_key()},
        "wrong secret": {"x-api-key": key[:30] + unknown_key()[30:]},
        "two keys": {"Authorization": f"Bearer {key}", "x-api-key": unknown_key()},
        "Bearer alone": {"Authorization": "Bearer"},
        "no scheme": {"Authorization": key},
        "wrong scheme": {"Authorization": f"Basic {key}"},
        "empty": {"x-api-key": ""},
        "endless": {"x-api-key": "cad_" + "x" * 5000},
        "not text": {"x-api-key": b"\xff\xfe"},
    }


def assert_refused(dialect, answer, status):
    assert answer.status_code == status
    told = answer.json()
    match dialect:
        case "crun":
            assert (told["code"], told["data"], bool(told["message"])) == (401, None, True)
        case "sunoapi":
            assert (told["code"], told["data"], bool(told["msg"])) == (401, None, True)
        case "file host":
            assert (told["code"], told["success"]) == (401, False)
        case "apiin":
            assert told["error"]["type"] == "authentication_error"
        case _:
            assert answer.headers["content-type"] == "application/problem+json"
            assert told["status"] == 401


@pytest.mark.parametrize("wrong", wrong_headers("0" * 80))
@pytest.mark.parametrize("dialect", ROUTES)
def test_nobody_enters_without_a_good_key(sqlite_caller, dialect, wrong, plain):
    method, path, status = ROUTES[dialect]
    headers = wrong_headers(sqlite_caller.key)[wrong]
    answer = plain.request(method, sqlite_caller.service.url + path, headers=headers)
    assert_refused(dialect, answer, status)
    assert sqlite_caller.key not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer  {}"),
        ("x-api-key", "{}"),
        ("X-API-Key", "{}"),
    ],
)
def test_a_key_is_taken_in_either_header(sqlite_caller, headers, plain):
    name, form = headers
    answer = plain.get(
        f"{sqlite_caller.service.url}/v1/account", headers={name: form.format(sqlite_caller.key)}
    )
    assert answer.status_code == 200


def test_the_same_key_in_both_headers_is_one_key(sqlite_caller, plain):
    headers = {"Authorization": f"Bearer {sqlite_caller.key}", "x-api-key": sqlite_caller.key}
    assert plain.get(f"{sqlite_caller.service.url}/v1/account", headers=headers).status_code == 200


def test_a_revoked_key_is_refused(sqlite_service, plain):
    key = sqlite_service.new_key("leaver", credits=7)
    account = f"{sqlite_service.url}/v1/account"
    told = plain.get(account, headers={"x-api-key": key}).json()
    assert told["credits"] == 7
    assert sqlite_service.command("key", "revoke", told["key_id"]).returncode == 0
    eventually(lambda: plain.get(account, headers={"x-api-key": key}).status_code == 401)


CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", 200, 422),
    "sunoapi": ("/api/v1/generate", 200, 400),
    "apiin": ("/api/v1/audio/music", 400, 400),
    "native": ("/v1/tasks", 422, 422),
}


def code_of(answer):
    told = answer.json()
    return told.get("code") or told.get("status") or answer.status_code


BAD_BODIES = {
    "empty": b"",
    "not JSON": b"{prompt: 1}",
    "cut": b'{"prompt": "x',
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "two values": b"{} {}",
    "NaN": b'{"seed": NaN}',
    "deep": b'{"a":' * 33 + b"1" + b"}" * 33,
    "very deep": b"[" * 200_000,
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("dialect", CREATING)
def test_a_body_that_is_no_request_is_refused(sqlite_caller, dialect, body):
    path, status, code = CREATING[dialect]
    answer = sqlite_caller.http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize("told", [True, False], ids=["Content-Length", "chunked"])
@pytest.mark.parametrize("dialect", CREATING)
def test_a_body_above_the_limit_is_refused(sqlite_caller, dialect, told):
    path, _, _ = CREATING[dialect]
    body = b'{"prompt": "' + b"x" * 1_000_000 + b'"}'
    pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    answer = sqlite_caller.http.post(path, content=body if told else pieces)
    assert code_of(answer) in {413, 422}
    assert "1000000" in answer.text
    assert "xxxxx" not in answer.text
    assert answer.headers["connection"] == "close"  # nobody has read the rest
    assert sqlite_caller.credits


def test_an_upload_above_the_limit_is_refused_by_its_length_alone(sqlite_caller):
    connection = http.client.HTTPConnection("127.0.0.1", sqlite_caller.service.port, timeout=30)
    connection.putrequest("POST", "/v1/uploads")
    connection.putheader("x-api-key", sqlite_caller.key)
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", "9" * 12)
    connection.endheaders(b"--b\r\n")
    assert connection.getresponse().status == 413
    connection.close()


SECRETS = ("Traceback", "site-packages", ".py", "sqlalchemy", "psycopg", "DROP TABLE")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/tasks", {"prompt": "x", "model": "'; DROP TABLE tasks; --"}),
        ("POST", "/v1/tasks", {"prompt": "x", "seed": 2**70}),
        ("POST", "/v1/tasks", {"prompt": "x", "callback_url": "http://DROP TABLE/"}),
        ("POST", "/v1/tasks", {"source": {"url": "http://DROP TABLE/"}}),
        ("POST", "/v1/tasks", {"source": {"take_id": "a\x00b"}}),
        ("POST", "/v1/tasks", {"source": {"upload_id": "a\x00b"}}),
        ("POST", "/v1/uploads", {"data_base64": "DROP TABLE"}),
        ("POST", "/v1/uploads", {"data_base64": "AAAA", "file_name": "a\x00b"}),
        ("POST", "/api/v1/generate", {"customMode": "DROP TABLE"}),
        ("POST", "/api/v1/audio/music/extend", {"origin_task_id": "a\x00b", "extend_audio_index": 0}),
        ("GET", "/v1/tasks/DROP TABLE", None),
        ("GET", "/v1/tasks/%00", None),
        ("GET", "/v1/uploads/%00", None),
        ("POST", "/v1/tasks/%00/cancel", None),
        ("GET", "/openapi/..%2f..%2fsettings.py", None),
        ("GET", "/pages/..%2fapp.py", None),
    ],
)
def test_a_refusal_tells_neither_input_nor_inside(caller, method, path, body):
    answer = caller.http.request(method, path, json=body)
    assert code_of(answer) < 500
    for secret in (*SECRETS, str(caller.service.data)):
        assert secret not in answer.text


@pytest.mark.parametrize("text", ["a\x00b", "\N{MUSICAL NOTE} Ünïcödé", "\u202e", "x" * 400])
def test_any_text_is_kept_as_it_came_or_refused(caller, text):
    answer = caller.http.post("/v1/tasks", json={"prompt": text, "callback_url": "http://h.invalid/?a=b"})
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        assert caller.task(answer.json()["id"])["request"]["prompt"] == text
        caller.cancel(answer.json()["id"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v1/generate/nothing"),
        ("GET", "/api/v2/generate"),
        ("POST", "/v1/generation"),
        ("GET", "/wp-login.php"),
        ("GET", "/openapi/nothing.json"),
        ("GET", "/pages/nothing.js"),
    ],
)
def test_an_unknown_route_is_a_real_404(sqlite_caller, method, path):
    assert sqlite_caller.http.request(method, path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/generate", "POST"),
        ("POST", "/api/v1/generate/record-info", "GET"),
        ("PUT", "/v1/tasks/x", "GET"),
        ("PUT", "/api/file-stream-upload", "POST"),
    ],
)
def test_a_wrong_method_is_405_and_tells_the_right_one(sqlite_caller, method, path, allowed):
    answer = sqlite_caller.http.request(method, path)
    assert answer.status_code == 405
    assert allowed in answer.headers["allow"]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_the_root_answers(sqlite_service, method, plain):
    answer = plain.request(method, sqlite_service.url, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_health_readiness_and_metrics(caller, plain):
    url = caller.service.url
    assert plain.get(f"{url}/healthz").text == "ok"
    ready = eventually(lambda: told if (told := plain.get(f"{url}/readyz")).status_code == 200 else None)
    assert ready.json()["ready"] is True
    assert ready.json()["workers"] >= 1
    answer = plain.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    numbers = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(numbers["cadenza_workers"]) >= 1
    assert (
        sum(float(value) for name, value in numbers.items() if name.startswith("cadenza_requests_total")) > 0
    )


@pytest.mark.parametrize("dialect", ["crun", "sunoapi", "apiin", "native"])
def test_every_documented_route_is_there(sqlite_caller, dialect, plain):
    answer = plain.get(f"{sqlite_caller.service.url}/openapi/{dialect}.json")
    assert answer.headers["content-type"] == "application/json"
    document = json.loads(answer.text)
    assert document["openapi"].startswith("3.1")
    assert document["servers"][0]["url"] == sqlite_caller.service.url
    for path, item in document["paths"].items():
        for method in set(item) & {"get", "post"}:
            filled = path.replace("{task_id}", "x").replace("{upload_id}", "x")
            answer = plain.request(method, sqlite_caller.service.url + filled)
            assert answer.status_code in {200, 401}, (method, path)
