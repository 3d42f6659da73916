"""OV-08: event streams. What each hears is exact, what they cost is bounded, who has gone is found out."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from cadenza.domain.task import TaskState
from cadenza.web import watching
from cadenza.web.door.atonce import AtOnce
from cadenza.web.routes import events

NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})


@pytest.fixture
def quick(monkeypatch):
    """Look and beat fast: a test does not wait for real heartbeats."""
    monkeypatch.setattr(watching, "_LOOK_S", 0.005)
    monkeypatch.setattr(events, "_HEARTBEAT_S", 0.02)


class Listener:
    """One reader of a stream, over ASGI itself, so that it can stop reading or leave."""

    def __init__(self, app, key, task_id, last=None):
        self.said = b""
        self.status = None
        self._gone = asyncio.Event()
        self._has_left = False
        headers = [(b"x-api-key", key.encode())]
        if last is not None:
            headers.append((b"last-event-id", str(last).encode()))
        self._scope = {
            "type": "http", "method": "GET", "path": f"/v1/tasks/{task_id}/events", "query_string": b"",
            "headers": headers, "asgi": {"spec_version": "2.3"},
        }  # fmt: skip
        self.running = asyncio.create_task(app(self._scope, self._receive, self._send))

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if self._has_left:
            raise OSError("nobody reads")
        self.status = message.get("status", self.status)
        self.said += message.get("body", b"")

    def leave(self):
        """Go, and let the server hear of it."""
        self._gone.set()

    def vanish(self):
        """Go without a word: only what is sent tells."""
        self._has_left = True

    @property
    def numbers(self):
        return [int(line[4:]) for line in self.said.decode().splitlines() if line.startswith("id: ")]

    @property
    def names(self):
        return [line[7:] for line in self.said.decode().splitlines() if line.startswith("event: ")]


async def until(question):
    async with asyncio.timeout(20):
        while not question():  # noqa: ASYNC110 - what is waited for happens in several places
            await asyncio.sleep(0.002)


def in_app(house, work, **settings):
    app = house.app(**settings)

    async def whole():
        async with app.router.lifespan_context(app):
            return await work(app)

    return asyncio.run(whole())


def new_task(house, key):
    (made,) = house.ask(key, NATIVE)
    return made.json()["id"]


def step(house, task_id, *states):
    for state in states:
        house.store.write(lambda books, state=state: move(books, task_id, state))


def move(books, task_id, state):
    books.tasks.move(task_id, state)
    books.tasks.record_event(task_id, state.value, {})


def test_ov_08_each_of_many_streams_hears_everything_once_and_in_order(sqlite_house, quick, tried):
    key = sqlite_house.caller("me")
    task_id = new_task(sqlite_house, key)
    count = 50

    async def listen(app):
        all_of_them = [Listener(app, key, task_id) for _ in range(count)]
        await until(lambda: all(one.names == ["snapshot"] for one in all_of_them))
        for state in (TaskState.RUNNING, TaskState.TEXT_READY, TaskState.COMPLETE):
            step(sqlite_house, task_id, state)
            await until(lambda state=state: all(one.names[-1] == state.value for one in all_of_them))
        await asyncio.gather(*(one.running for one in all_of_them))
        return all_of_them

    for one in in_app(sqlite_house, listen):
        assert one.numbers == [1, 2, 3]
        assert one.names == ["snapshot", "running", "text_ready", "complete"]
    tried(count)


@pytest.mark.parametrize("last", range(4))
def test_ov_08_a_stream_goes_on_exactly_after_the_last_event_that_was_heard(sqlite_house, quick, last):
    key = sqlite_house.caller("me")
    task_id = new_task(sqlite_house, key)
    step(sqlite_house, task_id, TaskState.RUNNING, TaskState.TEXT_READY)

    async def listen(app):
        listener = Listener(app, key, task_id, last=last)
        await until(lambda: listener.names)
        step(sqlite_house, task_id, TaskState.COMPLETE)
        await listener.running
        return listener

    heard = in_app(sqlite_house, listen)
    assert heard.numbers == list(range(last + 1, 4))


@pytest.mark.parametrize("way", ["leave", "vanish"])
def test_ov_08_a_reader_who_has_gone_gives_its_place_back(sqlite_house, quick, way):
    """By a word of the server's, or else by the first heartbeat that cannot be sent."""
    key = sqlite_house.caller("me")
    task_id = new_task(sqlite_house, key)

    async def come_and_go(app):
        for _ in range(6):
            readers = [Listener(app, key, task_id) for _ in range(2)]
            await until(lambda readers=readers: all(one.names for one in readers))
            for one in readers:
                getattr(one, way)()
            await asyncio.wait([one.running for one in readers], timeout=20)
            assert all(one.running.done() and one.status == 200 for one in readers)
            [one.running.exception() for one in readers]

    in_app(sqlite_house, come_and_go, CADENZA_STREAMS_PER_ACCOUNT="2")


