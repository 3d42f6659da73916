"""crun.ai request bodies to the canonical request.

One route creates everything; the outer ``model`` says what, the inner one which tier. Modes:
*simple* has a prompt, *custom* has title, tags and, if anybody sings, lyrics.
"""

from __future__ import annotations

from collections.abc import Mapping

from cadenza.dialects.crun import quirks
from cadenza.dialects.fields import Field, Reading, Table, object_field, read
from cadenza.dialects.kinds import Choice, Flag, Hundredths, Model, ModelName, Seconds, Text, Url, Whole
from cadenza.dialects.meaning import SEED, callback, controls, who_sings
from cadenza.domain.request import (
    Continuation,
    Described,
    GenerationRequest,
    Source,
    SourceTake,
    SourceTaskTake,
    SourceUrl,
    Specified,
    Voice,
    Wish,
)
from cadenza.domain.task import Accepted, Dialect, Operation
from cadenza.domain.tiers import NAMES, Tier, tier_named

_DEFAULT_TIER = tier_named(quirks.DEFAULT_MODEL)
assert _DEFAULT_TIER is not None, "the default model is in the table"
_DEFAULT_MODEL = ModelName(wire=quirks.DEFAULT_MODEL, tier=_DEFAULT_TIER)

MODE = Field(
    "mode",
    Choice({"simple": "simple", "custom": "custom"}),
    "simple: a prompt says it all. custom: title, tags and, unless instrumental, lyrics.",
    default=quirks.DEFAULT_MODE,
)
MODEL = Field(
    "model",
    Model(tuple(NAMES[Dialect.CRUN])),
    "Model version; it sets the text limits and the price.",
    default=_DEFAULT_MODEL,
)
INSTRUMENTAL = Field("instrumental", Flag(), "True for music without a voice.", default=False)
PROMPT = Field("prompt", Text(5000), "Simple mode: what is wanted, in plain words.")
TITLE = Field("title", Text(100), "Custom mode: the title.")
TAGS = Field("tags", Text(1000), "Custom mode: style, mood, instruments. With v4 at most 200 characters.")
LYRICS = Field("lyrics", Text(5000), "Custom mode: the words to sing. With v4 at most 3000 characters.")
VOCAL_GENDER = Field(
    "vocal_gender",
    Choice({"f": Voice.FEMALE, "m": Voice.MALE}, also={"female": Voice.FEMALE, "male": Voice.MALE}),
    "Preferred voice.",
)
STYLE_WEIGHT = Field("style_weight", Hundredths(), "How closely to follow the asked style.")
AUDIO_WEIGHT = Field("audio_weight", Hundredths(), "How closely to stay with the source's sound.")
WEIRDNESS = Field("weirdness_constraint", Hundredths(), "How far the music may leave the expected.")
NEGATIVE_TAGS = Field("negative_tags", Text(1000), "Styles and instruments to keep out.")
PERSONA_ID = Field("persona_id", Text(200), "Accepted for compatibility; there are no personas here.")
AUDIO_URL = Field("audio_url", Url(), "The recording to continue.", required=True)
CONTINUE_AT = Field("continue_at", Seconds(), "The second to go on from. Simple mode: the end if absent.")
TASK_ID = Field("task_id", Text(200), "The finished task whose track is continued.")
SUNO_ID = Field("suno_id", Text(200), "The track to continue.", also=("audio_id",))
TAKE_INDEX = Field("audio_index", Whole(0, 3), "Which track of task_id, if suno_id is absent.", default=0)

_COMMON: Table = (MODE, MODEL, INSTRUMENTAL, PROMPT, TITLE, TAGS, LYRICS, VOCAL_GENDER, STYLE_WEIGHT,
                  WEIRDNESS, NEGATIVE_TAGS, PERSONA_ID, SEED)  # fmt: skip
GENERATE_INPUT: Table = _COMMON
UPLOAD_EXTEND_INPUT: Table = (AUDIO_URL, CONTINUE_AT, AUDIO_WEIGHT, *_COMMON)
EXTEND_INPUT: Table = (TASK_ID, SUNO_ID, TAKE_INDEX, CONTINUE_AT, AUDIO_WEIGHT, *_COMMON)

_OPERATIONS = {
    "suno/music-generate": (Operation.GENERATE, GENERATE_INPUT),
    "suno/music-extend-upload": (Operation.UPLOAD_EXTEND, UPLOAD_EXTEND_INPUT),
    quirks.EXTEND_MODEL: (Operation.EXTEND, EXTEND_INPUT),
}
CALLBACK_URL = Field("callback_url", Text(8192), "Where to send the finished task. Optional.")


OUTER_MODEL = Field("model", Choice({model: model for model in _OPERATIONS}), "What to do.", required=True)
ANY_INPUT = object_field("input", (), "What the model needs.", required=True)


