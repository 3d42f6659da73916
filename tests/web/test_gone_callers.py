"""OV-10: callers who leave before they are answered. Nothing waits for them; what they asked for is done."""

from __future__ import annotations

import asyncio

import pytest

from cadenza.stores.schema import ledger, tasks

BODY = b'{"prompt":"rain"}'


async def post_and_go(app, key, *, when, body=BODY):
    """Send a creating request and go ``before`` the body is whole, or while it is ``answered``."""
    pieces = [{"type": "http.request", "body": body[:5], "more_body": True}]
    if when == "answered":
        pieces.append({"type": "http.request", "body": body[5:], "more_body": False})

    async def receive():
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(_message):
        raise OSError("nobody reads")

    scope = {
        "type": "http", "method": "POST", "path": "/v1/tasks", "query_string": b"",
        "headers": [(b"x-api-key", key.encode()), (b"idempotency-key", b"one")],
    }  # fmt: skip
    try:
        async with asyncio.timeout(20):
            await app(scope, receive, send)
    except OSError:
        pass


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("answered", 1)])
def test_ov_10_a_whole_request_is_done_though_its_caller_left_and_half_a_one_is_not(
    sqlite_house, when, count, tried
):
    callers = [sqlite_house.caller(f"c{number}") for number in range(20)]
    app = sqlite_house.app()

    async def all_at_once():
        async with app.router.lifespan_context(app):
            await asyncio.gather(*(post_and_go(app, key, when=when) for key in callers))

    asyncio.run(all_at_once())
    assert sqlite_house.count(tasks) == count * len(callers)
    assert sqlite_house.count(ledger, ledger.c.kind == "hold") == count * len(callers)
    tried(len(callers))


def test_ov_10_who_left_and_asks_again_under_the_same_key_gets_the_same_task(sqlite_house):
    key = sqlite_house.caller("me")
    app = sqlite_house.app()

    async def leave():
        async with app.router.lifespan_context(app):
            await post_and_go(app, key, when="answered")

    asyncio.run(leave())
    (again,) = sqlite_house.ask(key, ("POST", "/v1/tasks", BODY, {"Idempotency-Key": "one"}))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert sqlite_house.count(tasks) == 1


def test_ov_10_no_answer_waits_for_a_task(sqlite_house):
    """There is no worker here, and every reading and creating route answers nevertheless."""
    key = sqlite_house.caller("me")
    (made,) = sqlite_house.ask(key, ("POST", "/v1/tasks", {"prompt": "rain", "wait": True, "timeout_s": 60}))
    path = f"/v1/tasks/{made.json()['id']}"
    answers = sqlite_house.ask(
        key,
        ("GET", f"{path}?wait=60"),
        ("GET", path, None, {"Prefer": "wait=60"}),
        ("POST", f"{path}/cancel"),
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200]
