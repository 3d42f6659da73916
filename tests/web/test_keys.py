"""Keys and walls between accounts: AU-01 to AU-04, AU-06 and AU-08 of the catalogue."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import re

import pytest
import sqlalchemy as sa
from starlette.routing import Route

from cadenza.dialects.openapi import document
from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.task import CallbackStage, Dialect, TaskState
from cadenza.stores.schema import tasks
from cadenza.tasks.records import CallbackRecord, TakeResult, TakeText
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes

# Routes for everybody. A media, stream or file URL is a capability: whoever was given it may fetch it.
PUBLIC = {
    "/", "/healthz", "/readyz", "/metrics", "/openapi/{name}", "/docs", "/pages/{name}",
    "/media/{name}", "/stream/{name}", "/files/{upload_id}/{name}",
}  # fmt: skip
GONE_S = 1.0


def closed_routes(app):
    """Return (method, path) of every route that asks for a key, from the router itself."""
    for route in app.routes:
        assert isinstance(route, Route)
        if route.path not in PUBLIC:
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


def filled(path):
    return re.sub(r"\{\w+\}", "x", path)


def code_of(answer):
    told = answer.json()
    return told["code"] if isinstance(told.get("code"), int) else answer.status_code


@contextlib.contextmanager
def statements():
    """Collect the SQL that any engine runs meanwhile."""
    said = []

    def listen(_connection, _cursor, text, *_rest):
        said.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def test_AU_01_the_routes_that_ask_for_a_key_are_the_documented_ones(sqlite_house):
    described = {
        (method.upper(), path)
        for dialect in Dialect
        for path, item in document(dialect, public_url="http://cadenza.test")["paths"].items()
        for method in item
    }
    assert set(closed_routes(sqlite_house.app())) == described


NO_KEY = {
    "none": {},
    "empty": {"x-api-key": ""},
    "empty bearer": {"Authorization": "Bearer "},
    "Bearer alone": {"Authorization": "Bearer"},
    "no scheme": {"Authorization": "KEY"},
    "other scheme": {"Authorization": "Basic KEY"},
    "two that disagree": {"Authorization": "Bearer KEY", "x-api-key": "OTHER"},
    "in the query": {},
}


@pytest.mark.parametrize("wrong", NO_KEY)
def test_AU_01_no_route_does_anything_without_a_key(sqlite_house, wrong):
    key, other = sqlite_house.caller("me"), sqlite_house.caller("you")
    headers = {name: text.replace("KEY", key).replace("OTHER", other) for name, text in NO_KEY[wrong].items()}
    query = f"?api_key={key}&key={key}&x-api-key={key}" if wrong == "in the query" else ""
    routes = list(closed_routes(sqlite_house.app()))
    requests = [(method, filled(path) + query, {"prompt": "x"}, headers) for method, path in routes]
    with statements() as said:
        answers = sqlite_house.ask("", *requests)
    for route, answer in zip(routes, answers, strict=True):
        assert code_of(answer) == 401, route
        assert key not in answer.text
    assert not [text for text in said if "keys" in text or "accounts" in text or "INSERT" in text]
    assert sqlite_house.count(tasks) == 0


def test_AU_02_one_wrong_character_is_refused_without_asking_the_database(house):
    key = house.caller("me")
    wrong = [
        key[:place] + ("0" if key[place] != "0" else "1") + key[place + 1 :] for place in range(len(key))
    ]
    wrong += [key[:-1], key + "0", key.upper(), key[4:], "cad_", "sk_" + key[4:]]

    async def one_by_one(send):
        await send("GET", "/v1/account", None, {"x-api-key": key})  # the process is warm
        with statements() as said:
            codes = [
                (await send("GET", "/v1/account", None, {"x-api-key": text})).status_code for text in wrong
            ]
        return set(codes), said

    assert house.drive("", one_by_one) == ({401}, [])


# What names something of somebody in a query or a body; ID stands for it. Paths are read from the router.
NAMED = [
    ("task", "GET", "/api/v1/client/job/TaskInfo?task_id=ID", None),
    ("task", "GET", "/api/v1/generate/record-info?taskId=ID", None),
    ("task", "GET", "/api/v1/audio/music/feed?task_id=ID", None),
    ("task", "POST", "/api/v1/audio/music/extend", {"origin_task_id": "ID", "extend_audio_index": 0}),
    ("take", "POST", "/api/v1/generate/extend", {"audioId": "ID", "defaultParamFlag": False, "model": "V5"}),
    ("take", "POST", "/v1/tasks", {"source": {"take_id": "ID"}}),
    ("upload", "POST", "/v1/tasks", {"source": {"upload_id": "ID"}}),
    ("take", "POST", "/api/v1/client/job/CreateTask",
     {"model": "suno/music-extend", "input": {"suno_id": "ID", "prompt": "on", "continue_at": 30}}),
    ("task", "POST", "/api/v1/client/job/CreateTask",
     {"model": "suno/music-extend",
      "input": {"task_id": "ID", "audio_index": 0, "prompt": "on", "continue_at": 30}}),
]  # fmt: skip
KINDS = {"task_id": "task", "upload_id": "upload", "callback_id": "callback"}


def every_request_with_an_id(app):
    """Yield (kind, method, path, body) for every route that takes an id; an unknown kind fails."""
    for method, path in closed_routes(app):
        found = re.search(r"\{(\w+)\}", path)
        if found:
            yield KINDS[found[1]], method, path.replace(found[0], "ID"), None
    yield from NAMED


def with_id(request, identity):
    _, method, path, body = request

    def replaced(value):
        if isinstance(value, dict):
            return {name: replaced(inner) for name, inner in value.items()}
        return identity if value == "ID" else value

    return method, path.replace("ID", identity), replaced(body)


def belongings(house, key):
    """Return the ids of a complete task, its take, an upload and a callback of the key's account."""
    recording = base64.b64encode(file_bytes(chord((60,), 1.0), "wav")).decode()
    made, left = house.ask(
        key,
        ("POST", "/v1/tasks", {"prompt": "x", "takes": 1}),
        ("POST", "/v1/uploads", {"data_base64": recording, "file_name": "in.wav"}),
    )
    task_id, now = made.json()["id"], house.clock.now()
    later = now + dt.timedelta(days=14)
    flac = Artefact(kind=ArtefactKind.AUDIO_FLAC, sha256="b" * 64, size_bytes=1)
    text = TakeText(
        take_id="take_1", take_index=0, title="t", style="s", prompt="p", lyrics="", model_name="m"
    )
    result = TakeResult(
        take_id="take_1", duration_s=60.0, joined_at_s=None, seed=7, bpm=80.0, key="A minor",
        loudness_lufs=-14.0, lines=(), artefacts=(flac,),
    )  # fmt: skip
    told = CallbackRecord(
        id="callback_1", task_id=task_id, account_id="acc_me", dialect=Dialect.NATIVE,
        stage=CallbackStage.COMPLETE, url="https://example.com/", body=b"{}", state="delivered", attempt=1,
        last_status=200, last_reason=None, created_at=now,
    )  # fmt: skip

    def work(books):
        attempt = books.tasks.begin_attempt(task_id, worker_id="w")
        for state in (TaskState.RUNNING, TaskState.TEXT_READY):
            books.tasks.move(task_id, state, attempt=attempt)
        books.tasks.add_take(attempt, text)
        books.tasks.finish_take(attempt, result, expires_at=later)
        books.tasks.move(task_id, TaskState.COMPLETE, attempt=attempt)
        books.callbacks.add(told)

    house.store.write(work)
    return {"task": task_id, "take": "take_1", "upload": left.json()["id"], "callback": "callback_1"}


