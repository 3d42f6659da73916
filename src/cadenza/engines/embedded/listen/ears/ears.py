"""The pack ``ears``: who sings where, the voice alone, and the notes of a recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cadenza.audio.signal import Signal
from cadenza.domain.errors import Damaged
from cadenza.engines.embedded.listen.ears.build import NOTES_FILE, VOICE_FILE
from cadenza.engines.embedded.listen.ears.notes import HeardNote, hear_keys, read_notes
from cadenza.engines.embedded.listen.ears.onnx import Graph, read_graph
from cadenza.engines.embedded.listen.ears.unet import unflat
from cadenza.engines.embedded.listen.ears.voice import VoiceSplitter
from cadenza.music.portrait import Floats
from cadenza.packs.shelf import Installed

PACK: Final = "ears"
# From the share of the power that the network takes for voice, in dB, to how sure it is that somebody sings.
_SILENT_DB, _CLEAR_DB = -14.0, -6.0


def _calm() -> None:
    """Do nothing between two pieces of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """The models of the pack, ready to hear."""

    splitter: VoiceSplitter
    graph: Graph

    def voice_alone(self, mix: Signal, between: Callable[[], None] = _calm) -> Signal:
        """Return the voice of a mix, as long and of the same layout; what is left is the mix less this."""
        return self.splitter.split(mix, between)

    def sung(self, mix: Signal, beats_s: Floats, between: Callable[[], None] = _calm) -> Floats:
        """Return (beats,) how surely somebody sings between one beat and the next, 0 to 1.

        ``beats_s`` are increasing seconds, one more than there are spans. Fiddles and whistles count as
        voices now and then: the network knows no better.
        """
        share, rate_hz = self.splitter.presence(mix, between)
        sums = np.concatenate([[0.0], np.cumsum(share, dtype=np.float64)])
        places = np.clip(np.round(beats_s * rate_hz).astype(int), 0, len(share))
        lengths = np.maximum(1, np.diff(places))
        mean = np.diff(sums[places]) / lengths
        level_db = 10 * np.log10(np.maximum(mean, 1e-9))
        return np.asarray(np.clip((level_db - _SILENT_DB) / (_CLEAR_DB - _SILENT_DB), 0, 1))

    def notes(self, recording: Signal, between: Callable[[], None] = _calm) -> tuple[HeardNote, ...]:
        """Return the notes of a recording in the order of their beginnings: a draft, not a score."""
        return read_notes(hear_keys(recording, self.graph, between))


def open_ears(pack: Installed) -> Ears:
    """Load the models of an installed pack, each file checked first.

    Raises
    ------
    Damaged
        A file is not what was installed.
    Unavailable
        The models are of a kind that is not known here.
    """
    path = pack.file(VOICE_FILE)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            told = {name: arrays[name] for name in arrays.files}
        splitter = VoiceSplitter(voice=unflat(told, "voice"), rest=unflat(told, "rest"))
    except (OSError, KeyError, ValueError) as error:
        raise Damaged("file of the pack ears") from error
    return Ears(splitter=splitter, graph=read_graph(pack.file(NOTES_FILE).read_bytes()))


def chroma_of(notes: Sequence[HeardNote], beats_s: Floats) -> Floats:
    """Return (beats, 12) how strongly each pitch class sounds in each span, rows of length 1 or 0."""
    chroma = np.zeros((len(beats_s) - 1, 12))
    for note in notes:
        shared_s = np.minimum(beats_s[1:], note.end_s) - np.maximum(beats_s[:-1], note.start_s)
        chroma[:, note.midi_pitch % 12] += note.strength * np.maximum(0, shared_s)
    norms = np.linalg.norm(chroma, axis=1, keepdims=True)
    return np.asarray(chroma / np.maximum(norms, 1e-12))
