"""OV-04: whose task is next, told by the order in which jobs leave the queue."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, Dialect, Operation, TaskState
from cadenza.stores import jobs, turns
from cadenza.tasks.records import Account

_ENQUEUED = (
    "SELECT workflow_uuid FROM {}workflow_status WHERE status = 'ENQUEUED' ORDER BY priority, created_at"
)


@pytest.fixture
def queue(store, clock):
    return Queue(store, clock)


class Queue:
    """Tasks of several accounts, and a worker that takes one after another as the job engine would."""

    def __init__(self, store, clock):
        self._store, self._clock = store, clock
        self._accounts = {}
        self._sent = 0

    def send(self, *names):
        """Let each of these accounts send a task, one a millisecond."""
        for name in names:
            self._clock.advance(0.001)
            self._store.write(lambda books, name=name: self._accept(books, name))

    def _accept(self, books, name):
        if name not in self._accounts:
            self._accounts[name] = f"acc_{name}"
            account = Account(id=f"acc_{name}", name=name, webhook_secret="whsec_" + "A" * 32)
            books.accounts.add(account)
        self._sent += 1
        task_id = f"{name}{self._sent}"
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=Operation.GENERATE,
            request=GenerationRequest(wish=Described(prompt="rain"), tier="v5", seed=1),
            wire_model="v5",
            wire_body={},
        )
        turn = books.tasks.next_turn(f"acc_{name}")
        books.tasks.add(
            task_id, f"acc_{name}", accepted, credits=1, engine="debug", parent_take_id=None, turn=turn
        )
        books.jobs.render(task_id, turn=turn)

    def waiting(self):
        """Return the ids of the jobs in the order in which the job engine takes them."""
        engine = self._store._engine
        schema = "dbos." if engine.dialect.name == "postgresql" else ""
        with engine.connect() as connection:
            found = connection.scalars(sa.text(_ENQUEUED.format(schema)))
            return [name.removesuffix("-render") for name in found]

    def serve(self, count=1):
        """Take so many tasks off the queue; return whose they were."""
        served = []
        for _ in range(count):
            task_id = self.waiting()[0]
            assert self.place(task_id) == 1
            self._store.write(lambda books, task_id=task_id: self._begin(books, task_id))
            served.append(task_id[0])
        return "".join(served)

    def forget(self, task_id):
        """Take the job of a cancelled task off the queue, as a worker does that finds it so."""
        self._store.write(lambda books: self._end_job(books, task_id))

    def _begin(self, books, task_id):
        attempt = books.tasks.begin_attempt(task_id, worker_id="worker")
        books.tasks.move(task_id, TaskState.RUNNING, attempt=attempt)
        self._end_job(books, task_id)

    def _end_job(self, books, task_id):
        schema = "dbos." if books.tasks._connection.dialect.name == "postgresql" else ""
        statement = f"UPDATE {schema}workflow_status SET status = 'SUCCESS' WHERE workflow_uuid = :id"  # noqa: S608 - a fixed text
        books.tasks._connection.execute(sa.text(statement), {"id": f"{task_id}-render"})

    def place(self, task_id):
        return self._store.read(lambda books: books.tasks.view(task_id)).progress.queue_place


def test_ov_04_one_account_with_all_the_load_delays_anothers_first_task_by_one(queue, tried):
    queue.send(*"a" * 95, *"bcdef")
    tried(100)
    assert queue.serve(12) == "abcdefaaaaaa"


def test_ov_04_accounts_that_wait_are_served_round_and_round(queue):
    queue.send(*"aaaaabbbbbccccc")
    assert queue.serve(15) == "abc" * 5


def test_ov_04_who_sends_one_after_another_takes_turns_with_who_has_sent_all_at_once(queue):
    queue.send(*"a" * 20, "b")
    served = ""
    for _ in range(16):
        served += queue.serve()
        if served[-1] == "b":
            queue.send("b")
    assert served == "ab" * 8


def test_ov_04_many_who_send_one_after_another_do_not_starve_who_has_sent_all_at_once(queue):
    queue.send(*"a" * 20, *"bcdefghij")
    served = ""
    for _ in range(60):
        served += queue.serve()
        if served[-1] != "a":
            queue.send(served[-1])
    assert served.count("a") == 6  # a tenth, as one of ten
    assert {served.count(name) for name in "bcdefghij"} == {6}


def test_ov_04_what_comes_late_joins_at_the_turn_that_is_served(queue):
    queue.send(*"a" * 10, *"b" * 10)
    assert queue.serve(8) == "abababab"
    queue.send(*"ccc")
    assert queue.serve(9) == "abcabcabc"


def test_ov_04_who_had_the_queue_alone_owes_nobody_for_it(queue):
    queue.send(*"a" * 30)
    queue.serve(30)
    queue.send(*"bbbbaaaa")
    assert queue.serve(8) == "bbababaa"  # the turn of the last task that ran is shared


def test_ov_04_tasks_that_were_cancelled_before_they_began_use_no_turn(queue, store):
    queue.send(*"aaaaa", *"bbbbb")
    for task_id in ("a1", "a2", "a3", "a4", "a5"):
        store.write(lambda books, task_id=task_id: books.tasks.move(task_id, TaskState.CANCELLED))
        queue.forget(task_id)
    queue.send(*"aaa")
    assert queue.serve(6) == "bababa"


def test_ov_04_an_account_alone_is_served_in_the_order_it_sent(queue):
    queue.send(*"a" * 5)
    assert queue.waiting() == ["a1", "a2", "a3", "a4", "a5"]
    assert [queue.place(f"a{number}") for number in range(1, 6)] == [1, 2, 3, 4, 5]


def test_ov_04_the_place_in_the_queue_that_is_told_is_the_place_in_the_order(queue):
    queue.send(*"aaaabbc")
    waiting = queue.waiting()
    assert [queue.place(task_id) for task_id in waiting] == list(range(1, 8))
    assert waiting == ["a1", "b5", "c7", "a2", "b6", "a3", "a4"]


def test_ov_04_a_turn_costs_three_looks_into_indexes(queue, store):
    with store._engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("PostgreSQL reads a small table whole")
        text, _ = turns._turns._compiled(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", {"account": "x"}).all()
    said = [row.detail for row in plan if "tasks" in row.detail]
    assert len(said) == 3
    assert all(line.startswith("SEARCH") and "INDEX" in line for line in said)


def test_ov_04_the_job_engine_takes_tasks_in_the_order_of_their_turns(queue, db_engine):
    queue.send(*"aaaabbc")
    taken, is_done = [], threading.Event()

    def take(task_id):
        taken.append(task_id)
        if len(taken) == 7:
            is_done.set()

    runner = jobs.JobRunner(
        db_engine,
        executor_id="worker",
        render=take,
        deliver=lambda *_: None,
        queues=(jobs.RENDER_QUEUE,),
    )
    expected = queue.waiting()
    runner.start()
    try:
        assert is_done.wait(60)
    finally:
        runner.stop(wait_s=5)
    assert taken == expected == ["a1", "b5", "c7", "a2", "b6", "a3", "a4"]