def test_AU_03_what_belongs_to_another_account_looks_like_what_never_was(house):
    mine, stranger = house.caller("me"), house.caller("you")
    known = belongings(house, mine)
    requests = list(every_request_with_an_id(house.app()))
    same = {"X-Request-Id": "same"}  # a refusal repeats it
    foreign = house.ask(stranger, *[(*with_id(one, known[one[0]]), same) for one in requests])
    unknown = house.ask(stranger, *[(*with_id(one, "nothing_1"), same) for one in requests])
    before = house.count(tasks), house.balance("me"), house.balance("you")
    for request, theirs, never in zip(requests, foreign, unknown, strict=True):
        assert code_of(theirs) in {400, 404, 422}, request
        assert (theirs.status_code, theirs.content) == (never.status_code, never.content), request
        assert known[request[0]] not in theirs.text
    assert before == (1, before[1], 1000)
    # The same requests are good for the owner: the walls above were no mistakes of the requests.
    reading = [one for one in requests if one[1] == "GET" and not one[2].endswith("/events")]
    creating = [one for one in NAMED if one[1] == "POST"]
    for request in [*reading, *creating]:
        (answer,) = house.ask(mine, with_id(request, known[request[0]]))
        assert code_of(answer) in {200, 201}, (request, answer.text)


