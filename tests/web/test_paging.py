"""OV-09: lists are read in pages of a bounded size, from a place and never by counting up to it."""

from __future__ import annotations

import base64

import pytest


@pytest.fixture
def key(sqlite_house):
    return sqlite_house.caller("me", credits=10_000)


async def made(house, send, count):
    """Let the account make tasks, a second apart; return their ids, newest first."""
    ids = []
    for _ in range(count):
        house.clock.advance(1)
        answer = await send("POST", "/v1/tasks", {"prompt": "rain"})
        ids.insert(0, answer.json()["id"])
    return ids


def cursor(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_ov_09_a_page_is_never_longer_than_a_hundred(sqlite_house, key):
    async def fill_and_ask(send):
        for _ in range(105):
            await send("POST", "/v1/tasks", {"prompt": "rain"})
        return [await send("GET", f"/v1/tasks?limit={limit}") for limit in ("101", "100000", "999999999")]

    for answer in sqlite_house.drive(key, fill_and_ask):
        assert len(answer.json()["data"]) == 100


LIMITS = ["1000000000", "-1", "0", "1e3", "0x10", "1.0", " 1", "+1", "\u0661", "%00", "null", "9" * 5_000]
CURSORS = [
    "x", "=", "%00", "\u2603", "A" * 5_000, cursor(":"), cursor("x:y"), cursor("1"), cursor("1:"),
    cursor("-1:x"), cursor(f"{2**63}:x"), cursor("1:" + "a" * 300), cursor("1:\0"), cursor("1:\u00e9"),
    cursor("1e3:x"), cursor("1:x' OR 1=1 --\n"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "values"), [("limit", LIMITS), ("cursor", CURSORS)])
def test_ov_09_a_wrong_limit_or_a_forged_cursor_is_refused(sqlite_house, key, field, values, tried):
    answers = sqlite_house.ask(key, *[("GET", f"/v1/tasks?{field}={value}") for value in values])
    for value, answer in zip(values, answers, strict=True):
        assert answer.status_code == 422, value
        assert [fault["field"] for fault in answer.json()["faults"]] == [field]
        assert len(answer.content) < 4096
    tried(len(values))


def test_ov_09_there_is_no_offset(sqlite_house, key):
    async def skip(send):
        await made(sqlite_house, send, 2)
        return await send("GET", "/v1/tasks"), await send("GET", "/v1/tasks?offset=1000000000&page=9&skip=-1")

    plain, skipped = sqlite_house.drive(key, skip)
    assert plain.json() == skipped.json()
    assert len(plain.json()["data"]) == 2


def test_ov_09_a_cursor_is_a_place_and_opens_nothing_of_others(sqlite_house, key):
    async def three(send):
        return await made(sqlite_house, send, 3)

    async def one(send):
        return await made(sqlite_house, send, 1)

    theirs = sqlite_house.drive(sqlite_house.caller("you"), three)
    mine = sqlite_house.drive(key, one)
    later = round(sqlite_house.clock.now().timestamp() * 1000) + 10_000
    places = [cursor(f"{later}:{task_id}") for task_id in (theirs[0], "zzz", "x' OR 1=1 --")]
    for answer in sqlite_house.ask(key, *[("GET", f"/v1/tasks?cursor={place}") for place in places]):
        assert [task["id"] for task in answer.json()["data"]] == mine


def test_ov_09_pages_neither_repeat_nor_skip_while_new_tasks_come(sqlite_house, key):
    async def read_on(send):
        first, read, query = await made(sqlite_house, send, 7), [], ""
        while query is not None:
            page = (await send("GET", f"/v1/tasks?limit=2{query}")).json()
            read += [task["id"] for task in page["data"]]
            query = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
            await made(sqlite_house, send, 1)
        return first, read

    first, read = sqlite_house.drive(key, read_on)
    assert read == first
