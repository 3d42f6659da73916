"""How a recording came to be, in the words that other programs look for."""

from __future__ import annotations

import enum
from typing import Final

_VOCABULARY: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class DigitalSource(enum.Enum):
    """A term of the IPTC's vocabulary of digital source types, which C2PA and XMP use as well."""

    ALGORITHMIC = "algorithmicMedia"  # purely by an algorithm, not based on sampled training data
    TRAINED = "trainedAlgorithmicMedia"  # by a model that was trained on sampled content
    COMPOSITE = "composite"  # of several elements: a recording that an algorithm continued

    @property
    def uri(self) -> str:
        """The term's address."""
        return _VOCABULARY + self.value

    @property
    def sentence(self) -> str:
        """What a person reads in the comment of a file."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    DigitalSource.ALGORITHMIC: "Composed and played by a computer program.",
    DigitalSource.TRAINED: "Made by a trained model.",
    DigitalSource.COMPOSITE: "A recording, continued by a computer program.",
}
