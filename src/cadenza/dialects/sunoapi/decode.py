"""sunoapi.org and kie.ai request bodies to the canonical request.

Three creating routes: ``/generate`` (a new song), ``/generate/extend`` (an earlier track) and
``/generate/upload-extend`` (a recording). The flag of each chooses between custom parameters and
a prompt alone, or the source's own parameters.
"""

from __future__ import annotations

from cadenza.dialects.fields import Field, Reading, read
from cadenza.dialects.kinds import Unfit
from cadenza.dialects.meaning import SEED, callback, controls, reads_as_lyrics, who_sings
from cadenza.dialects.sunoapi import quirks
from cadenza.dialects.sunoapi.tables import (
    AUDIO_ID,
    AUDIO_WEIGHT,
    CALLBACK_URL,
    CONTINUE_AT,
    CUSTOM_MODE,
    DEFAULT_PARAM_FLAG,
    DURATION,
    EXTEND,
    GENERATE,
    INSTRUMENTAL,
    LYRICS,
    LYRICS_PROMPT,
    MODEL,
    NEGATIVE_TAGS,
    PERSONA_ID,
    PERSONA_MODEL,
    PROMPT,
    STYLE,
    STYLE_WEIGHT,
    TITLE,
    UPLOAD_EXTEND,
    UPLOAD_URL,
    VARIETY,
    VOCAL_GENDER,
    WEIRDNESS,
    WORDS_ALONE,
)
from cadenza.domain.request import (
    Continuation,
    Described,
    GenerationRequest,
    Inherited,
    SourceTake,
    SourceUrl,
    Specified,
    Wish,
)
from cadenza.domain.task import Accepted, Dialect, Operation

# Words have no model; a task has a tier, and this one's price is not theirs.
_TIER_OF_WORDS = "v5"


def decode_generate(body: object) -> Accepted:
    """Decode POST /api/v1/generate. Raises ``Malformed`` with every fault."""
    reading = read(GENERATE, body)
    custom = reading.flag(CUSTOM_MODE)
    if custom:
        _custom_rules(reading, CUSTOM_MODE)
    else:
        reading.require(PROMPT, when="customMode is false")
        if (model := reading.get(MODEL)) is not None:
            reading.limit(PROMPT, model.tier.simple_prompt_limit, where=" when customMode is false")
        reading.unused(STYLE, TITLE, LYRICS)
    reading.settle()
    wish = _custom_wish(reading, literal=True) if custom else Described(prompt=reading.text(PROMPT))
    return _accepted(reading, body, Operation.GENERATE, wish)


def decode_extend(body: object) -> Accepted:
    """Decode POST /api/v1/generate/extend. Raises ``Malformed`` with every fault."""
    reading = read(EXTEND, body)
    literal = not quirks.EXTEND_PROMPT_IS_LYRICS_ONLY_IF_IT_LOOKS_SO or reads_as_lyrics(reading.text(PROMPT))
    wish = _continuation_wish(reading, literal=literal)
    source = SourceTake(take_id=reading.text(AUDIO_ID))
    where = Continuation(source=source, from_s=reading.get(CONTINUE_AT))
    return _accepted(reading, body, Operation.EXTEND, wish, where)


def decode_upload_extend(body: object) -> Accepted:
    """Decode POST /api/v1/generate/upload-extend. Raises ``Malformed`` with every fault."""
    reading = read(UPLOAD_EXTEND, body)
    wish = _continuation_wish(reading, literal=True)
    source = SourceUrl(url=reading.text(UPLOAD_URL))
    where = Continuation(source=source, from_s=reading.get(CONTINUE_AT))
    return _accepted(reading, body, Operation.UPLOAD_EXTEND, wish, where)


def decode_lyrics(body: object) -> Accepted:
    """Decode POST /api/v1/lyrics: words without music. Raises ``Malformed`` with every fault."""
    reading = read(WORDS_ALONE, body)
    count = len(reading.text(LYRICS_PROMPT).split())
    if count > quirks.LYRICS_MOST_WORDS:
        told = f"must have at most {quirks.LYRICS_MOST_WORDS} words, has {count}"
        limit = quirks.LYRICS_MOST_WORDS
        reading.unfit(LYRICS_PROMPT, Unfit(told, limit=limit, actual=count, too_long=True))
    reading.settle()
    assert isinstance(body, dict)
    return Accepted(
        dialect=Dialect.SUNOAPI,
        operation=Operation.LYRICS,
        request=GenerationRequest(
            wish=Described(prompt=reading.text(LYRICS_PROMPT)), tier=_TIER_OF_WORDS, seed=reading.get(SEED)
        ),
        wire_model="",
        wire_body=dict(body),
        callback_url=callback(reading, CALLBACK_URL),
        unknown_fields=reading.reported,
    )


