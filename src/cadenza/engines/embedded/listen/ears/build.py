"""The build of the pack ``ears``: its checkpoint becomes the arrays that the networks work with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from cadenza.domain.errors import Unavailable
from cadenza.engines.embedded.listen.ears.checkpoint import read_checkpoint
from cadenza.engines.embedded.listen.ears.unet import flat, unets

VOICE_FILE: Final = "voice.npz"
NOTES_FILE: Final = "notes.onnx"


def build(folder: Path) -> None:
    """Read ``spleeter.index`` and ``spleeter.data``, check every checksum, write ``voice.npz``.

    Raises
    ------
    Unavailable
        The checkpoint is damaged or holds other networks.
    """
    index = (folder / "spleeter.index").read_bytes()
    tensors = read_checkpoint(index, np.fromfile(folder / "spleeter.data", np.uint8))
    try:
        voice, rest = unets(tensors, 2)  # Spleeter numbers its instruments in the order voice, rest
    except KeyError as error:
        raise Unavailable("The model holds other networks than those that are known here.") from error
    with (folder / VOICE_FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **flat(voice, "voice"), **flat(rest, "rest"))