def test_AU_03_a_list_has_nothing_of_another_account(house):
    mine, stranger = house.caller("me"), house.caller("you")
    belongings(house, mine)
    (answer,) = house.ask(stranger, ("GET", "/v1/tasks"))
    assert answer.json()["data"] == []


def test_AU_04_a_body_cannot_write_what_is_not_the_callers_to_write(house):
    key = house.caller("me")
    house.caller("you")
    planted = {
        "balance": 10**6, "account_id": "acc_you", "role": "admin", "status": "complete", "state": "complete",
        "price": 0, "credits": 0, "expires_at": "2099-01-01T00:00:00Z", "id": "mine", "attempt": 99,
    }  # fmt: skip
    plain, more = house.ask(
        key, ("POST", "/v1/tasks", {"prompt": "x"}), ("POST", "/v1/tasks", {"prompt": "x", **planted})
    )
    assert more.status_code == 201
    with house.engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(tasks.select())}
    first, second = rows[plain.json()["id"]], rows[more.json()["id"]]
    for column in ("account_id", "state", "credits", "attempt", "worker_id", "finished_at_ms"):
        assert getattr(first, column) == getattr(second, column)
    assert house.balance("me") == 1000 - 2 * first.credits


def whole_database(engine):
    """Return every value of every table as one text."""
    inspector = sa.inspect(engine)
    told = []
    with engine.connect() as connection:
        for schema in inspector.get_schema_names():
            if schema in {"information_schema", "pg_catalog"}:
                continue
            for name in inspector.get_table_names(schema=schema):
                table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=engine)
                told += [repr(tuple(row)) for row in connection.execute(table.select())]
    return "\n".join(told)


def test_AU_06_the_database_has_the_digest_of_a_key_and_no_key(house):
    key = house.caller("me")
    keyed = {"Idempotency-Key": "one"}
    house.ask(key, ("POST", "/v1/tasks", {"prompt": "x", "callback_url": "https://example.com/"}, keyed))
    dump = whole_database(house.engine)
    _, key_id, secret = key.split("_")
    assert key_id in dump
    assert house.pepper.digest(key) in dump
    assert f"'{key[-4:]}'" in dump
    for start in range(len(secret) - 8):
        assert secret[start : start + 8] not in dump
    assert house.pepper.value.decode() not in dump


def test_AU_08_a_revoked_key_is_refused_within_a_second_on_every_process(house):
    key = house.caller("me")
    key_id = key.split("_")[1]

    async def meanwhile(send):
        codes = [(await send("GET", "/v1/account")).status_code]
        house.store.write(lambda books: books.accounts.revoke_key(key_id))
        for wait_s in (0.5, 0.5, 3600):
            house.clock.advance(wait_s)
            codes.append((await send("GET", "/v1/account")).status_code)
        return codes

    assert house.drive(key, meanwhile) == [200, 200, 401, 401]
    assert house.ask(key, ("GET", "/v1/account"))[0].status_code == 401


def test_AU_08_a_busy_key_is_not_remembered_for_longer_by_being_used(house):
    key = house.caller("me")

    async def busy(send):
        await send("GET", "/v1/account")
        house.store.write(lambda books: books.accounts.revoke_key(key.split("_")[1]))
        codes = []
        for _ in range(11):
            house.clock.advance(GONE_S / 10)
            codes.append((await send("GET", "/v1/account")).status_code)
        return codes

    assert house.drive(key, busy)[9:] == [401, 401]


def test_AU_08_an_old_and_a_new_key_work_side_by_side_until_one_is_revoked(house):
    old = house.caller("me")
    new = house.second_key("me")
    account = ("GET", "/v1/account")
    assert [house.ask(key, account)[0].status_code for key in (old, new)] == [200, 200]
    house.store.write(lambda books: books.accounts.revoke_key(old.split("_")[1]))
    assert [house.ask(key, account)[0].status_code for key in (old, new)] == [401, 200]
