"""The outline of a take's waveform as plain numbers, for replies that carry one."""

from __future__ import annotations

from itertools import pairwise

import orjson

from cadenza.domain.artefact import ArtefactKind
from cadenza.domain.errors import Damaged, NotFound
from cadenza.web.endpoint import Call

_FULL_SCALE = 127
_MOST_VALUES = 600


async def outline(call: Call, take_id: str) -> list[float]:
    """Return up to ``_MOST_VALUES`` heights from 0 to 1, evenly over the take.

    There are none where the files are gone.
    """
    services = call.services
    stored = await services.read(lambda books: books.tasks.take_file(take_id, ArtefactKind.PEAKS.value))
    if stored is None or stored.expires_at <= services.clock.now():
        return []
    digest = stored.artefact.sha256

    def content() -> bytes:
        with services.media.open(digest) as file:
            return file.read()

    try:
        return _heights(orjson.loads(await services.aside(content))["data"])
    except (NotFound, Damaged):
        return []


def _heights(pairs: list[int]) -> list[float]:
    """Return the larger of each minimum and maximum, the highest of several that share a place."""
    sizes = [max(-low, high) for low, high in zip(pairs[::2], pairs[1::2], strict=True)]
    count = min(len(sizes), _MOST_VALUES)
    edges = [place * len(sizes) // count for place in range(count + 1)] if count else []
    return [round(min(1.0, max(sizes[begin:end]) / _FULL_SCALE), 3) for begin, end in pairwise(edges)]
