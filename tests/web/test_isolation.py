"""AU-03: no account sees anything of another. A route that no table here knows fails a test."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest

from cadenza.domain.artefact import Artefact, ArtefactKind
from cadenza.domain.task import CallbackStage, Dialect, TaskState
from cadenza.stores.schema import tasks
from cadenza.tasks.records import CallbackRecord, TakeResult, TakeText
from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes

# What a path names by an id.
KINDS = {"task_id": "task", "upload_id": "upload", "callback_id": "callback"}
# What names something of somebody in a query or a body; ID stands for it.
NAMED = [
    ("task", "GET", "/api/v1/client/job/TaskInfo?task_id=ID", None),
    ("task", "GET", "/api/v1/generate/record-info?taskId=ID", None),
    ("task", "GET", "/api/v1/lyrics/record-info?taskId=ID", None),
    ("task", "POST", "/api/v1/generate/get-timestamped-lyrics", {"taskId": "ID"}),
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
# Routes that take no id at all: they speak of the account of the key.
TAKES_NONE = {
    ("GET", "/v1/tasks"), ("POST", "/v1/uploads"), ("GET", "/v1/account"), ("POST", "/v1/estimate"),
    ("POST", "/v1/lyrics"), ("POST", "/api/v1/lyrics"), ("POST", "/v1/callbacks/test"),
    ("POST", "/v1/account/webhook-secret/rotate"),
    ("POST", "/api/v1/audio/music"), ("POST", "/api/v1/generate"), ("POST", "/api/v1/generate/upload-extend"),
    ("POST", "/api/v1/generate/add-vocals"), ("POST", "/api/v1/generate/add-instrumental"),
    ("GET", "/api/v1/generate/credit"), ("GET", "/api/v1/chat/credit"),
    ("POST", "/api/file-base64-upload"), ("POST", "/api/file-url-upload"),
    ("POST", "/api/file-stream-upload"),
    ("POST", "/api/v1/client/job/estimate-credits"), ("GET", "/api/v1/client/account/balance"),
}  # fmt: skip
SAME = {"X-Request-Id": "same"}  # a refusal repeats it


def requests_with_an_id(routes):
    """Return (kind, method, path, body) of every route that takes an id; an unknown kind of id fails."""
    in_paths = []
    for method, path in routes:
        if found := re.search(r"\{(\w+)\}", path):
            named = path.replace(found[0], "ID")
            in_paths.append((KINDS[found[1]], method, named.replace("{index}", "0"), None))
    return [*in_paths, *NAMED]


def with_id(request, identity):
    _, method, path, body = request

    def replaced(value):
        if isinstance(value, dict):
            return {name: replaced(inner) for name, inner in value.items()}
        return identity if value == "ID" else value

    return method, path.replace("ID", identity), replaced(body), SAME


def belongings(house, key):
    """Return the ids of a complete task, its take, an upload and a callback of the key's account."""
    recording = base64.b64encode(file_bytes(chord((60,), 3.0), "wav")).decode()
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
    return {
        "task": task_id,
        "take": "take_1",
        "upload": left.json()["id"],
        "callback": "callback_1",
        "key": key.split("_")[1],
    }


def test_au_03_every_route_is_in_the_table(sqlite_house, closed_routes):
    routes = set(closed_routes(sqlite_house.app()))
    in_paths = {route for route in routes if "{" in route[1]}
    named = {(method, path.partition("?")[0]) for _, method, path, _ in NAMED}
    assert in_paths | named | TAKES_NONE == routes


def test_au_03_what_belongs_to_another_account_looks_like_what_never_was(
    house, closed_routes, statements, code_of, tried
):
    mine, stranger = house.caller("me"), house.caller("you")
    known = belongings(house, mine)
    requests = requests_with_an_id(closed_routes(house.app()))
    asked = [(one, kind) for one in requests for kind in known]

    async def compare(send):
        told = []
        for request, kind in asked:
            answers = []
            for identity in (known[kind], "nothing_1"):
                with statements() as said:
                    answers.append((await send(*with_id(request, identity)), len(said)))
            told.append(answers)
        return told

    for (request, kind), ((theirs, cost), (never, cost_of_never)) in zip(
        asked, house.drive(stranger, compare), strict=True
    ):
        assert code_of(theirs) in {400, 404, 422}, request
        assert (theirs.status_code, theirs.content) == (never.status_code, never.content), (request, kind)
        assert known[kind] not in theirs.text
        # As much is asked of the database: the time tells nothing either. The key's own look-up may be due.
        assert abs(cost - cost_of_never) <= 1, (request, kind)
    assert (house.count(tasks), house.balance("you")) == (1, 1000)
    tried(2 * len(asked))


def test_au_03_the_same_requests_are_good_for_the_owner(house, closed_routes, code_of):
    mine = house.caller("me")
    known = belongings(house, mine)
    requests = requests_with_an_id(closed_routes(house.app()))
    reading = [one for one in requests if one[1] == "GET" and not one[2].endswith("/events")]
    # The task here is one of music, which the route of lyrics does not find.
    good = [one for one in [*reading, *NAMED] if "lyrics/record-info" not in one[2]]
    answers = house.ask(mine, *[with_id(one, known[one[0]]) for one in good])
    assert {code_of(answer) for answer in answers} <= {200, 201}


@pytest.mark.parametrize("kind", ["task", "upload"])
def test_au_03_a_stranger_changes_nothing(house, kind):
    mine, stranger = house.caller("me"), house.caller("you")
    identity = belongings(house, mine)[kind]
    path = f"/v1/{kind}s/{identity}"
    (before,) = house.ask(mine, ("GET", path))
    changes = [("DELETE", path)] if kind == "upload" else [
        ("DELETE", path), ("POST", f"{path}/pin", {"pinned": True}), ("POST", f"{path}/cancel"),
    ]  # fmt: skip
    assert {answer.status_code for answer in house.ask(stranger, *changes)} == {404}
    assert house.ask(mine, ("GET", path))[0].content == before.content


def test_au_03_a_list_has_nothing_of_another_account(house):
    mine, stranger = house.caller("me"), house.caller("you")
    belongings(house, mine)
    (answer,) = house.ask(stranger, ("GET", "/v1/tasks"))
    assert answer.json()["data"] == []
