"""What the dialects share between a field and its meaning. Nothing here knows one of them."""

from __future__ import annotations

import re

from cadenza.dialects.fields import Field, Reading
from cadenza.dialects.kinds import Whole, is_http_url
from cadenza.domain.request import Controls, Voice, Weight

LARGEST_SEED = 2**63 - 1

SEED = Field(
    "seed",
    Whole(0, LARGEST_SEED),
    "Cadenza's own: the same request with the same seed gives the same music. Drawn if absent.",
)

_SECTION = re.compile(r"^\s*\[[^\]\n]{1,60}\]", re.MULTILINE)


def reads_as_lyrics(text: str) -> bool:
    """Whether a text is meant to be sung rather than to describe.

    Words to sing come in several lines or under a section mark ("[Verse]"); a description is
    one line of prose. Used only where a page lets one field be either.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 or _SECTION.search(text) is not None


def who_sings(*, instrumental: bool, gender: Voice | None) -> Voice:
    """Return the voice: nobody in an instrumental, else the preferred one."""
    if instrumental:
        return Voice.NOBODY
    return gender or Voice.ANYBODY


def controls(
    reading: Reading,
    *,
    style: Field[Weight],
    weirdness: Field[Weight],
    audio: Field[Weight] | None = None,
) -> Controls:
    """Return the three weights; None where a request leaves one to the engine."""
    return Controls(
        style_weight=reading.get(style),
        weirdness=reading.get(weirdness),
        audio_weight=reading.get(audio) if audio is not None else None,
    )


def callback(reading: Reading, field: Field[str]) -> str | None:
    """Return where to call back, or None.

    Programs that only poll fill the field with words like "playground". Such a text is
    reported as unused instead of refused: no callback could ever have arrived there.
    """
    url = reading.text(field).strip()
    if url and not is_http_url(url):
        reading.unused(field)
        return None
    return url or None
