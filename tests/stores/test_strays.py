"""Jobs whose claim was committed unheard: the row says whose they are, and nobody has begun them."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from cadenza.stores import jobs, strays
from cadenza.testing.service import eventually

ME = "worker_me"


@pytest.fixture
def run_jobs(db_engine, monkeypatch):
    """Run jobs here until the end of the test; return the list of those that were begun."""
    monkeypatch.setattr(strays, "_LOOK_EVERY_S", 0.1)
    runners = []

    def run(render):
        runner = jobs.JobRunner(
            db_engine,
            executor_id=ME,
            render=render,
            deliver=lambda *_, **__: None,
            queues=(jobs.RENDER_QUEUE,),
        )
        runner.start()
        runners.append(runner)

    yield run
    for runner in runners:
        runner.stop(wait_s=5)


def claim_unheard(store, name):
    """Enqueue a job that stands at once as ours, as if a claim had been committed and its answer lost."""

    def work(books):
        books.jobs.render(name, turn=1)
        client, connection = books.jobs._client, books.jobs._connection
        status = client._sys_db.tables.workflow_status
        mine = status.update().where(status.c.workflow_uuid == f"{name}-render")
        connection.execute(mine.values(status="PENDING", executor_id=ME))

    store.write(work)


def is_pending(store, name):
    """Answer whether a job stands as begun."""
    system = store.read(lambda books: books.jobs._client._sys_db)
    status = system.tables.workflow_status
    with system.engine.connect() as connection:
        query = sa.select(status.c.status).where(status.c.workflow_uuid == f"{name}-render")
        return connection.scalar(query) == "PENDING"


def test_cr_03_a_job_whose_claim_was_committed_unheard_is_begun_after_all(store, run_jobs):
    begun = []
    run_jobs(begun.append)
    claim_unheard(store, "t1")
    eventually(lambda: begun == ["t1"])


def test_cr_03_a_job_that_is_at_work_is_not_put_back_however_long_it_takes(store, run_jobs):
    begun, is_over = [], threading.Event()

    def render(name):
        begun.append(name)
        if name == "t1":
            is_over.wait(30)

    run_jobs(render)
    store.write(lambda books: books.jobs.render("t1", turn=1))
    eventually(lambda: begun == ["t1"])
    store.write(lambda books: books.jobs.render("t2", turn=2))
    claim_unheard(store, "t3")  # several looks have passed once it was found
    eventually(lambda: not is_pending(store, "t3"))
    is_over.set()
    eventually(lambda: sorted(begun) == ["t1", "t2", "t3"])
