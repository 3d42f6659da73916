"""ME-09, ME-11: what a hostile source does to its task, and what it does not do to the worker."""

from __future__ import annotations

import datetime as dt
import sys
import time

import numpy as np
import pytest
import soundfile

from cadenza.audio.children import Nursery
from cadenza.audio.decode import WALL_CLOCK_LIMIT_S
from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.credits import EntryKind
from cadenza.domain.request import Continuation, Described, GenerationRequest, SourceUpload
from cadenza.domain.task import Accepted, Dialect, FailureKind, Operation, TaskState
from cadenza.publish.store import MediaStore
from cadenza.tasks.life import Life
from cadenza.tasks.records import Upload
from cadenza.testing import hostile
from cadenza.testing.audio import noise
from cadenza.testing.codec import M4A_HEAD, write_codec
from cadenza.testing.files import file_bytes
from cadenza.worker.process import RenderChildren
from cadenza.worker.run import TaskRunner
from cadenza.worker.source import SourceFiles

CHILD = (sys.executable, "-c", "from cadenza.wiring.child import render_child; render_child()")
PRICE = 12


@pytest.fixture(params=["sqlite"])
def database_url(request, tmp_path, sqlite_template):
    """One database is enough here: what is tried lies before it."""
    copy = tmp_path / "cadenza.sqlite"
    copy.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{copy}"


@pytest.fixture
def media(tmp_path):
    return MediaStore(tmp_path / "media")


@pytest.fixture
def runner(store, clock, tmp_path, media, monkeypatch):
    monkeypatch.setenv("CADENZA_ENGINE", "debug")
    life = Life(
        clock=clock,
        callback_body=lambda *_: None,
        lane=str,
        max_attempts=3,
        retention=dt.timedelta(days=1),
    )
    nursery = Nursery(slots=1)
    children = RenderChildren(CHILD)
    yield TaskRunner(
        store=store,
        life=life,
        sources=SourceFiles(store=store, media=media, outbound=None, max_bytes=10**8, deadline_s=1),
        media=media,
        children=children,
        worker_id="worker_test",
        scratch_folder=tmp_path / "scratch",
        streams_folder=tmp_path / "streams",
        limit_s=60.0,
        nursery=nursery,
    )
    children.close()
    nursery.close()


@pytest.fixture
def continued(store, account, clock, media, runner, tmp_path):
    """Continue a recording to the end of its task; return how it stands then."""

    def continued(content, name="t1"):
        path = tmp_path / name
        path.write_bytes(content)
        upload = Upload(
            id=f"up_{name}",
            account_id=account.id,
            upload_path="",
            file_name=name,
            artefact=media.put(path, ArtefactKind.UPLOAD),
            media_type="audio/wav",
            created_at=clock.now(),
            expires_at=clock.now() + dt.timedelta(days=1),
        )
        request = GenerationRequest(
            wish=Described(prompt="x"),
            tier="v5",
            take_count=1,
            seed=1,
            continuation=Continuation(source=SourceUpload(upload_id=upload.id), from_s=None),
        )
        accepted = Accepted(
            dialect=Dialect.NATIVE, operation=Operation.EXTEND, request=request, wire_model="v5", wire_body={}
        )

        def add(books):
            books.uploads.put(upload)
            books.ledger.append(account.id, EntryKind.HOLD, PRICE, task_id=name, note="")
            books.tasks.add(name, account.id, accepted, credits=PRICE, engine="debug", parent_take_id=None)

        store.write(add)
        runner.run(name)
        return store.read(lambda books: books.tasks.view(name))

    return continued


def test_ME_09_a_source_whose_decoder_hangs_fails_its_task_in_time_and_the_next_one_is_made(
    continued, store, account, tmp_path, monkeypatch
):
    write_codec(tmp_path / "codec", "time.sleep(3600)")
    monkeypatch.syspath_prepend(tmp_path / "codec")
    begun_s = time.monotonic()
    view = continued(M4A_HEAD)
    assert time.monotonic() - begun_s < WALL_CLOCK_LIMIT_S + 30
    assert (view.state, view.failure.kind) == (TaskState.FAILED, FailureKind.SOURCE_UNUSABLE)
    assert view.failure.reason == "The file could not be decoded within 10 s."
    assert store.read(lambda books: books.ledger.balance(account.id)) == 100
    assert continued(file_bytes(noise(1.0), "wav"), "t2").state is TaskState.COMPLETE


@pytest.mark.parametrize("name", ["not a number", "infinite", "double"])
def test_ME_11_what_is_made_of_samples_that_are_no_sound_is_sound_within_full_scale(
    name, continued, store, media
):
    view = continued(hostile.strange_samples()[name])
    assert view.state is TaskState.COMPLETE
    files = {
        kind: store.read(lambda books, kind=kind: books.tasks.take_file(view.takes[0].id, kind.value))
        for kind in (ArtefactKind.AUDIO_FLAC, ArtefactKind.AUDIO_MP3)
    }
    sounds = {kind: soundfile.read(media.path(file.artefact.sha256))[0] for kind, file in files.items()}
    assert all(np.isfinite(sound).all() for sound in sounds.values())
    # What a decoder of MP3 makes of a wave that was clipped may overshoot; what we wrote did not.
    assert np.abs(sounds[ArtefactKind.AUDIO_FLAC]).max() <= 1.0


def test_ME_11_samples_far_beyond_full_scale_fail_the_task_and_cost_nothing(continued, store, account):
    view = continued(hostile.strange_samples()["1e30"])
    assert (view.state, view.failure.kind) == (TaskState.FAILED, FailureKind.SOURCE_UNUSABLE)
    assert store.read(lambda books: books.ledger.balance(account.id)) == 100
