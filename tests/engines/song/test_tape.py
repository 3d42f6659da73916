"""Sound laid ahead and taken in order, stems that lie in files, and what they add up to."""

from __future__ import annotations

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.request import Described, GenerationRequest
from cadenza.engines.embedded.mix.master import master
from cadenza.engines.embedded.songs.song import make_song, plan_song
from cadenza.engines.embedded.songs.tape import StemShelf, Tape, sum_of

LENGTH = 300_000


def test_what_is_taken_piece_by_piece_is_what_was_laid():
    dice = np.random.default_rng(1)
    whole = np.zeros((2, LENGTH), dtype=np.float32)
    tape = Tape(0, LENGTH)
    taken, at = [], 0
    for until in (90_000, 91_000, 250_000, LENGTH):
        for _ in range(20):
            begin = int(dice.integers(at, LENGTH))
            sound = dice.normal(size=(int(dice.integers(1, 3)), int(dice.integers(1, 200_000)))).astype("f4")
            sound = sound[:, : LENGTH - begin]
            whole[:, begin : begin + sound.shape[1]] += sound
            tape.lay(sound, begin)
        taken.append(tape.take(until).copy())
        at = until
    assert np.array_equal(np.concatenate(taken, axis=1), whole)


def test_what_lies_outside_a_tape_is_cut():
    tape = Tape(100, 200)
    tape.lay(np.ones((2, 300), dtype=np.float32), 0)
    tape.lay(np.ones((2, 50), dtype=np.float32), 300)
    assert np.array_equal(tape.take(200), np.ones((2, 100)))


def test_a_shelf_gives_back_what_was_put_on_it():
    shelf = StemShelf(("drums", "bass"))
    pieces = [np.random.default_rng(n).normal(size=(2, 100)).astype("f4") for n in range(3)]
    for piece in pieces:
        shelf.append("bass", piece)
    assert list(shelf) == ["drums", "bass"]
    assert np.array_equal(shelf["bass"].samples, np.concatenate(pieces, axis=1))
    assert shelf["drums"].sample_count == 0
    with pytest.raises(KeyError):
        shelf["choir"]


def test_the_mastered_sum_of_the_stems_is_the_song():
    wish = Described(prompt="house, 124 bpm")
    plan = plan_song(GenerationRequest(wish=wish, tier="v5", duration_s=10), seed=5, take_index=0)

    def made(*, keeps_stems):
        return make_song(
            plan, progress=lambda *_: None, should_stop=lambda: False, preview=lambda _: None,
            keeps_stems=keeps_stems,
        )  # fmt: skip

    song = made(keeps_stems=True)
    mix = Signal(sum_of([stem.samples for stem in song.stems.values()]), 44_100)
    top_db = plan.brief.genre.sound.top_db
    again = master(mix, top_db=top_db, fade_s=0.9, between=lambda: None).samples
    left_db = 20 * np.log10(np.abs(again - song.signal.samples).max() / np.abs(again).max() + 1e-12)
    assert left_db <= -60
    without = made(keeps_stems=False)
    assert not without.stems
    assert np.array_equal(without.signal.samples, song.signal.samples)
