"""What was heard in a source is remembered: it costs nothing again, and changes no byte."""

import dataclasses
import os

import numpy as np
import pytest

from cadenza.domain.errors import Damaged
from cadenza.domain.request import Continuation, GenerationRequest, SourceUpload, Specified
from cadenza.engines.embedded import engine
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.embedded.memory import Memory
from cadenza.engines.protocol import Order
from cadenza.music.portrait_file import read_portrait, write_portrait

DIGEST = "ab" * 32


class Indifferent:
    def planned(self, plan): ...

    def progress(self, stage, fraction): ...

    def preview(self, take_index, chunk): ...

    def should_stop(self):
        return False


def order(piece, *, lyrics="", digest=DIGEST):
    request = GenerationRequest(
        wish=Specified(title="", style="", lyrics=lyrics),
        tier="v5",
        continuation=Continuation(source=SourceUpload(upload_id=""), from_s=20.0),
        take_count=1,
        duration_s=20.0,
        seed=1,
        seam_only=True,
    )
    return Order(request=request, seed=1, source=piece, take_indices=(0,), source_sha256=digest)


def made(engine_, an_order):
    (rendition,) = engine_.render(an_order, Indifferent())
    return rendition.signal.samples.tobytes(), rendition.bpm, rendition.key, rendition.honoured


@pytest.fixture
def memory(tmp_path):
    return Memory(folder=tmp_path / "portraits")


def parts(thing):
    """Yield every value of a portrait with all that a calculation could tell it by."""
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if dataclasses.is_dataclass(value):
            yield from parts(value)
        elif isinstance(value, np.ndarray):
            yield field.name, value.dtype, value.shape, value.strides, value.tobytes()
        else:
            yield field.name, type(value), value


def test_a_portrait_comes_back_to_the_bit_and_to_the_layout(portrait, tmp_path):
    voiced = dataclasses.replace(portrait, voice=np.linspace(0, 1, portrait.beat_count))
    for one in (portrait, voiced):
        write_portrait(one, tmp_path / "kept")
        assert list(parts(read_portrait(tmp_path / "kept"))) == list(parts(one))


def test_a_source_is_heard_once_and_its_takes_are_the_same_as_ever(piece, memory, monkeypatch):
    without = made(EmbeddedEngine(), order(piece))
    first = made(EmbeddedEngine(memory=memory), order(piece))
    monkeypatch.delattr(engine, "listen")
    second = made(EmbeddedEngine(memory=memory), order(piece))
    assert without == first == second


def test_where_somebody_sings_is_remembered_apart_and_only_where_it_was_heard(piece, memory, monkeypatch):
    hearings = iter([None, 0.0])  # with a damaged pack, with a whole one, and no more

    def with_voice(portrait, *_):
        sung = next(hearings)
        return (
            portrait
            if sung is None
            else dataclasses.replace(portrait, voice=np.full(portrait.beat_count, sung))
        )

    monkeypatch.setattr(engine, "version_of", lambda _: "+ears1")
    monkeypatch.setattr(engine, "with_voice", with_voice)
    sung = order(piece, lyrics="la la la la")
    made(EmbeddedEngine(memory=memory), sung)
    first = made(EmbeddedEngine(memory=memory), sung)
    assert first == made(EmbeddedEngine(memory=memory), sung)
    assert len(list(memory.folder.iterdir())) == 2


def test_nothing_is_remembered_of_a_source_that_is_not_kept(piece, memory):
    made(EmbeddedEngine(memory=memory), order(piece, digest=None))
    assert not memory.folder.exists()


def test_what_was_not_asked_for_longest_is_forgotten_first(portrait, memory, tmp_path):
    memory.keep("size", portrait)
    size = (memory.folder / "size.npz").stat().st_size
    small = Memory(folder=tmp_path / "small", most_bytes=2 * size)
    for name in ("old", "older"):
        small.keep(name, portrait)
    for name, second in (("old", 2), ("older", 1)):
        os.utime(small.folder / f"{name}.npz", (second, second))
    small.keep("new", portrait)
    assert {path.stem for path in small.folder.iterdir()} == {"old", "new"}


def changed(path, **arrays):
    with np.load(path) as file:
        stored = {name: file[name] for name in file.files}
    left = {name: values for name, values in {**stored, **arrays}.items() if values is not None}
    with path.open("wb") as file:
        np.savez(file, **left)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-2000]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(np.zeros(3).tobytes()),
        lambda path: changed(path, novelty=None),
        lambda path: changed(path, more=np.zeros(3)),
        lambda path: changed(path, chords=np.zeros(3, dtype=np.int64)),
        lambda path: changed(path, novelty=np.array([np.nan])),
        lambda path: changed(path, novelty=np.array(["no", "numbers"])),
        lambda path: changed(path, novelty=np.array([{}], dtype=object)),
        lambda path: changed(path, plain=np.frombuffer(b"[]", dtype=np.uint8)),
        lambda path: changed(path, plain=np.frombuffer(b"{", dtype=np.uint8)),
    ],
    ids=["cut", "empty", "one array", "less", "more", "rows", "nan", "text", "objects", "a list", "no json"],
)
def test_what_is_not_as_it_was_written_is_heard_again(portrait, memory, spoil):
    memory.keep("x", portrait)
    path = memory.folder / "x.npz"
    spoil(path)
    with pytest.raises(Damaged):
        read_portrait(path)
    assert memory.find("x") is None
