"""AU-10: what must not be told is not told: not in the log, not in the metrics, not in an answer's error."""

from __future__ import annotations

import json

import httpx

from cadenza.testing.service import Service, eventually, free_port

CANARY = "canary7Hq2"
KEY_LIKE = "cad_0123456789abcdef_" + CANARY + "0" * 46
NOBODY = f"127.0.0.1:{free_port()}"
URL_TOKEN = f"http://{NOBODY}/hook?token={CANARY}-callback"
USERINFO = f"http://user:{CANARY}-password@{NOBODY}/in.wav"


def refusals(client):
    """Send a secret everywhere one can be; yield what is answered."""
    yield client.get("/v1/account", headers={"Authorization": f"Bearer {KEY_LIKE}"})
    yield client.get("/v1/account", headers={"x-api-key": f"{CANARY}-header"})
    yield client.get("/v1/tasks", params={"key": f"{CANARY}-query", "limit": f"{CANARY}-limit"})
    yield client.get(f"/v1/tasks/{CANARY}-path", params={"api_key": KEY_LIKE})
    yield client.post("/v1/tasks", json={"prompt": "x", "seed": f"{CANARY}-body"})
    yield client.post("/v1/tasks", json={"prompt": "x", "model": f"{CANARY}-model"})
    yield client.post("/v1/tasks", content=f'{{"key": "{CANARY}-cut'.encode())
    yield client.post("/v1/tasks", json={"source": {"url": USERINFO}})
    yield client.post("/v1/tasks", json={"prompt": "x", "callback_url": f"ftp://{CANARY}/"})
    yield client.post("/v1/uploads", json={"url": USERINFO})
    yield client.post("/api/v1/generate", json={"apiKey": KEY_LIKE, "customMode": f"{CANARY}"})


def test_AU_10_no_planted_secret_is_in_log_metrics_or_errors(tmp_path):
    environment = {
        "CADENZA_ENGINE": "debug",
        "CADENZA_LOG_LEVEL": "debug",
        "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    with Service(data=tmp_path / "data", environment=environment) as service:
        key = service.new_key("caller", credits=1000)
        with httpx.Client(base_url=service.url, headers={"x-api-key": key}, timeout=30) as client:
            answers = list(refusals(client))
            body = {"lyrics": f"[Verse]\n{CANARY} lyrics", "style": "folk", "callback_url": URL_TOKEN}
            ids = [client.post("/v1/tasks", json={**body, "title": "t", "takes": 1}).json()["id"]]
            source = {"url": f"http://{NOBODY}/{CANARY}-source.wav"}
            ids.append(client.post("/v1/tasks", json={"source": source, "takes": 1}).json()["id"])
            for task_id in ids:
                eventually(lambda task_id=task_id: client.get(f"/v1/tasks/{task_id}").json()["finished_at"])
            errors = [client.get(f"/v1/tasks/{task_id}").json()["error"] for task_id in ids]
            metrics = client.get("/metrics").text
            eventually(lambda: client.get(f"/v1/tasks/{ids[0]}/callbacks").json()["data"][-1]["attempts"])
        assert all(answer.status_code >= 400 or answer.json().get("code", 200) >= 400 for answer in answers)
        told = service.told
    for text in (*(answer.text for answer in answers), metrics, json.dumps(errors), told):
        assert CANARY not in text
        assert key not in text
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert {event["event"] for event in events} >= {"worker_started", "task_rendered"}
    assert ids[0] in {event.get("task_id") for event in events}
