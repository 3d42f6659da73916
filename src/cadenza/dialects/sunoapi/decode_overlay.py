"""sunoapi.org's ``add-vocals`` and ``add-instrumental`` to the canonical request: a recording stays whole."""

from __future__ import annotations

from cadenza.dialects.fields import Field, Reading, read
from cadenza.dialects.meaning import SEED, callback, controls, reads_as_lyrics, who_sings
from cadenza.dialects.sunoapi import quirks
from cadenza.dialects.sunoapi.tables import (
    ACCOMPANIED_URL,
    ADD_INSTRUMENTAL,
    ADD_VOCALS,
    AUDIO_WEIGHT,
    CALLBACK_URL,
    OVERLAY_MODEL,
    OVERLAY_NEGATIVE_TAGS,
    OVERLAY_STYLE,
    OVERLAY_TAGS,
    OVERLAY_TITLE,
    STYLE_WEIGHT,
    SUNG_PROMPT,
    SUNG_URL,
    VOCAL_GENDER,
    WEIRDNESS,
)
from cadenza.domain.request import Continuation, GenerationRequest, Overlay, SourceUrl, Specified, Voice
from cadenza.domain.task import Accepted, Dialect, Operation
from cadenza.domain.tiers import NAMES, TIERS


def decode_add_vocals(body: object) -> Accepted:
    """Decode POST /api/v1/generate/add-vocals. Raises ``Malformed`` with every fault."""
    reading = read(ADD_VOCALS, body)
    _limits(reading, SUNG_PROMPT, OVERLAY_STYLE)
    reading.settle()
    prompt = reading.text(SUNG_PROMPT)
    literal = not quirks.OVERLAY_PROMPT_IS_LYRICS_ONLY_IF_IT_LOOKS_SO or reads_as_lyrics(prompt)
    wish = Specified(
        title=reading.text(OVERLAY_TITLE),
        style=reading.text(OVERLAY_STYLE),
        lyrics=prompt if literal else None,
        description=None if literal else prompt,
    )
    where = Continuation(source=SourceUrl(url=reading.text(SUNG_URL)), overlay=Overlay.VOCALS)
    voice = who_sings(instrumental=False, gender=reading.get(VOCAL_GENDER))
    return _accepted(reading, body, Operation.ADD_VOCALS, wish, where, voice)


def decode_add_instrumental(body: object) -> Accepted:
    """Decode POST /api/v1/generate/add-instrumental. Raises ``Malformed`` with every fault."""
    reading = read(ADD_INSTRUMENTAL, body)
    _limits(reading, OVERLAY_TAGS)
    reading.settle()
    reading.unused(VOCAL_GENDER)  # the voice, if there is one, is the recording's
    wish = Specified(title=reading.text(OVERLAY_TITLE), style=reading.text(OVERLAY_TAGS))
    where = Continuation(source=SourceUrl(url=reading.text(ACCOMPANIED_URL)), overlay=Overlay.INSTRUMENTS)
    return _accepted(reading, body, Operation.ADD_INSTRUMENTAL, wish, where, Voice.NOBODY)


def _model(reading: Reading) -> tuple[str, str]:
    """Return the model's name on the wire and its tier."""
    model = reading.get(OVERLAY_MODEL)
    if model is not None:
        return model.wire, model.tier.name
    return quirks.OVERLAY_DEFAULT_MODEL, NAMES[Dialect.SUNOAPI][quirks.OVERLAY_DEFAULT_MODEL]


def _limits(reading: Reading, *texts: Field[str]) -> None:
    tier = TIERS[_model(reading)[1]]
    where = f" with model {tier.name}"
    limits = {SUNG_PROMPT.name: tier.lyrics_limit}
    for text in texts:
        reading.limit(text, limits.get(text.name, tier.style_limit), where=where)
    reading.limit(OVERLAY_TITLE, tier.title_limit, where=where)


def _accepted(
    reading: Reading, body: object, operation: Operation, wish: Specified, where: Continuation, voice: Voice
) -> Accepted:
    assert isinstance(body, dict)
    wire_model, tier = _model(reading)
    request = GenerationRequest(
        wish=wish,
        tier=tier,
        voice=voice,
        continuation=where,
        avoid=reading.text(OVERLAY_NEGATIVE_TAGS),
        controls=controls(reading, style=STYLE_WEIGHT, weirdness=WEIRDNESS, audio=AUDIO_WEIGHT),
        seed=reading.get(SEED),
    )
    return Accepted(
        dialect=Dialect.SUNOAPI,
        operation=operation,
        request=request,
        wire_model=wire_model,
        wire_body=dict(body),
        callback_url=callback(reading, CALLBACK_URL),
        unknown_fields=reading.reported,
    )
