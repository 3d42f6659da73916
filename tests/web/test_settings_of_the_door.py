"""What settings change about the wire: mirrored statuses, deadlines, retention."""

from __future__ import annotations

import asyncio
import datetime as dt

import httpx
import orjson
import pytest

from cadenza.domain.artefact import ArtefactKind
from cadenza.tasks.records import Upload

SUNOAPI = {"customMode": False, "instrumental": True, "model": "V5", "prompt": "x"}
CRUN = {"model": "suno/music-generate", "input": {"prompt": "x"}}


@pytest.mark.parametrize("status", ["body", "mirrored"])
@pytest.mark.parametrize(
    ("method", "path", "body", "has_key", "code"),
    [
        ("GET", "/api/v1/generate/credit", None, False, 401),
        ("POST", "/api/v1/generate", {}, True, 400),
        ("POST", "/api/v1/generate", {**SUNOAPI, "prompt": "x" * 501}, True, 413),
        ("POST", "/api/v1/generate", SUNOAPI, True, 429),
        ("GET", "/api/v1/generate/record-info?taskId=x", None, True, 404),
        ("GET", "/api/v1/client/account/balance", None, False, 401),
        ("POST", "/api/v1/client/job/CreateTask", CRUN, True, 402),
        ("POST", "/api/v1/client/job/CreateTask", {}, True, 422),
        ("GET", "/api/v1/client/job/TaskInfo?task_id=x", None, True, 404),
        ("GET", "/api/v1/generate/credit", None, True, 200),
    ],
)
def test_the_code_in_the_body_is_also_the_status_where_a_setting_says_so(
    app, key, status, method, path, body, has_key, code
):
    made = app(CADENZA_SUNOAPI_STATUS=status, CADENZA_CRUN_STATUS=status)
    headers = {"x-api-key": key} if has_key else {}
    (answer,) = asked(made, (method, path, body), headers=headers)
    assert answer.json()["code"] == code
    assert answer.status_code == (code if status == "mirrored" else 200)


def asked(app, *requests, headers=None):
    """Send requests to the application while it lives; return the answers."""

    async def all_of_them():
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://cadenza.test", headers=headers) as client,
        ):
            return [await client.request(method, path, json=body) for method, path, body in requests]

    return asyncio.run(all_of_them())


def drive(app, path, key, *pieces):
    """Send the pieces of a body and then nothing, for ever; return status and JSON of the answer."""
    messages = iter(pieces)
    sent = []

    async def receive():
        for piece in messages:
            return {"type": "http.request", "body": piece, "more_body": True}
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"x-api-key", key.encode()), (b"content-type", b"multipart/form-data; boundary=b")],
    }

    async def whole():
        async with asyncio.timeout(20), app.router.lifespan_context(app):
            await app(scope, receive, send)

    asyncio.run(whole())
    return sent[0]["status"], orjson.loads(b"".join(one.get("body", b"") for one in sent[1:]))


@pytest.mark.parametrize(
    ("path", "pieces", "status"),
    [
        ("/v1/tasks", [], 422),
        ("/v1/tasks", [b'{"prompt"', b':"x'], 422),
        ("/v1/uploads", [b"--b\r\n"], 422),
        ("/api/file-stream-upload", [b"--b\r\n"], 400),
    ],
)
def test_a_body_that_never_ends_is_refused_at_its_deadline(app, key, path, pieces, status):
    made = app(CADENZA_BODY_DEADLINE_S="0.01")
    answered, told = drive(made, path, key, *pieces)
    assert answered == status
    assert "did not arrive in time" in orjson.dumps(told).decode()


def test_a_body_that_drips_is_refused_by_what_it_has_sent(app, key):
    made = app(CADENZA_BODY_LIMIT_BYTES="100")
    answered, told = drive(made, "/v1/tasks", key, *[b"x" * 10] * 12)
    assert (answered, told["limit"]) == (413, 100)


def test_an_upload_whose_time_is_over_is_gone(app, room, key, data, now):
    path = data / "in.wav"
    path.write_bytes(b"RIFF")
    upload = Upload(
        id="up_1",
        account_id="acc_test",
        upload_path="",
        file_name="in.wav",
        artefact=room.media.put(path, ArtefactKind.UPLOAD),
        media_type="audio/wav",
        created_at=now - dt.timedelta(days=3),
        expires_at=now,
    )
    room.store.write(lambda books: books.uploads.put(upload))
    answers = asked(
        app(),
        ("GET", "/files/up_1/in.wav", None),
        ("POST", "/v1/tasks", {"source": {"upload_id": "up_1"}}),
        headers={"x-api-key": key},
    )
    assert [one.status_code for one in answers] == [410, 410]


def test_the_server_is_not_ready_without_a_worker(app):
    answer, health = asked(app(), ("GET", "/readyz", None), ("GET", "/healthz", None))
    assert health.status_code == 200
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "No worker is running."}