def decode_create_task(body: object) -> Accepted:
    """Decode a CreateTask (or estimate-credits) body. Raises ``Malformed`` with every fault."""
    outer = read((OUTER_MODEL, ANY_INPUT, CALLBACK_URL), body)
    task_kind = outer.get(OUTER_MODEL)
    if task_kind is None:  # without it no table says what the input may hold
        outer.settle()
    assert isinstance(body, Mapping)
    assert task_kind is not None
    operation, table = _OPERATIONS[task_kind]
    inner = outer.nested(ANY_INPUT, table) if isinstance(body.get("input"), Mapping) else None
    request = _request(inner, operation) if inner else None
    outer.settle()
    assert request is not None
    assert inner is not None
    model = inner.get(MODEL) or _DEFAULT_MODEL
    return Accepted(
        dialect=Dialect.CRUN,
        operation=operation,
        request=request,
        wire_model=model.wire,
        wire_body=dict(body),
        callback_url=callback(outer, CALLBACK_URL),
        unknown_fields=outer.reported,
    )


def _request(reading: Reading, operation: Operation) -> GenerationRequest | None:
    """Apply the rules that join fields; None if there are faults."""
    tier = (reading.get(MODEL) or _DEFAULT_MODEL).tier
    custom = reading.get(MODE) == "custom"
    (_custom_rules if custom else _simple_rules)(reading, tier)
    if operation is not Operation.GENERATE:
        _place_rule(reading, custom=custom)
    if operation is Operation.EXTEND and not reading.has(SUNO_ID):
        reading.require(TASK_ID, when="suno_id is absent")
    reading.unused(PERSONA_ID)
    if reading.is_faulty:
        return None
    return GenerationRequest(
        wish=_wish(reading, custom=custom),
        tier=tier.name,
        voice=who_sings(instrumental=reading.flag(INSTRUMENTAL), gender=reading.get(VOCAL_GENDER)),
        continuation=_continuation(reading, operation),
        avoid=reading.text(NEGATIVE_TAGS),
        controls=controls(reading, style=STYLE_WEIGHT, weirdness=WEIRDNESS, audio=AUDIO_WEIGHT),
        seed=reading.get(SEED),
    )


def _place_rule(reading: Reading, *, custom: bool) -> None:
    if custom and quirks.CONTINUE_AT_REQUIRED_IN_CUSTOM_MODE:
        reading.require(CONTINUE_AT, when="mode is custom")
    if not custom and quirks.CONTINUE_AT_REQUIRED_IN_SIMPLE_MODE:
        reading.require(CONTINUE_AT, when="mode is simple")


def _simple_rules(reading: Reading, tier: Tier) -> None:
    reading.require(PROMPT, when="mode is simple")
    limit = tier.lyrics_limit if quirks.SIMPLE_PROMPT_AS_LONG_AS_LYRICS else tier.simple_prompt_limit
    reading.limit(PROMPT, limit, where=f" with model {tier.name}")
    reading.unused(TITLE, TAGS, LYRICS)


def _custom_rules(reading: Reading, tier: Tier) -> None:
    reading.require(TITLE, TAGS, when="mode is custom")
    if reading.flag(INSTRUMENTAL):
        reading.unused(LYRICS)
    else:
        reading.require(LYRICS, when="mode is custom and instrumental is false")
    for field, limit in ((TAGS, tier.style_limit), (LYRICS, tier.lyrics_limit)):
        reading.limit(field, limit, where=f" with model {tier.name}")


def _wish(reading: Reading, *, custom: bool) -> Wish:
    if not custom:
        return Described(prompt=reading.text(PROMPT))
    return Specified(
        title=reading.text(TITLE),
        style=reading.text(TAGS),
        lyrics=None if reading.flag(INSTRUMENTAL) else reading.get(LYRICS),
        description=reading.get(PROMPT),
    )


def _continuation(reading: Reading, operation: Operation) -> Continuation | None:
    if operation is Operation.GENERATE:
        return None
    return Continuation(source=_source(reading, operation), from_s=reading.get(CONTINUE_AT))


def _source(reading: Reading, operation: Operation) -> Source:
    if operation is Operation.UPLOAD_EXTEND:
        return SourceUrl(url=reading.text(AUDIO_URL))
    if reading.has(SUNO_ID):
        return SourceTake(take_id=reading.text(SUNO_ID))
    return SourceTaskTake(task_id=reading.text(TASK_ID), take_index=reading.get(TAKE_INDEX) or 0)


def envelopes() -> Mapping[str, Table]:
    """Return the table of a whole CreateTask body for each outer ``model``, for the API description."""
    return {
        model: (
            Field("model", Choice({model: model}), "What to do.", required=True),
            object_field("input", table, "What the model needs.", required=True),
            CALLBACK_URL,
        )
        for model, (_, table) in _OPERATIONS.items()
    }
