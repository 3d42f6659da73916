"""The brief as JSON and the form as a picture: what they tell is what is played."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from cadenza.audio.signal import Signal
from cadenza.cli.explain import write_explanation
from cadenza.domain.errors import Unsupported
from cadenza.domain.request import GenerationRequest, Specified
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.songs.song import plan_song
from cadenza.engines.protocol import Rendition, TakePlan
from cadenza.music.explain import brief_json, form_picture
from cadenza.music.score import score_text

LYRICS = "[Verse]\nhello there my friend\nlet us go\n[Chorus]\nthis is how it goes & <ends>"


def song(title="A \x07title & more"):
    wish = Specified(title=title, style="pop, 112 bpm, in G minor", lyrics=LYRICS)
    plan = plan_song(GenerationRequest(wish=wish, tier="v5", duration_s=60.0), seed=4, take_index=0)
    return plan.brief, compose(plan.brief, plan.dice, plan.slots, plan.compass)


def rendition(brief, score):
    signal = Signal(np.zeros((2, 10), dtype=np.float32), 44_100)
    plan = TakePlan(take_index=0, title="T", style="pop")
    return Rendition(
        plan=plan, signal=signal, seed=1, bpm=None, key=None, loudness_lufs=-14.0, brief=brief, score=score
    )


def test_the_brief_tells_every_choice():
    brief, _ = song()
    told = json.loads(brief_json(brief))
    assert (told["bpm"], told["key"], told["genre"]) == (112.0, "G minor", "pop")
    assert [s["kind"] for s in told["form"]] == [s.kind.value for s in brief.form]
    assert sum(s["bars"] for s in told["form"]) == brief.bar_count
    assert set(told["instruments"]) == {role.value for role in brief.instruments}


def test_the_picture_is_drawn_to_scale():
    brief, score = song()
    root = ET.fromstring(form_picture(brief, score))  # noqa: S314 - our own text
    space = "{http://www.w3.org/2000/svg}"
    boxes = root.findall(f"{space}rect")[1 : 1 + len(brief.form)]
    wide = [float(box.get("width")) + 1 for box in boxes]
    bars = [section.bars for section in brief.form]
    assert wide == pytest.approx([w * sum(wide) / sum(bars) for w in bars], abs=0.2)
    tall = [float(box.get("height")) for box in boxes]
    assert tall == pytest.approx(
        [s.energy * max(tall) / max(x.energy for x in brief.form) for s in brief.form], abs=0.2
    )
    texts = [text.text for text in root.findall(f"{space}text")]
    assert {part.role.value for part in score.parts} | {"vocals", "chords", "energy"} <= set(texts)


def test_the_folder_gets_all_four_files(tmp_path):
    brief, score = song()
    write_explanation(rendition(brief, score), tmp_path / "new" / "one")
    files = {path.name: path.read_bytes() for path in (tmp_path / "new" / "one").iterdir()}
    assert sorted(files) == ["brief.json", "form.svg", "score.mid", "score.txt"]
    assert files["score.txt"].decode() == score_text(score)
    assert files["score.mid"].startswith(b"MThd")


def test_an_engine_that_does_not_compose_is_told_of(tmp_path):
    with pytest.raises(Unsupported, match="--explain"):
        write_explanation(rendition(None, None), tmp_path)
