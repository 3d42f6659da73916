"""Folding surround recordings down to stereo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadenza.audio.sniff import Container

_SIDE = 2**-0.5  # -3 dB, ITU-R BS.775-4 annex 4

# (left gain, right gain) of each channel kind.
_GAINS = {
    "L": (1.0, 0.0), "R": (0.0, 1.0), "C": (_SIDE, _SIDE), "l": (_SIDE, 0.0), "r": (0.0, _SIDE),
    "c": (0.5, 0.5), "x": (0.0, 0.0),
}  # fmt: skip
# Channel orders by count: L R C front, x low frequencies (left out, as BS.775 does), l r c surround.
_WAV_ORDER = {3: "LRC", 4: "LRlr", 5: "LRClr", 6: "LRCxlr", 7: "LRCxclr", 8: "LRCxlrlr"}
_VORBIS_ORDER = {3: "LCR", 4: "LRlr", 5: "LCRlr", 6: "LCRlrx", 7: "LCRlrcx", 8: "LCRlrlrx"}  # Vorbis I, 4.3.9


def fold_to_stereo(block: NDArray[np.float32], container: Container) -> NDArray[np.float32]:
    """Return ``block`` (samples, channels) with one or two channels; those are left as they are.

    More channels are mixed with the gains of ITU-R BS.775-4, scaled so that nothing can go over full
    scale that was not over it before.
    """
    count = block.shape[1]
    if count <= 2:
        return block
    ogg = container in {Container.OGG, Container.OPUS}
    gains = np.array([_GAINS[kind] for kind in (_VORBIS_ORDER if ogg else _WAV_ORDER)[count]], np.float32)
    folded: NDArray[np.float32] = block @ (gains / gains.sum(axis=0).max())
    return folded
