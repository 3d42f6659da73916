"""A preview: the join of a take, without the take."""

from dataclasses import replace

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.domain.abilities import Fidelity
from cadenza.domain.request import Continuation, GenerationRequest, SourceUpload, Specified
from cadenza.engines.embedded.continuations.glimpse import around_join
from cadenza.engines.embedded.engine import EmbeddedEngine
from cadenza.engines.protocol import Order

FADE_S = 0.04


class Hearing:
    def __init__(self):
        self.chunks = []

    def planned(self, plan): ...

    def progress(self, stage, fraction): ...

    def preview(self, _take_index, chunk):
        self.chunks.append(chunk)

    def should_stop(self):
        return False


@pytest.fixture(scope="module")
def made(piece):
    request = GenerationRequest(
        wish=Specified(title="", style="", lyrics="[Verse]\nla la la la"),
        tier="v5",
        continuation=Continuation(source=SourceUpload(upload_id=""), from_s=20.0),
        take_count=1,
        duration_s=20.0,
        seed=1,
    )
    orders = [Order(request=replace(request, seam_only=flag), seed=1, source=piece, take_indices=(0,))
              for flag in (True, False)]  # fmt: skip
    hearing = Hearing()
    preview = next(iter(EmbeddedEngine().render(orders[0], hearing)))
    unsung = replace(orders[1], request=replace(orders[1].request, wish=Specified(title="", style="")))
    return preview, next(iter(EmbeddedEngine().render(unsung, Hearing()))), hearing


def test_a_preview_is_ten_seconds_around_the_join(made, piece):
    preview, _, hearing = made
    assert preview.signal.duration_s == pytest.approx(10, abs=1e-3)
    assert preview.joined_at_s == pytest.approx(5, abs=1e-3)
    assert preview.new_part.duration_s == pytest.approx(5, abs=1e-3)
    kept = round((5 - FADE_S) * piece.sample_rate)
    before = piece.between(15.0, 20.0 - FADE_S).samples
    assert np.array_equal(preview.signal.samples[:, :kept], before[:, :kept])
    (heard,) = hearing.chunks
    assert np.array_equal(heard.samples, preview.signal.samples)


def test_a_preview_sounds_as_the_take_would(made):
    preview, whole, _ = made
    ours, theirs = preview.new_part.samples, whole.new_part.between(0, 5).samples
    count = min(ours.shape[1], theirs.shape[1])
    ours, theirs = ours[:, :count], theirs[:, :count]
    likeness = float((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))
    assert likeness > 0.99


def test_what_a_preview_leaves_out_is_told(made):
    preview, whole, _ = made
    assert preview.honoured["preview"].reason == "the join lies at 20.00 s of the take that would be made"
    assert preview.honoured["lyrics"].reason == "nobody sings in a preview"
    assert preview.honoured["duration"].fidelity is Fidelity.APPROXIMATE
    assert "preview" not in whole.honoured


def test_the_join_of_a_lead_in_has_the_new_part_before_it(take):
    signal = Signal(np.arange(20 * 8000, dtype=np.float32)[None], 8000)
    whole = replace(take, signal=signal, new_part=signal.between(0, 12), joined_at_s=12.0)
    excerpt = around_join(whole, leads_in=True)
    assert (excerpt.joined_at_s, excerpt.signal.duration_s) == (5.0, 10.0)
    assert np.array_equal(excerpt.new_part.samples, signal.between(7, 12).samples)
    early = around_join(replace(whole, new_part=signal.between(0, 2), joined_at_s=2.0), leads_in=True)
    assert (early.joined_at_s, early.signal.duration_s, early.new_part.duration_s) == (2.0, 7.0, 2.0)
