"""What is kept, and for how long: to the minute for who asks, within the hour on the disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading

import pytest
import sqlalchemy as sa

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.credits import EntryKind
from cadenza.domain.errors import Conflict, Gone, NotFound
from cadenza.domain.request import Described, GenerationRequest
from cadenza.domain.task import Accepted, Dialect, Operation, TaskState
from cadenza.publish.store import MediaStore
from cadenza.stores.schema import workers
from cadenza.tasks.life import Life
from cadenza.tasks.records import TakeResult, TakeText, Upload
from cadenza.tasks.retention import Keeping
from cadenza.worker.sweep import Rounds, Sweeper, Swept

DAY_S = 86_400.0
MINUTE_S = 60.0
RETENTION = dt.timedelta(days=14)


class House:
    """A store, a media folder and the clock of both: a file is as old as the clock says."""

    def __init__(self, store, clock, folder, account):
        self.store, self.clock, self.folder, self.account = store, clock, folder, account
        self.media = MediaStore(folder / "media")
        self.keeping = Keeping(clock=clock, retention=RETENTION)
        self.life = Life(
            clock=clock,
            callback_body=lambda *_: None,
            lane=lambda _: "lane",
            max_attempts=3,
            retention=RETENTION,
        )
        self.jobs_deleted = []
        self.sweeper = Sweeper(
            store=store,
            media=self.media,
            clock=clock,
            scratch_folder=folder / "scratch",
            streams_folder=folder / "streams",
            portraits_folder=folder / "portraits",
            delete_jobs=self._delete_jobs,
        )

    def _delete_jobs(self, before, limit):
        assert limit > 0
        self.jobs_deleted.append(before)
        return 0

    def aged(self, path):
        now_s = self.clock.now().timestamp()
        os.utime(path, (now_s, now_s), follow_symlinks=False)
        return path

    def put(self, content, kind=ArtefactKind.AUDIO_FLAC):
        path = self.folder / "finished"
        path.write_bytes(content)
        artefact = self.media.put(path, kind)
        self.aged(self.media.path(artefact.sha256))
        return artefact

    def upload(self, content, days=3, name="in.wav"):
        now = self.clock.now()
        upload = Upload(
            id=f"up_{name}",
            account_id=self.account.id,
            upload_path="",
            file_name=name,
            artefact=self.put(content, ArtefactKind.UPLOAD),
            media_type="audio/wav",
            created_at=now,
            expires_at=now + dt.timedelta(days=days),
        )
        return self.store.write(lambda books: books.uploads.put(upload))

    def started(self, task_id):
        request = GenerationRequest(wish=Described(prompt="x"), tier="v5", take_count=1, duration_s=1.0)
        accepted = Accepted(
            dialect=Dialect.NATIVE,
            operation=Operation.GENERATE,
            request=request,
            wire_model="v5",
            wire_body={},
        )

        def add(books):
            books.ledger.append(self.account.id, EntryKind.HOLD, 12, task_id=task_id, note="")
            books.tasks.add(
                task_id, self.account.id, accepted, credits=12, engine="debug", parent_take_id=None
            )

        self.store.write(add)
        _, attempt = self.store.write(lambda books: self.life.begin(books, task_id, worker_id="w"))
        text = TakeText(
            take_id=f"take-of-{task_id}",
            take_index=0,
            title="t",
            style="s",
            prompt="p",
            lyrics="",
            model_name="m",
        )
        self.store.write(lambda books: self.life.text_ready(books, attempt, (text,)))
        return attempt

    def task(self, task_id, content):
        """A finished task with one take of one file; returns its artefact."""
        attempt = self.started(task_id)
        artefact = self.put(content)
        result = TakeResult(
            take_id=f"take-of-{task_id}",
            duration_s=1.0,
            joined_at_s=None,
            seed=1,
            bpm=None,
            key=None,
            loudness_lufs=-14.0,
            lines=(),
            artefacts=(artefact,),
        )
        self.store.write(lambda books: self.life.take_ready(books, attempt, result))
        return artefact

    def view(self, task_id):
        return self.store.read(lambda books: books.tasks.view(task_id))

    def has(self, content):
        try:
            return self.media.path(hashlib.sha256(content).hexdigest()).read_bytes() == content
        except NotFound:
            return False

    def pin(self, task_id, *, is_pinned=True):
        return self.store.write(
            lambda books: self.keeping.pin(books, task_id, account_id=self.account.id, is_pinned=is_pinned)
        )

    def delete(self, task_id):
        return self.store.write(
            lambda books: self.keeping.delete_task(books, task_id, account_id=self.account.id)
        )


@pytest.fixture
def house(store, clock, tmp_path, account):
    return House(store, clock, tmp_path, account)


def test_ST_04_a_take_is_kept_for_fourteen_days_and_not_a_minute_longer(house):
    house.task("t1", b"sound")
    house.clock.advance(14 * DAY_S - MINUTE_S)
    assert house.sweeper.sweep() == Swept()
    view = house.view("t1")
    assert (house.has(b"sound"), view.are_files_gone(house.clock.now())) == (True, False)
    house.clock.advance(MINUTE_S)
    assert house.view("t1").are_files_gone(house.clock.now())
    swept = house.sweeper.sweep()
    assert (swept.expired, swept.deleted, house.has(b"sound")) == (1, 1, False)
    house.clock.advance(3600)
    assert house.sweeper.sweep() == Swept()


def test_ST_04_the_record_of_a_take_stays_when_its_files_go(house):
    house.task("t1", b"sound")
    before = house.view("t1")
    house.clock.advance(14 * DAY_S)
    house.sweeper.sweep()
    after = house.view("t1")
    assert (after.state, after.credits) == (TaskState.COMPLETE, before.credits)
    assert after.takes[0].audio_url == before.takes[0].audio_url
    assert after.expires_at == before.expires_at
    assert after.takes[0].is_deleted
    stored = house.store.read(lambda books: books.tasks.take_file("take-of-t1", "audio_flac"))
    assert stored.expires_at <= house.clock.now()  # 410, not 404


def test_ST_04_an_upload_is_kept_for_its_days(house):
    upload = house.upload(b"brought")
    house.clock.advance(3 * DAY_S - MINUTE_S)
    assert house.sweeper.sweep() == Swept()
    house.clock.advance(MINUTE_S)
    assert house.sweeper.sweep().expired == 1
    assert not house.has(b"brought")
    kept = house.store.read(lambda books: books.uploads.find(upload.id))
    assert kept.file_name == upload.file_name


def test_a_file_of_several_stays_until_the_last_of_them_is_gone(house):
    house.upload(b"same", days=1, name="a")
    house.upload(b"same", days=2, name="b")
    house.task("t1", b"same")
    house.clock.advance(DAY_S)
    assert house.sweeper.sweep() == Swept(expired=1)
    house.clock.advance(DAY_S)
    assert house.sweeper.sweep() == Swept(expired=1)
    assert house.has(b"same")
    house.clock.advance(12 * DAY_S)
    assert house.sweeper.sweep() == Swept(expired=1, deleted=1)
    assert not house.has(b"same")


def test_many_files_go_in_several_batches(house):
    for number in range(150):
        house.upload(b"%d" % number, name=str(number))
    house.clock.advance(3 * DAY_S)
    assert house.sweeper.sweep() == Swept(expired=150, deleted=150)


def test_a_sweep_stops_between_two_batches(house):
    for number in range(100):
        house.upload(b"%d" % number, name=str(number))
    house.clock.advance(3 * DAY_S)
    assert house.sweeper.sweep(lambda: True).expired == 64
    assert house.sweeper.sweep().expired == 36


def test_a_file_that_came_again_is_not_taken_from_who_is_about_to_refer_to_it(house):
    house.upload(b"same", days=1)
    house.clock.advance(DAY_S)
    house.put(b"same")  # its row comes in a moment
    assert house.sweeper.sweep() == Swept(expired=1)
    assert house.has(b"same")


def test_files_that_nobody_refers_to_go(house):
    house.put(b"orphan")
    assert house.sweeper.sweep() == Swept()
    house.clock.advance(16 * MINUTE_S)
    house.task("t1", b"sound")
    assert house.sweeper.sweep() == Swept(deleted=1)
    assert (house.has(b"orphan"), house.has(b"sound")) == (False, True)


def test_what_never_got_a_name_goes_after_an_hour(house, tmp_path):
    left = tmp_path / "media" / "arriving" / "left"
    left.write_bytes(b"half")
    house.aged(left)
    house.clock.advance(59 * MINUTE_S)
    house.aged(tmp_path / "media" / "arriving")
    assert house.sweeper.sweep() == Swept()
    house.clock.advance(2 * MINUTE_S)
    assert house.sweeper.sweep() == Swept(leftovers=1)
    assert not left.exists()


def test_scratch_and_streams_of_ended_tasks_go_and_those_of_others_stay(house, tmp_path):
    ended, running = "a" * 32, "b" * 32
    house.task(ended, b"sound")
    house.started(running)
    (tmp_path / "streams").mkdir()
    paths = []
    for name in (f"scratch/{ended}-1", f"scratch/{running}-1", "scratch/tmpupload"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "half.wav").write_bytes(b"half")
        paths.append(tmp_path / name)
    for name in (f"streams/take-of-{ended}.mp3", f"streams/take-of-{running}.mp3", "streams/unknown.mp3"):
        (tmp_path / name).write_bytes(b"half")
        paths.append(tmp_path / name)
    for path in paths:
        house.aged(path)
    assert house.sweeper.sweep() == Swept()
    house.clock.advance(61 * MINUTE_S)
    assert house.sweeper.sweep() == Swept(leftovers=4)
    assert {path.name for path in paths if path.exists()} == {f"{running}-1", f"take-of-{running}.mp3"}


def test_ST_02_a_link_among_the_scratch_is_removed_and_not_followed(house, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    (tmp_path / "scratch").mkdir()
    link = tmp_path / "scratch" / "link"
    link.symlink_to(outside)
    house.aged(link)
    house.clock.advance(61 * MINUTE_S)
    assert house.sweeper.sweep() == Swept(leftovers=1)
    assert not link.is_symlink()
    assert (outside / "precious").read_text() == "keep"


def test_progress_of_long_ago_is_forgotten_and_the_moves_are_kept(house):
    attempt = house.started("t1")
    for step in range(200):
        house.store.write(lambda books, step=step: house.life.progressed(books, attempt, "mix", step / 200))
    assert house.sweeper.sweep() == Swept()
    house.clock.advance(DAY_S + 1)
    assert house.sweeper.sweep() == Swept(rows=200)
    kinds = [one.kind for one in house.store.read(lambda books: books.tasks.events("t1", after=0))]
    assert kinds == ["running", "text_ready"]


def test_workers_that_left_are_forgotten_after_a_day(house, db_engine):
    for name in ("gone", "here"):
        house.store.write(lambda books, name=name: books.workers.beat(name, host="h", pid=1))
    house.store.write(lambda books: books.workers.leave("gone"))
    house.clock.advance(DAY_S + 1)
    assert house.sweeper.sweep() == Swept(rows=1)
    with db_engine.connect() as connection:
        assert connection.scalars(sa.select(workers.c.id)).all() == ["here"]


def test_one_worker_sweeps_every_ten_minutes_whoever_gets_there_first(house):
    rounds = [Rounds(sweeper=house.sweeper, store=house.store) for _ in range(4)]
    done = []
    threads = [threading.Thread(target=lambda one=one: done.append(one.round())) for one in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done, key=str) == [None, None, None, Swept()]
    house.clock.advance(10 * MINUTE_S - 1)
    assert rounds[0].round() is None
    house.clock.advance(1)
    assert rounds[1].round() == Swept()


def test_finished_jobs_of_more_than_a_day_are_asked_to_be_deleted(house):
    house.sweeper.sweep()
    assert house.jobs_deleted == [house.clock.now() - dt.timedelta(days=1)]


def test_a_pinned_take_is_kept_without_end(house):
    house.task("t1", b"sound")
    view = house.pin("t1")
    assert (view.is_pinned, view.expires_at) == (True, None)
    house.clock.advance(3650 * DAY_S)
    house.sweeper.sweep()
    assert house.has(b"sound")
    assert not house.view("t1").are_files_gone(house.clock.now())
    assert house.pin("t1", is_pinned=False).expires_at == house.clock.now() + dt.timedelta(days=1)


def test_an_early_unpinned_take_has_its_usual_time_again(house):
    house.task("t1", b"sound")
    usual = house.view("t1").expires_at
    house.clock.advance(DAY_S)
    house.pin("t1")
    view = house.pin("t1", is_pinned=False)
    assert (view.is_pinned, view.expires_at) == (False, usual)


def test_what_is_over_cannot_be_pinned(house):
    house.task("t1", b"sound")
    house.clock.advance(14 * DAY_S)
    with pytest.raises(Gone):
        house.pin("t1")
    house.task("t2", b"other")
    house.delete("t2")
    with pytest.raises(Gone):
        house.pin("t2")


def test_only_the_owner_pins_and_deletes_and_only_what_has_ended(house):
    house.started("t1")
    with pytest.raises(Conflict, match="not ended"):
        house.pin("t1")
    with pytest.raises(Conflict, match="not ended"):
        house.delete("t1")
    for action in (
        lambda books: house.keeping.delete_task(books, "t1", account_id="acc_other"),
        lambda books: house.keeping.pin(books, "t1", account_id="acc_other", is_pinned=True),
        lambda books: house.keeping.delete_upload(books, "nothing", account_id="acc_other"),
    ):
        with pytest.raises(NotFound):
            house.store.write(action)


def test_ST_05_a_deleted_task_keeps_its_record_and_loses_its_bytes(house):
    house.task("t1", b"sound")
    view, digests = house.delete("t1")
    assert digests == [hashlib.sha256(b"sound").hexdigest()]
    assert (view.state, view.takes[0].is_deleted, view.expires_at) == (
        TaskState.COMPLETE,
        True,
        house.clock.now(),
    )
    assert house.delete("t1")[1] == []  # once more does no harm
    house.clock.advance(16 * MINUTE_S)
    assert house.sweeper.sweep() == Swept(deleted=1)
    assert not house.has(b"sound")
    kinds = [one.kind for one in house.store.read(lambda books: books.tasks.events("t1", after=0))]
    assert kinds == ["running", "text_ready", "complete", "files_deleted"]


def test_a_file_that_another_still_refers_to_outlives_a_deletion(house):
    house.task("t1", b"same")
    house.upload(b"same")
    house.delete("t1")
    house.clock.advance(16 * MINUTE_S)
    assert house.sweeper.sweep() == Swept()
    assert house.has(b"same")


def test_the_sweep_reads_what_it_lets_go_of_by_an_index(house, db_engine):
    if db_engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the tables")
    with db_engine.connect() as connection:
        for query, index in (
            (
                "SELECT take_id FROM artefacts WHERE sha256 != '' AND expires_at_ms <= 5",
                "artefacts_to_expire",
            ),
            ("SELECT id FROM uploads WHERE sha256 != '' AND expires_at_ms <= 5", "uploads_to_expire"),
            ("SELECT seq FROM events WHERE kind = 'progress' AND at_ms < 5", "events_to_forget"),
        ):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            assert index in str(plan)


def test_portraits_that_nobody_asked_for_within_a_day_are_swept(house, tmp_path):
    old, new = (tmp_path / "portraits" / f"{letter * 64}-1.json" for letter in "ab")
    old.parent.mkdir()
    old.touch()
    house.aged(old)
    house.clock.advance(86_401)
    new.touch()
    house.aged(new)
    assert house.sweeper.sweep().leftovers == 1
    assert (old.exists(), new.exists()) == (False, True)
