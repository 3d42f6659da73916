"""The body of POST /v1/tasks to the canonical request.

No mode is named; the fields say it. ``prompt`` alone describes a song. ``title``, ``style`` and
``lyrics`` specify one (``prompt`` may then add a wish). With a ``source`` the task continues a
recording, and without any of the other four it goes on in the source's own manner.
"""

from __future__ import annotations

from collections.abc import Mapping

from cadenza.dialects.fields import Field, Reading, Table, object_field, read
from cadenza.dialects.kinds import (
    Choice,
    Choices,
    Flag,
    Hundredths,
    Model,
    ModelName,
    Seconds,
    Text,
    Url,
    Whole,
)
from cadenza.dialects.meaning import SEED, controls
from cadenza.dialects.native import quirks
from cadenza.domain.request import (
    Continuation,
    Described,
    ExtraFile,
    GenerationRequest,
    Inherited,
    Side,
    Source,
    SourceTake,
    SourceTaskTake,
    SourceUpload,
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

URL = Field("url", Url(), "A recording that is fetched from here.")
UPLOAD_ID = Field("upload_id", Text(200), "A recording that was uploaded before.")
TAKE_ID = Field("take_id", Text(200), "An earlier take, by its own id.")
TASK_ID = Field("task_id", Text(200), "An earlier take, by its task and take_index.")
TAKE_INDEX = Field("take_index", Whole(0, quirks.MOST_TAKES - 1), "Which take of task_id.", default=0)
SOURCE_FIELDS: Table = (URL, UPLOAD_ID, TAKE_ID, TASK_ID, TAKE_INDEX)
_SOURCES = (URL, UPLOAD_ID, TAKE_ID, TASK_ID)

SOURCE = object_field("source", SOURCE_FIELDS, "What to continue: exactly one of the four ways to name it.")
CONTINUE_AT = Field("continue_at_s", Seconds(), "The second to go on from; the end of the music if absent.")
SIDE = Field(
    "side",
    Choice({"right": Side.RIGHT, "left": Side.LEFT}),
    "left makes a lead-in before the source, which is then kept from continue_at_s on.",
)
CONTEXT = Field(
    "context_s",
    Seconds(at_least_s=quirks.SHORTEST_CONTEXT_S),
    "How much of the source next to the join to quote from; all of it if absent.",
    also=("context_seconds",),
)
REPLACE_FROM = Field("replace_from_s", Seconds(at_least_s=0.0), "Where the section begins that is exchanged.")
REPLACE_TO = Field("replace_to_s", Seconds(), "Where the section ends; what follows it is kept.")
PROMPT = Field("prompt", Text(5000), "What is wanted, in plain words.")
TITLE = Field("title", Text(100), "The title; found for you if absent.")
STYLE = Field("style", Text(1000), "Genre, mood, tempo, key, metre, instruments, era.")
LYRICS = Field("lyrics", Text(5000), "The exact words to sing, with [Verse], [Chorus] and the like.")
NEGATIVE_TAGS = Field("negative_tags", Text(1000), "Styles and instruments to keep out; they always win.")
VOCAL = Field(
    "vocal",
    Choice({"any": Voice.ANYBODY, "female": Voice.FEMALE, "male": Voice.MALE, "none": Voice.NOBODY}),
    "Who sings; none for an instrumental.",
)
STYLE_WEIGHT = Field("style_weight", Hundredths(), "1 follows the style to the letter, 0 leaves it open.")
WEIRDNESS = Field("weirdness", Hundredths(), "0 the most expected next bar, 1 rare and surprising ones.")
AUDIO_WEIGHT = Field("audio_weight", Hundredths(), "1 stays with the source's sound, 0 keeps tempo and key.")
DURATION = Field(
    "duration_s",
    Seconds(at_least_s=quirks.SHORTEST_DURATION_S, at_most_s=quirks.LONGEST_DURATION_S),
    "Length of the song, or of the new part of a continuation.",
)
TAKES = Field(
    "takes",
    Whole(1, quirks.MOST_TAKES),
    "How many takes, each its own idea.",
    default=quirks.DEFAULT_TAKES,
)
MODEL = Field("model", Model(tuple(NAMES[Dialect.NATIVE])), "The tier: limits, price, engine.")
FILES = Field(
    "files",
    Choices({extra.value: extra for extra in ExtraFile}),
    "Files of each take beside MP3, FLAC and cover; stems are those of a song that is composed here.",
)
PREVIEW = Field(
    "preview", Flag(), "Make only the join: five seconds before it and five after, for one credit."
)
# Strict where the hosted dialects are lenient: a word instead of a URL is refused.
CALLBACK_URL = Field("callback_url", Url(), "Where to send the stages of the task, signed.")

TASK: Table = (PROMPT, TITLE, STYLE, LYRICS, SOURCE, CONTINUE_AT, SIDE, CONTEXT, REPLACE_FROM, REPLACE_TO,
               DURATION, STYLE_WEIGHT, WEIRDNESS,
               AUDIO_WEIGHT, NEGATIVE_TAGS, VOCAL, SEED, TAKES, FILES, PREVIEW, MODEL,
               CALLBACK_URL)  # fmt: skip

LYRICS_PROMPT = Field("prompt", Text(5000), "What the words shall be about.", required=True)
TEXTS = Field(
    "takes", Whole(1, quirks.MOST_TAKES), "How many texts, each its own idea.", default=quirks.DEFAULT_TAKES
)
WORDS_ALONE: Table = (LYRICS_PROMPT, STYLE, DURATION, SEED, TEXTS, CALLBACK_URL)


def decode_task(body: object) -> Accepted:
    """Decode POST /v1/tasks. Raises ``Malformed`` with every fault."""
    reading = read(TASK, body)
    model = reading.get(MODEL) or _DEFAULT_MODEL
    source = _source(reading)
    _rules(reading, model.tier)
    reading.settle()
    assert isinstance(body, Mapping)
    request = GenerationRequest(
        wish=_wish(reading),
        tier=model.tier.name,
        voice=reading.get(VOCAL) or Voice.ANYBODY,
        continuation=_continuation(reading, source) if source else None,
        avoid=reading.text(NEGATIVE_TAGS),
        controls=controls(reading, style=STYLE_WEIGHT, weirdness=WEIRDNESS, audio=AUDIO_WEIGHT),
        take_count=reading.get(TAKES) or quirks.DEFAULT_TAKES,
        duration_s=reading.get(DURATION),
        seed=reading.get(SEED),
        extra_files=reading.get(FILES) or frozenset(),
        seam_only=reading.flag(PREVIEW),
    )
    return Accepted(
        dialect=Dialect.NATIVE,
        operation=_operation(source),
        request=request,
        wire_model=model.wire,
        wire_body=dict(body),
        callback_url=reading.get(CALLBACK_URL),
        unknown_fields=reading.reported,
    )


def decode_lyrics(body: object) -> Accepted:
    """Decode POST /v1/lyrics: words without music. Raises ``Malformed`` with every fault."""
    reading = read(WORDS_ALONE, body)
    prompt, style = reading.text(LYRICS_PROMPT), reading.text(STYLE)
    reading.settle()
    assert isinstance(body, Mapping)
    wish = Specified(title="", style=style, description=prompt) if style else Described(prompt=prompt)
    request = GenerationRequest(
        wish=wish,
        tier=_DEFAULT_MODEL.tier.name,
        take_count=reading.get(TEXTS) or quirks.DEFAULT_TAKES,
        duration_s=reading.get(DURATION),
        seed=reading.get(SEED),
    )
    return Accepted(
        dialect=Dialect.NATIVE,
        operation=Operation.LYRICS,
        request=request,
        wire_model="",
        wire_body=dict(body),
        callback_url=reading.get(CALLBACK_URL),
        unknown_fields=reading.reported,
    )


def _rules(reading: Reading, tier: Tier) -> None:
    if not reading.has(SOURCE):
        if not (reading.has(PROMPT) or reading.has(LYRICS)):
            reading.require(STYLE, when="there is no prompt, lyrics or source")
        reading.unused(CONTINUE_AT, AUDIO_WEIGHT, SIDE, CONTEXT, REPLACE_FROM, REPLACE_TO)
        if reading.flag(PREVIEW):
            reading.fault(PREVIEW, "needs a source: it is the join that is heard")
    if reading.get(VOCAL) is Voice.NOBODY and reading.has(LYRICS):
        reading.fault(LYRICS, "cannot be sung when vocal is none")
    _section_rules(reading)
    where = f" with model {tier.name}"
    for field, limit in (
        (TITLE, tier.title_limit),
        (STYLE, tier.style_limit),
        (LYRICS, tier.lyrics_limit),
        (PROMPT, tier.lyrics_limit),
    ):
        reading.limit(field, limit, where=where)


def _section_rules(reading: Reading) -> None:
    """Note what keeps a section from being exchanged: it needs both ends, and nothing else may say where."""
    from_s, to_s = reading.get(REPLACE_FROM), reading.get(REPLACE_TO)
    if reading.has(REPLACE_FROM):
        reading.require(REPLACE_TO, when="replace_from_s is given")
    if reading.has(REPLACE_TO):
        reading.require(REPLACE_FROM, when="replace_to_s is given")
        for field in (CONTINUE_AT, SIDE):
            if reading.has(field):
                reading.fault(field, "does not go with replace_to_s, which says where the new part lies")
    if from_s is not None and to_s is not None and to_s - from_s < quirks.SHORTEST_SECTION_S:
        reading.fault(REPLACE_TO, f"must lie at least {quirks.SHORTEST_SECTION_S:g} s after replace_from_s")


def _continuation(reading: Reading, source: Source) -> Continuation:
    until_s = reading.get(REPLACE_TO)
    return Continuation(
        source=source,
        from_s=reading.get(CONTINUE_AT) if until_s is None else reading.get(REPLACE_FROM),
        until_s=until_s,
        side=reading.get(SIDE) or Side.RIGHT,
        context_s=reading.get(CONTEXT),
    )


def _source(reading: Reading) -> Source | None:
    """Read the source; None if there is none, or if it is at fault (which is noted)."""
    if not reading.has(SOURCE):
        return None
    inner = reading.nested(SOURCE, SOURCE_FIELDS)
    named = [field for field in _SOURCES if inner.has(field)]
    if len(named) != 1:
        reading.fault(SOURCE, "must hold exactly one of url, upload_id, take_id and task_id")
        return None
    if named[0] is URL:
        return SourceUrl(url=inner.text(URL))
    if named[0] is UPLOAD_ID:
        return SourceUpload(upload_id=inner.text(UPLOAD_ID))
    if named[0] is TAKE_ID:
        return SourceTake(take_id=inner.text(TAKE_ID))
    return SourceTaskTake(task_id=inner.text(TASK_ID), take_index=inner.get(TAKE_INDEX) or 0)


def _wish(reading: Reading) -> Wish:
    if reading.has(TITLE) or reading.has(STYLE) or reading.has(LYRICS):
        return Specified(
            title=reading.text(TITLE),
            style=reading.text(STYLE),
            lyrics=reading.get(LYRICS),
            description=reading.get(PROMPT),
        )
    if reading.has(SOURCE):
        return Inherited(prompt=reading.get(PROMPT))
    return Described(prompt=reading.text(PROMPT))


def _operation(source: Source | None) -> Operation:
    if source is None:
        return Operation.GENERATE
    if isinstance(source, SourceUrl | SourceUpload):
        return Operation.UPLOAD_EXTEND
    return Operation.EXTEND