def test_ov_08_an_account_has_so_many_streams_and_no_more(sqlite_house, quick):
    mine, yours = sqlite_house.caller("me"), sqlite_house.caller("you")
    task, other = new_task(sqlite_house, mine), new_task(sqlite_house, yours)

    async def open_all(app):
        held = [Listener(app, mine, task) for _ in range(3)]
        await until(lambda: all(one.names for one in held))
        refused = Listener(app, mine, task)
        await refused.running
        neighbour = Listener(app, yours, other)
        await until(lambda: neighbour.names)
        held[0].leave()
        await held[0].running
        again = Listener(app, mine, task)
        await until(lambda: again.names)
        for one in (*held, neighbour, again):
            one.leave()
        await asyncio.gather(*(one.running for one in (*held, neighbour, again)))
        return refused

    refused = in_app(sqlite_house, open_all, CADENZA_STREAMS_PER_ACCOUNT="3")
    told = orjson.loads(refused.said)
    assert (refused.status, told["retry_after_s"]) == (429, 5)
    assert "3 open event streams" in told["detail"]


def test_ov_08_a_quiet_stream_has_a_heartbeat(sqlite_house, quick):
    key = sqlite_house.caller("me")
    task_id = new_task(sqlite_house, key)

    async def listen(app):
        listener = Listener(app, key, task_id)
        await until(lambda: listener.said.count(b": still here\n\n") >= 3)
        listener.leave()
        await listener.running
        return listener

    assert in_app(sqlite_house, listen).names == ["snapshot"]


def test_ov_08_idle_streams_together_ask_the_database_one_question_at_a_time(sqlite_house, monkeypatch):
    key = sqlite_house.caller("me")
    tasks = [new_task(sqlite_house, key) for _ in range(3)]
    asked = []
    real = watching._changes
    monkeypatch.setattr(watching, "_LOOK_S", 0.005)
    monkeypatch.setattr(
        watching, "_changes", lambda ids, books: asked.append(sorted(ids)) or real(ids, books)
    )

    async def listen(app):
        idle = [Listener(app, key, task_id) for task_id in tasks for _ in range(20)]
        await until(lambda: all(one.names for one in idle))
        asked.clear()
        await until(lambda: len(asked) >= 5)
        for one in idle:
            one.leave()
        await asyncio.gather(*(one.running for one in idle))
        await until(lambda: len(asked) > 0)
        await asyncio.sleep(0.02)  # the look that is under way ends
        asked_until_now = len(asked)
        await asyncio.sleep(0.05)
        assert len(asked) == asked_until_now  # nobody listens, nobody asks

    in_app(sqlite_house, listen)
    assert asked[0] == sorted(tasks)


def test_ov_08_places_are_counted_per_account_and_forgotten_when_given_back():
    places = AtOnce(most=2, what="things")
    for _ in range(2):
        places.take("a")
    assert (places.held("a"), places.held("b")) == (2, 0)
    for _ in range(2):
        places.give_back("a")
    assert not places._held
