"""``cadenza make --explain DIR``: how a take is made, in files that people and sequencers can read."""

from __future__ import annotations

from pathlib import Path

from cadenza.audio.files import appearing_whole
from cadenza.domain.errors import Unsupported
from cadenza.engines.protocol import Rendition
from cadenza.music.explain import brief_json, form_picture
from cadenza.music.midi import midi_file
from cadenza.music.score import score_text


def write_explanation(rendition: Rendition, folder: Path) -> None:
    """Write ``brief.json``, ``score.txt``, ``score.mid`` and ``form.svg`` to ``folder``, which may be new.

    Raises ``Unsupported`` where the engine does not tell how it made the take.
    """
    if rendition.brief is None or rendition.score is None:
        raise Unsupported("This engine does not tell how its songs are made: --explain has nothing to write.")
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "brief.json": brief_json(rendition.brief).encode(),
        "score.txt": score_text(rendition.score).encode(),
        "score.mid": midi_file(rendition.score),
        "form.svg": form_picture(rendition.brief, rendition.score).encode(),
    }
    for name, content in told.items():
        with appearing_whole(folder / name) as unfinished:
            unfinished.write_bytes(content)
