"""Two API processes and three workers on one PostgreSQL are one service, whichever of them is asked.

They share nothing but a bucket. `pytest tests/journeys --many` lets them share a data folder too, and
sends all other journeys to two servers in turn.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import Counter

import httpx
import orjson
import pytest

from cadenza.settings import from_environment
from cadenza.testing.network import Receiver
from cadenza.testing.service import eventually, free_port
from cadenza.testing.victims import Nursery, Victim
from cadenza.wiring.desk import open_desk

pytestmark = pytest.mark.postgres

SERVE = "from cadenza.wiring.serving import serve_api; serve_api('127.0.0.1', {port})"
WORK = "from cadenza.wiring.serving import work; work()"
PUBLIC_URL = "http://cadenza.test"  # as behind a balancer
PRICE_OF_ONE_TAKE = 6


class Api:
    """One API process, as one caller asks it."""

    def __init__(self, victim, port, key):
        self.victim, self.port = victim, port
        headers = {"authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30)

    def start(self):
        self.victim.start()
        eventually(self._answers)

    def _answers(self):
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/readyz").status_code == 200

    def create(self, prompt="rain", **body):
        answer = self.http.post("/v1/tasks", json={"prompt": prompt, **body})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def task(self, task_id):
        return self.http.get(f"/v1/tasks/{task_id}").json()

    def until(self, task_id, status):
        def look():
            task = self.task(task_id)
            assert task["status"] == status or task["finished_at"] is None, task
            return task if task["status"] == status else None

        return eventually(look)

    def file(self, url, **headers):
        return self.http.get(url.removeprefix(PUBLIC_URL), headers=headers)

    @property
    def credits(self):
        return self.http.get("/v1/account").json()["credits"]

    def events(self, task_id, after=None):
        """Yield (number, name) of each event of a task."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        with self.http.stream("GET", f"/v1/tasks/{task_id}/events", headers=headers) as answer:
            number = None
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if field == "id":
                    number = int(value)
                elif field == "event" and number is not None:
                    yield number, value
                    number = None


class Town:
    """Five machines of one service."""

    def __init__(self, nursery, machines):
        with open_desk(from_environment(machines[0])) as desk:
            made = desk.create_key("caller", credits=10_000)
        self.settings = from_environment(machines[0])
        self.apis = []
        for environment in machines[:2]:
            port = free_port()
            self.apis.append(Api(Victim(nursery, SERVE.format(port=port), environment), port, made.key))
        self.workers = [Victim(nursery, WORK, environment) for environment in machines[2:]]
        for one in (*self.workers, *self.apis):
            one.start()

    def close(self):
        for api in self.apis:
            api.http.close()
            api.victim.kill()
        for worker in self.workers:
            worker.kill()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    log = tmp_path_factory.mktemp("nursery") / "standard-error.txt"
    with Nursery("cadenza.wiring.serving", "cadenza.wiring.service", log=log) as nursery:
        yield nursery


def pytest_generate_tests(metafunc):
    if "town" in metafunc.fixturenames:
        towns = ["a bucket and five folders", "one folder"]
        chosen = towns if metafunc.config.getoption("--many") else towns[:1]
        metafunc.parametrize("town", chosen, indirect=True, scope="module")


