"""LE-10 and ST-08: how many tasks an account may create in a day, and how much it may keep."""

from __future__ import annotations

import asyncio
import base64
import contextlib

import httpx
import pytest

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.task import Dialect
from cadenza.stores.schema import ledger, tasks, uploads
from cadenza.stores.uploads import SqlUploads
from cadenza.tasks.keys import Limits
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes

NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})
CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"], 429, 422),
    "sunoapi": ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"], 430, 400),
    "apiin": ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"], 429, 413),
    "native": ("/v1/tasks", {"prompt": "rain"}, 429, 413),
}
dialects = pytest.mark.parametrize("dialect", CREATING)


def limit(house, name, **limits):
    house.store.write(lambda books: books.accounts.set_limits(f"acc_{name}", Limits(**limits)))


@pytest.mark.parametrize(("credits_for", "per_day"), [(10, 1), (1, 10), (3, 3), (2, 0), (0, 1)])
def test_le_10_quota_and_credits_together_let_in_exactly_as_many_as_both_allow(
    house, tried, credits_for, per_day
):
    price = 12
    key = house.caller("me", credits=credits_for * price)
    limit(house, "me", tasks_per_day=per_day)
    answers = house.ask_at_once(key, *[NATIVE] * 10)
    made = min(credits_for, per_day or 10)
    over = {402, 429} if credits_for < per_day else {402} if not per_day else {429}
    assert sorted(answer.status_code for answer in answers)[:made] == [201] * made
    assert {answer.status_code for answer in answers[:]} - {201} <= over | {402}
    assert [answer.status_code for answer in answers].count(201) == made
    assert house.count(tasks) == house.count(ledger, ledger.c.kind == "hold") == made
    assert house.balance("me") == (credits_for - made) * price
    tried(10)


