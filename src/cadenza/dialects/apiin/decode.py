"""apiin.one request bodies to the canonical request.

``/audio/music`` makes a song, from a description (``gpt_description_prompt``) or from prompt,
style and title; ``/audio/music/extend`` continues one of the two tracks of an earlier task.
"""

from __future__ import annotations

from cadenza.dialects.apiin import quirks
from cadenza.dialects.fields import Field, Reading, Table, read
from cadenza.dialects.kinds import Choice, Flag, Hundredths, Model, ModelName, Seconds, Text, Whole
from cadenza.dialects.meaning import SEED, callback, controls, reads_as_lyrics, who_sings
from cadenza.domain.request import (
    Continuation,
    Described,
    GenerationRequest,
    Inherited,
    SourceTaskTake,
    Specified,
    Voice,
    Wish,
)
from cadenza.domain.task import Accepted, Dialect, Operation
from cadenza.domain.tiers import NAMES, TIER_OF_SOURCE, Tier, tier_named

_DEFAULT_TIER = tier_named(quirks.DEFAULT_MODEL)
assert _DEFAULT_TIER is not None, "the default model is in the table"
_DEFAULT_MODEL = ModelName(wire=quirks.DEFAULT_MODEL, tier=_DEFAULT_TIER)

MODEL = Field(
    "model",
    Model(tuple(NAMES[Dialect.APIIN])),
    "Model version, suno-v… or chirp-v…; it sets the text limits and the price.",
    default=_DEFAULT_MODEL,
)
MAKE_INSTRUMENTAL = Field("make_instrumental", Flag(), "True for music without a voice.", default=False)
DESCRIPTION = Field(
    "gpt_description_prompt",
    Text(quirks.INSPIRATION_LIMIT),
    "Inspiration mode: what is wanted, in plain words.",
)
PROMPT = Field(
    "prompt", Text(5000), "Custom mode: the words to sing. At most 3000 characters before v4-5, 5000 after."
)
STYLE = Field("style", Text(1000), "Custom mode: style. At most 200 characters before v4-5, 1000 after.")
TITLE = Field("title", Text(quirks.TITLE_LIMIT), "Custom mode: the title.")
# The generate page has tags to *avoid*, the extend page "Additional tags": each keeps its meaning.
AVOID_TAGS = Field("tags", Text(1000), "Styles and instruments to keep out.")
GENDER = Field(
    "gender",
    Choice({"male": Voice.MALE, "female": Voice.FEMALE}, also={"m": Voice.MALE, "f": Voice.FEMALE}),
    "Preferred voice.",
    also=("vocal_gender",),
)
STYLE_WEIGHT = Field("style_weight", Hundredths(), "How closely to follow the asked style.")
WEIRDNESS = Field("weirdness_constraint", Hundredths(), "How far the music may leave the expected.")
AUDIO_WEIGHT = Field("audio_weight", Hundredths(), "How closely to stay with a source's sound.")
CALLBACK_URL = Field("callback_url", Text(8192), "Where to send the stages of the task. Optional.")

MUSIC: Table = (MODEL, MAKE_INSTRUMENTAL, DESCRIPTION, PROMPT, STYLE, TITLE, AVOID_TAGS, GENDER, STYLE_WEIGHT,
                WEIRDNESS, AUDIO_WEIGHT, CALLBACK_URL, SEED)  # fmt: skip

ORIGIN_TASK_ID = Field("origin_task_id", Text(200), "The task whose track is continued.", required=True)
EXTEND_INDEX = Field(
    "extend_audio_index", Whole(0, 1), "0 for the first track of the task, 1 for the second.", required=True
)
CUSTOM_MODE = Field(
    "custom_mode", Flag(), "False: all parameters come from the original task.", default=False
)
EXTEND_PROMPT = Field(
    "prompt",
    Text(5000),
    "New words (several lines or section marks) or a description. Needed when custom_mode is true.",
)
START_TIME = Field(
    "extensionStartTime",
    Seconds(),
    "The second to go on from: greater than 0 and less than the original's duration.",
    also=("extension_start_time",),
)
ADDED_TAGS = Field("tags", Text(1000), "Additional tags for the extension.")

MUSIC_EXTEND: Table = (ORIGIN_TASK_ID, EXTEND_INDEX, CUSTOM_MODE, CALLBACK_URL, EXTEND_PROMPT, STYLE, TITLE,
                       START_TIME, ADDED_TAGS, SEED)  # fmt: skip