@pytest.fixture(scope="module")
def town(request, nursery, new_database, bucket_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    environment = {
        "PATH": "/usr/bin:/bin",
        "CADENZA_DATABASE_URL": new_database(),
        "CADENZA_ENGINE": "debug",
        "CADENZA_PUBLIC_URL": PUBLIC_URL,
        "CADENZA_PEPPER": "the same everywhere",
        "CADENZA_OUTBOUND_ALLOW": "127.0.0.0/8",
        "CADENZA_WORKER_DEAD_S": "3",
    }
    folders = [folder] * 5
    if "bucket" in request.param:
        environment |= bucket_server.environment(bucket_server.new_bucket())
        folders = [folder / str(number) for number in range(5)]
    town = Town(nursery, [{**environment, "CADENZA_DATA": str(one)} for one in folders])
    yield town
    town.close()


@pytest.fixture
def apis(town):
    """Both API processes, at work; whoever was killed by the test before is there again."""
    for one in (*town.apis, *town.workers):
        victim = one.victim if isinstance(one, Api) else one
        if victim._pid is None:
            one.start()
    return town.apis


def test_what_one_creates_and_keeps_the_other_reads_and_serves(apis, song):
    one, other = apis
    upload = one.http.post("/v1/uploads", files={"file": ("in.wav", song)}).json()
    assert other.file(upload["url"]).content == song
    task_id = one.create("on", source={"upload_id": upload["id"]}, continue_at_s=2, takes=1)
    task = other.until(task_id, "complete")
    assert one.task(task_id) == task
    assert one.credits == other.credits
    url = task["takes"][0]["flac_url"]
    files = [api.file(url) for api in apis]
    assert files[0].content == files[1].content
    assert files[0].headers["etag"] == files[1].headers["etag"]
    part = other.file(url, **{"Range": "bytes=100-299", "If-Range": files[0].headers["etag"]})
    assert (part.status_code, part.content) == (206, files[0].content[100:300])
    again = other.create("on", source={"take_id": task["takes"][0]["id"]}, continue_at_s=1, takes=1)
    assert one.until(again, "complete")["parent_take_id"] == task["takes"][0]["id"]


def test_events_go_on_at_the_other_after_the_first_was_killed(apis):
    one, other = apis
    task_id = one.create("slow 2 s in take 2")
    heard = []
    with contextlib.suppress(httpx.TransportError):
        for number, name in one.events(task_id):
            heard.append((number, name))
            if name == "first_ready":
                one.victim.kill()
    assert "first_ready" in [name for _, name in heard]
    rest = list(other.events(task_id, after=heard[-1][0]))
    assert rest[-1][1] == "complete"
    numbers = [number for number, _ in heard + rest]
    assert numbers == sorted(set(numbers))
    assert heard + rest == list(other.events(task_id, after=0))


def test_one_key_for_a_request_makes_one_task_whoever_is_asked(apis):
    one, other = apis
    before = one.credits
    answers = []

    def send(api):
        answers.append(
            api.http.post("/v1/tasks", json={"prompt": "once", "takes": 1}, headers={"Idempotency-Key": "k"})
        )

    senders = [threading.Thread(target=send, args=(api,)) for api in apis * 6]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first is still under way
    assert len({answer.json()["id"] for answer in made}) == 1
    changed = other.http.post("/v1/tasks", json={"prompt": "twice"}, headers={"Idempotency-Key": "k"})
    assert changed.status_code in {409, 422}
    other.until(made[0].json()["id"], "complete")
    assert one.credits == other.credits == before - PRICE_OF_ONE_TAKE


def test_a_task_is_cancelled_at_the_other_and_nothing_is_charged(apis):
    one, other = apis
    before = other.credits
    task_id = one.create("slow 600 s")
    one.until(task_id, "text_ready")
    assert other.http.post(f"/v1/tasks/{task_id}/cancel").status_code == 200
    assert one.until(task_id, "cancelled")["finished_at"]
    assert one.credits == other.credits == before


def test_a_key_that_is_revoked_is_refused_by_both(apis, town):
    with open_desk(town.settings) as desk:
        made = desk.create_key("caller", credits=0)
        answers = {
            api: api.http.get("/v1/account", headers={"authorization": f"Bearer {made.key}"}) for api in apis
        }
        assert [answer.status_code for answer in answers.values()] == [200, 200]
        desk.revoke(made.record.id)

    def are_refused():
        headers = {"authorization": f"Bearer {made.key}"}
        return all(api.http.get("/v1/account", headers=headers).status_code == 401 for api in apis)

    eventually(are_refused, limit_s=10)  # each remembers a good key for one second (web/door/auth.py)


def test_an_api_and_a_worker_are_killed_and_nothing_is_lost(apis, town):
    one, other = apis
    before = other.credits
    with Receiver() as receiver:
        turns = itertools.cycle(apis)
        made = [next(turns).create("slow 2 s", takes=1, callback_url=receiver.url()) for _ in range(4)]
        eventually(lambda: sum(other.task(task)["status"] != "queued" for task in made) >= 3)
        one.victim.kill()
        town.workers[0].kill()  # all three are at something
        for task_id in made:
            task = other.until(task_id, "complete")
            (take,) = task["takes"]
            assert other.file(take["audio_url"]).status_code == 200
        assert other.credits == before - PRICE_OF_ONE_TAKE * len(made)
        expected = set(itertools.product(made, ("task.text", "task.complete")))
        eventually(lambda: expected <= {(task_of(one), stage_of(one)) for one in receiver.requests})
        ids = {(task_of(one), stage_of(one), one.headers["webhook-id"]) for one in receiver.requests}
    told = Counter((task, stage) for task, stage, _ in ids)
    assert set(told.values()) == {1}  # however often one came, it had the same id


def task_of(request):
    return orjson.loads(request.body)["task"]["id"]


def stage_of(request):
    return orjson.loads(request.body)["type"]