def _continuation_wish(reading: Reading, *, literal: bool) -> Wish:
    """Apply the rules of both extending routes, settle, and say what is wanted."""
    custom = reading.flag(DEFAULT_PARAM_FLAG)
    if custom:
        _custom_rules(reading, DEFAULT_PARAM_FLAG)
        if quirks.CONTINUE_AT_REQUIRED_WHEN_FLAG_TRUE:
            reading.require(CONTINUE_AT, when="defaultParamFlag is true")
    else:
        _inherit_rules(reading)
    reading.settle()
    return _custom_wish(reading, literal=literal) if custom else Inherited(prompt=reading.get(PROMPT))


def _custom_rules(reading: Reading, flag: Field[bool]) -> None:
    reading.require(STYLE, TITLE, when=f"{flag.name} is true")
    instrumental = reading.flag(INSTRUMENTAL)
    needs_prompt = not instrumental or quirks.PROMPT_REQUIRED_WHEN_INSTRUMENTAL
    if needs_prompt and not reading.has(LYRICS):
        reading.require(PROMPT, when=f"{flag.name} is true and instrumental is false")
    if instrumental:
        reading.unused(LYRICS)
    model = reading.get(MODEL)
    if model is None:
        return
    where = f" with model {model.tier.name}"
    reading.limit(PROMPT, model.tier.lyrics_limit, where=where)
    reading.limit(LYRICS, model.tier.lyrics_limit, where=where)
    reading.limit(STYLE, model.tier.style_limit, where=where)
    reading.limit(TITLE, model.tier.title_limit, where=where)


def _inherit_rules(reading: Reading) -> None:
    if quirks.FLAG_FALSE_NEEDS_PROMPT:
        reading.require(PROMPT, when="defaultParamFlag is false")
    if quirks.FLAG_FALSE_NEEDS_CONTINUE_AT:
        reading.require(CONTINUE_AT, when="defaultParamFlag is false")
    if (model := reading.get(MODEL)) is not None:
        tier = model.tier
        as_lyrics = quirks.INHERIT_PROMPT_AS_LONG_AS_LYRICS
        limit = tier.lyrics_limit if as_lyrics else tier.simple_prompt_limit
        reading.limit(PROMPT, limit, where=f" with model {tier.name}")
    reading.unused(STYLE, TITLE, LYRICS)


def _custom_wish(reading: Reading, *, literal: bool) -> Specified:
    """Return the custom wish; a prompt is sung if ``literal`` and somebody sings, else described."""
    prompt, lyrics = reading.get(PROMPT), reading.get(LYRICS)
    if reading.flag(INSTRUMENTAL):
        lyrics, description = None, prompt
    elif lyrics is not None:  # "wins over prompt where both are given"
        description = prompt
    elif literal:
        lyrics, description = prompt, None
    else:
        description = prompt
    return Specified(
        title=reading.text(TITLE),
        style=reading.text(STYLE),
        lyrics=lyrics,
        description=description,
    )


def _accepted(
    reading: Reading,
    body: object,
    operation: Operation,
    wish: Wish,
    where: Continuation | None = None,
) -> Accepted:
    model = reading.get(MODEL)
    assert model is not None, "model is required and the reading is settled"
    assert isinstance(body, dict)
    reading.unused(PERSONA_ID, PERSONA_MODEL, VARIETY)
    duration = reading.get(DURATION)
    request = GenerationRequest(
        wish=wish,
        tier=model.tier.name,
        voice=who_sings(instrumental=reading.flag(INSTRUMENTAL), gender=reading.get(VOCAL_GENDER)),
        continuation=where,
        avoid=reading.text(NEGATIVE_TAGS),
        controls=controls(reading, style=STYLE_WEIGHT, weirdness=WEIRDNESS, audio=AUDIO_WEIGHT),
        duration_s=None if duration is None else float(duration),
        seed=reading.get(SEED),
    )
    return Accepted(
        dialect=Dialect.SUNOAPI,
        operation=operation,
        request=request,
        wire_model=model.wire,
        wire_body=dict(body),
        callback_url=callback(reading, CALLBACK_URL),
        unknown_fields=reading.reported,
    )