def decode_music(body: object) -> Accepted:
    """Decode POST /api/v1/audio/music. Raises ``Malformed`` with every fault."""
    reading = read(MUSIC, body)
    model = reading.get(MODEL) or _DEFAULT_MODEL
    inspired = reading.has(DESCRIPTION)
    if inspired:
        reading.unused(PROMPT, STYLE, TITLE)
    else:
        _custom_rules(reading, model.tier)
    reading.settle()
    request = GenerationRequest(
        wish=Described(prompt=reading.text(DESCRIPTION)) if inspired else _custom_wish(reading),
        tier=model.tier.name,
        voice=who_sings(instrumental=reading.flag(MAKE_INSTRUMENTAL), gender=reading.get(GENDER)),
        avoid=reading.text(AVOID_TAGS),
        controls=controls(reading, style=STYLE_WEIGHT, weirdness=WEIRDNESS, audio=AUDIO_WEIGHT),
        seed=reading.get(SEED),
    )
    return _accepted(reading, body, Operation.GENERATE, request, wire_model=model.wire)


def decode_music_extend(body: object) -> Accepted:
    """Decode POST /api/v1/audio/music/extend. Raises ``Malformed`` with every fault.

    The page has no ``model``: the tier is ``TIER_OF_SOURCE`` and ``wire_model`` empty, and intake
    puts those of the original task in their place.
    """
    reading = read(MUSIC_EXTEND, body)
    custom = reading.flag(CUSTOM_MODE)
    if custom:
        reading.require(EXTEND_PROMPT, when="custom_mode is true")
    else:
        reading.unused(EXTEND_PROMPT, STYLE, TITLE, ADDED_TAGS)
    reading.settle()
    source = SourceTaskTake(
        task_id=reading.text(ORIGIN_TASK_ID).strip(), take_index=reading.get(EXTEND_INDEX) or 0
    )
    request = GenerationRequest(
        wish=_extension_wish(reading) if custom else Inherited(),
        tier=TIER_OF_SOURCE,
        continuation=Continuation(source=source, from_s=reading.get(START_TIME)),
        seed=reading.get(SEED),
    )
    return _accepted(reading, body, Operation.EXTEND, request, wire_model="")


def _custom_rules(reading: Reading, tier: Tier) -> None:
    if reading.flag(MAKE_INSTRUMENTAL):
        if not (reading.has(PROMPT) or reading.has(TITLE)):
            reading.require(STYLE, when="there is no gpt_description_prompt, prompt or title")
    else:
        reading.require(PROMPT, when="there is no gpt_description_prompt")
    reading.limit(PROMPT, tier.lyrics_limit, where=f" with model {tier.name}")
    reading.limit(STYLE, tier.style_limit, where=f" with model {tier.name}")


def _custom_wish(reading: Reading) -> Wish:
    prompt, alone = reading.text(PROMPT), not (reading.has(STYLE) or reading.has(TITLE))
    if alone and quirks.PROMPT_ALONE_MAY_DESCRIBE and not reads_as_lyrics(prompt):
        return Described(prompt=prompt)
    instrumental = reading.flag(MAKE_INSTRUMENTAL)
    return Specified(
        title=reading.text(TITLE),
        style=reading.text(STYLE),
        lyrics=None if instrumental else prompt or None,
        description=(prompt or None) if instrumental else None,
    )


def _extension_wish(reading: Reading) -> Specified:
    """Return the custom wish; an empty title or style is the source's own."""
    prompt = reading.text(EXTEND_PROMPT)
    sung = not quirks.EXTEND_PROMPT_MAY_DESCRIBE or reads_as_lyrics(prompt)
    style = ", ".join(text for text in (reading.text(STYLE), reading.text(ADDED_TAGS)) if text)
    return Specified(
        title=reading.text(TITLE),
        style=style,
        lyrics=prompt if sung else None,
        description=None if sung else prompt,
    )


def _accepted(
    reading: Reading, body: object, operation: Operation, request: GenerationRequest, *, wire_model: str
) -> Accepted:
    assert isinstance(body, dict)
    return Accepted(
        dialect=Dialect.APIIN,
        operation=operation,
        request=request,
        wire_model=wire_model,
        wire_body=dict(body),
        callback_url=callback(reading, CALLBACK_URL),
        unknown_fields=reading.reported,
    )