def test_le_10_two_processes_asked_at_once_let_in_one_together(house, tried):
    key = house.caller("me")
    limit(house, "me", tasks_per_day=1)

    async def whole():
        async with contextlib.AsyncExitStack() as stack:
            clients = []
            for app in (house.app(), house.app()):
                await stack.enter_async_context(app.router.lifespan_context(app))
                base = {"transport": httpx.ASGITransport(app=app), "base_url": "http://cadenza.test"}
                client = httpx.AsyncClient(**base, headers={"x-api-key": key})
                clients.append(await stack.enter_async_context(client))
            method, path, body = NATIVE
            asked = [clients[number % 2].request(method, path, json=body) for number in range(10)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert sorted(asyncio.run(whole())) == [201] + [429] * 9
    assert house.count(tasks) == 1
    tried(10)


@dialects
def test_le_10_over_the_quota_a_dialect_says_so_in_its_own_code_and_until_when(house, code_of, dialect):
    path, body, too_often, _ = CREATING[dialect]
    key = house.caller("me")
    first, refused = house.ask(key, *[("POST", path, body)] * 2, CADENZA_TASKS_PER_DAY="1")
    assert code_of(first) in {200, 201}
    assert code_of(refused) == too_often
    left_s = 24 * 3600 - (3 * 3600 + 4 * 60 + 5)  # the clock stands at 03:04:05
    assert refused.headers["retry-after"] == str(left_s)
    assert "1 tasks of this day (UTC)" in refused.text
    house.clock.advance(left_s)
    assert code_of(house.ask(key, ("POST", path, body))[0]) in {200, 201}


def test_le_10_an_account_with_a_quota_of_its_own_has_that_one(house):
    mine, yours = house.caller("me"), house.caller("you")
    limit(house, "me", tasks_per_day=2)
    limit(house, "you", tasks_per_day=0)
    codes = [
        [answer.status_code for answer in house.ask(key, *[NATIVE] * 3, CADENZA_TASKS_PER_DAY="1")]
        for key in (mine, yours)
    ]
    assert codes == [[201, 201, 429], [201, 201, 201]]


def test_le_10_a_cancelled_task_counts_and_an_answer_given_again_does_not(house):
    key = house.caller("me")
    keyed = (*NATIVE, {"Idempotency-Key": "one"})
    first, again = house.ask(key, keyed, keyed, CADENZA_TASKS_PER_DAY="2")
    assert again.content == first.content
    cancel = ("POST", f"/v1/tasks/{first.json()['id']}/cancel")
    assert [one.status_code for one in house.ask(key, cancel, NATIVE, NATIVE)] == [200, 201, 429]


def recording(length_s=0.5):
    return file_bytes(chord((60,), length_s), "wav")


def leave(content, name):
    return ("POST", "/v1/uploads", {"data_base64": base64.b64encode(content).decode(), "file_name": name})


def stored(house):
    return house.store.read(lambda books: books.tasks.stored_bytes("acc_me"))


def media_files(folder):
    return {path.name for path in (folder / "media").rglob("*") if path.is_file()}


def test_st_08_an_upload_over_the_storage_is_refused_before_anything_is_written(house, tmp_path):
    key, content = house.caller("me"), recording()
    size = len(content)
    fits, refused = house.ask(
        key, leave(content, "a.wav"), leave(recording(0.6), "b.wav"), CADENZA_STORAGE_BYTES=str(2 * size)
    )
    assert (fits.status_code, refused.status_code) == (201, 413)
    problem = refused.json()
    assert problem["type"] == "urn:cadenza:problem:storage-full"
    assert (problem["limit"], problem["actual"]) == (2 * size, size + len(recording(0.6)))
    assert (house.count(uploads), stored(house), len(media_files(tmp_path))) == (1, size, 1)


def test_st_08_storage_is_filled_to_the_byte(house):
    key, content = house.caller("me"), recording()
    asked = [leave(content, f"{number}.wav") for number in range(3)]
    exact = house.ask(key, *asked, CADENZA_STORAGE_BYTES=str(2 * len(content)))
    assert [answer.status_code for answer in exact] == [201, 201, 413]
    assert stored(house) == 2 * len(content)


def test_st_08_uploads_at_once_do_not_get_past_the_limit(house, tried):
    key, content = house.caller("me"), recording()
    asked = [leave(content, f"{number}.wav") for number in range(12)]
    answers = house.ask_at_once(key, *asked, CADENZA_STORAGE_BYTES=str(5 * len(content)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [413] * 7
    assert stored(house) == 5 * len(content)
    tried(12)


def test_st_08_an_upload_of_the_same_name_takes_the_place_of_the_first(house):
    key, content = house.caller("me"), recording()
    again = [leave(content, "a.wav")] * 3
    answers = house.ask(key, *again, CADENZA_STORAGE_BYTES=str(len(content)))
    assert {answer.status_code for answer in answers} == {201}
    assert stored(house) == len(content)


def test_st_08_an_upload_that_dies_between_its_file_and_its_row_counts_nothing(house, tmp_path, monkeypatch):
    key, content = house.caller("me"), recording()
    settings = {"CADENZA_STORAGE_BYTES": str(len(content))}
    with monkeypatch.context() as broken:
        broken.setattr(SqlUploads, "put", lambda _self, _upload: 1 / 0)
        (died,) = house.ask(key, leave(content, "a.wav"), **settings)
    assert died.status_code == 500
    assert (house.count(uploads), stored(house), len(media_files(tmp_path))) == (0, 0, 1)
    (again,) = house.ask(key, leave(content, "a.wav"))
    assert (again.status_code, stored(house), len(media_files(tmp_path))) == (201, len(content), 1)


def test_st_08_what_is_deleted_or_over_makes_room(house):
    key, content = house.caller("me"), recording()
    first, refused = house.ask(
        key, leave(content, "a.wav"), leave(content, "b.wav"), CADENZA_STORAGE_BYTES=str(len(content))
    )
    assert refused.status_code == 413
    delete = ("DELETE", f"/v1/uploads/{first.json()['id']}")
    assert [one.status_code for one in house.ask(key, delete, leave(content, "b.wav"))] == [200, 201]
    house.clock.advance(4 * 24 * 3600)
    house.store.write(lambda books: books.retention.expire_files(limit=10))
    assert (stored(house), house.ask(key, leave(content, "c.wav"))[0].status_code) == (0, 201)


@dialects
def test_st_08_an_account_whose_storage_is_full_creates_nothing(house, code_of, dialect):
    path, body, _, full = CREATING[dialect]
    key, content = house.caller("me"), recording()
    limit(house, "me", storage_bytes=len(content))
    (room,) = house.ask(key, ("POST", path, body))
    assert code_of(room) in {200, 201}
    paid = house.balance("me")
    _, refused = house.ask(key, leave(content, "a.wav"), ("POST", path, body))
    assert code_of(refused) == full
    assert (house.count(tasks), house.balance("me")) == (1, paid)


@pytest.mark.parametrize("path", ["/api/file-base64-upload"])
def test_st_08_the_file_routes_say_it_in_their_own_words(house, code_of, path):
    key, content = house.caller("me"), recording()
    body = {"base64Data": base64.b64encode(content).decode(), "uploadPath": "x", "fileName": "a.wav"}
    (refused,) = house.ask(key, ("POST", path, body), CADENZA_STORAGE_BYTES="9")
    assert (refused.status_code, refused.json()["success"]) == (413, False)
    assert refused.json()["msg"].startswith("The storage is full: The account may keep 9 bytes")


def test_st_08_files_of_others_do_not_count(house):
    mine, yours, content = house.caller("me"), house.caller("you"), recording()
    settings = {"CADENZA_STORAGE_BYTES": str(len(content))}
    codes = [house.ask(key, leave(content, "a.wav"), **settings)[0].status_code for key in (mine, yours)]
    assert codes == [201, 201]


def test_quotas_that_are_not_set_ask_the_database_nothing(house, statements):
    key = house.caller("me")
    with statements() as said:
        house.ask(key, NATIVE, CADENZA_QUEUE_LIMIT="0")
    assert not [text for text in said if "size_bytes" in text or "accepted_at_ms >=" in text]
