"""Jobs that ended long ago do not fill the database."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from cadenza.stores import jobs

DAY_MS = 86_400_000


@pytest.fixture
def client(db_engine):
    opened = jobs.open_client(db_engine)
    yield opened
    opened.destroy()


def test_only_jobs_that_ended_before_the_moment_are_deleted(store, client):
    for name in ("old", "new", "waiting", "failed"):
        store.write(lambda books, name=name: books.jobs.render(name, turn=1))
    status = client._sys_db.tables.workflow_status
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    now_ms = round(now.timestamp() * 1000)
    ended = {"old": ("SUCCESS", 2), "failed": ("ERROR", 3), "new": ("SUCCESS", 0.5)}
    with client._sys_db.engine.begin() as connection:
        for name, (state, days) in ended.items():
            connection.execute(
                status.update()
                .where(status.c.workflow_uuid == f"{name}-render")
                .values(status=state, completed_at=now_ms - round(days * DAY_MS))
            )
    before = now - dt.timedelta(days=1)
    assert jobs.delete_finished(client, before=before, limit=1) == 1
    assert jobs.delete_finished(client, before=before, limit=10) == 1
    assert jobs.delete_finished(client, before=before, limit=10) == 0
    with client._sys_db.engine.connect() as connection:
        left = connection.scalars(sa.select(status.c.workflow_uuid)).all()
    assert sorted(left) == ["new-render", "waiting-render"]
