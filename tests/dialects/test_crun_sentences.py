"""crun.ai's two pages, sentence by sentence (seed-000: extend from upload; seed-004: generate)."""

# ruff: noqa: E501 - a row is one sentence of a document and what it means; broken rows read worse

import pytest

from cadenza.dialects.crun import quirks
from cadenza.dialects.crun.decode import decode_create_task
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    SourceTake,
    SourceTaskTake,
    SourceUrl,
    Specified,
    Voice,
    Weight,
)
from cadenza.domain.task import Operation

AUDIO = "https://example.com/uploaded-audio.mp3"
SOURCE = SourceUrl(url=AUDIO)


def extend(**inner):
    return {"model": "suno/music-extend-upload", "input": {"audio_url": AUDIO, **inner}}


def generate(**inner):
    return {"model": "suno/music-generate", "input": inner}


def custom(**inner):
    return {"mode": "custom", "title": "T", "tags": "jazz", "lyrics": "La la", **inner}


def extend_custom(**inner):
    return extend(**custom(continue_at=30, **inner))


SIMPLE = {"mode": "simple", "prompt": "a dreamy outro"}

ROWS = [
    # seed-000, in the order of the page
    ("seed-000: 'Supports two extension modes: simple and custom' (simple)",
     extend(**SIMPLE), {"request.wish": Described(prompt="a dreamy outro"), "operation": Operation.UPLOAD_EXTEND}),
    ("seed-000: 'Supports two extension modes: simple and custom' (custom)",
     extend_custom(), {"request.wish": Specified(title="T", style="jazz", lyrics="La la")}),
    ("seed-000: 'Supports two extension modes' (no third one)", extend(mode="expert", prompt="x"), {"input.mode"}),
    ("seed-000: 'In simple mode, prompt is required'", extend(mode="simple"), {"input.prompt"}),
    ("seed-000: 'other optional parameters are optional' (simple mode, all there)",
     extend(**SIMPLE, style_weight=0.5, vocal_gender="m", negative_tags="metal", continue_at=3),
     {"request.voice": Voice.MALE, "request.avoid": "metal",
      "request.controls": Controls(style_weight=Weight(50))}),
    ("seed-000: 'In custom mode, continue_at, title and tags are required' (none there)",
     extend(mode="custom", lyrics="La"), {"input.continue_at", "input.title", "input.tags"}),
    ("seed-000: 'continue_at … required' in custom mode", extend(**custom()), {"input.continue_at"}),
    ("seed-000: 'title … required' in custom mode", extend_custom(title=None), {"input.title"}),
    ("seed-000: 'tags … required' in custom mode", extend_custom(tags=""), {"input.tags"}),
    ("seed-000: 'lyrics is required if instrumental=false'",
     extend_custom(lyrics=None, instrumental=False), {"input.lyrics"}),
    ("seed-000: 'lyrics is required if instrumental=false' (not if true)",
     extend_custom(lyrics=None, instrumental=True),
     {"request.wish": Specified(title="T", style="jazz"), "request.voice": Voice.NOBODY}),
    ("seed-000: 'recommend start with mode=simple' (what no mode means)",
     extend(prompt="x"), {"request.wish": Described(prompt="x")}),
    ("seed-000: simple example, continue_at 180 is taken though optional",
     extend(**SIMPLE, continue_at=180), {"request.continuation": Continuation(source=SOURCE, from_s=180.0)}),
    ("seed-000: simple mode names no continue_at as required",
     extend(**SIMPLE), {"request.continuation": Continuation(source=SOURCE, from_s=None)}),
    ("seed-000: 'model … required'", {"input": {**SIMPLE, "audio_url": AUDIO}}, {"model"}),
    ("seed-000: 'Must be suno/music-extend-upload' (no other name)",
     {**extend(**SIMPLE), "model": "suno/music-nothing"}, {"model"}),
    ("seed-000: 'input object required'", {"model": "suno/music-extend-upload"}, {"input"}),
    ("seed-000: 'input object' (no text)", {"model": "suno/music-extend-upload", "input": "x"}, {"input"}),
    ("seed-000: 'audio_url is required and must point to the uploaded audio file' (absent)",
     {"model": "suno/music-extend-upload", "input": SIMPLE}, {"input.audio_url"}),
    ("seed-000: 'audio_url … must point to the uploaded audio file' (no address)",
     extend(**SIMPLE) | {"input": {**SIMPLE, "audio_url": "uploaded-audio.mp3"}}, {"input.audio_url"}),
    ("seed-000: 'model=v4: tags max length is 200' (200 fits)",
     extend_custom(model="v4", tags="x" * 200), {"request.tier": "v4"}),
    ("seed-000: 'model=v4: tags max length is 200' (201 does not)",
     extend_custom(model="v4", tags="x" * 201), {"input.tags"}),
    ("seed-000: 'model=v4: … lyrics max length is 3000' (3000 fit)",
     extend_custom(model="v4", lyrics="x" * 3000), {"request.tier": "v4"}),
    ("seed-000: 'model=v4: … lyrics max length is 3000' (3001 do not)",
     extend_custom(model="v4", lyrics="x" * 3001), {"input.lyrics"}),
    ("seed-000: the limits of v4 are v4's (v5 takes more)",
     extend_custom(model="v5", tags="x" * 1000, lyrics="x" * 5000), {"request.tier": "v5"}),
    ("seed-000: 'callback_url string<uri> Optional' (absent)", extend(**SIMPLE), {"callback_url": None}),
    ("seed-000: 'callback_url' is \"\" in the examples",
     {**extend(**SIMPLE), "callback_url": ""}, {"callback_url": None, "unknown_fields": ()}),
    ("seed-000: 'Callback URL for receiving task completion notifications'",
     {**extend(**SIMPLE), "callback_url": "https://your-domain.com/api/callback"},
     {"callback_url": "https://your-domain.com/api/callback"}),
    ("seed-000: instrumental false, vocal_gender f", extend_custom(vocal_gender="f"), {"request.voice": Voice.FEMALE}),
    ("seed-000: vocal_gender has two words", extend_custom(vocal_gender="x"), {"input.vocal_gender"}),
    ("seed-000: style_weight, audio_weight, weirdness_constraint",
     extend_custom(style_weight=0.85, audio_weight=0.6, weirdness_constraint=0.2),
     {"request.controls": Controls(style_weight=Weight(85), audio_weight=Weight(60), weirdness=Weight(20))}),
    ("seed-000: negative_tags", extend_custom(negative_tags="metal, aggressive"),
     {"request.avoid": "metal, aggressive"}),
    # seed-004, in the order of the page
    ("seed-004: 'Supports two generation modes: simple and custom' (simple)",
     generate(**SIMPLE), {"request.wish": Described(prompt="a dreamy outro"), "operation": Operation.GENERATE,
                          "request.continuation": None}),
    ("seed-004: 'Supports two generation modes: simple and custom' (custom)",
     generate(**custom()), {"request.wish": Specified(title="T", style="jazz", lyrics="La la")}),
    ("seed-004: 'Each request generates a maximum of two different music variations'",
     generate(**SIMPLE), {"request.take_count": 2}),
    ("seed-004: 'instrumental-only settings'", generate(**SIMPLE, instrumental=True), {"request.voice": Voice.NOBODY}),
    ("seed-004: 'it is recommended to start with the simple mode' (what no mode means)",
     generate(prompt="x"), {"request.wish": Described(prompt="x")}),
    ("seed-004: 'Generate music with just one text prompt, no other … parameters required'",
     generate(mode="simple", prompt="x"), {"request.wish": Described(prompt="x"), "request.tier": "v5"}),
    ("seed-004: 'requires a song title, style, and lyrics (unless generating an instrumental)'",
     generate(mode="custom"), {"input.title", "input.tags", "input.lyrics"}),
    ("seed-004: '(unless generating an instrumental)'",
     generate(**custom(lyrics=None, instrumental=True)), {"request.wish": Specified(title="T", style="jazz")}),
    ("seed-004: 'optional advanced parameter settings'",
     generate(**custom(style_weight=0.85, weirdness_constraint=0.2, negative_tags="metal")),
     {"request.controls": Controls(style_weight=Weight(85), weirdness=Weight(20)), "request.avoid": "metal"}),
    ("seed-004: custom example has no instrumental: somebody sings",
     generate(**custom(vocal_gender="f")), {"request.voice": Voice.FEMALE}),
    ("seed-004: 'Must be suno/music-generate for this endpoint'",
     {"model": "", "input": SIMPLE}, {"model"}),
    ("seed-004: 'mode=simple: prompt is required'", generate(mode="simple"), {"input.prompt"}),
    ("seed-004: 'mode=custom: title and tags are required'",
     generate(mode="custom", lyrics="La"), {"input.title", "input.tags"}),
    ("seed-004: 'mode=custom and instrumental=false: lyrics is required'",
     generate(**custom(lyrics=None, instrumental=False)), {"input.lyrics"}),
    ("seed-004: 'model=v4: tags max length is 200 and lyrics max length is 3000'",
     generate(**custom(model="v4", tags="x" * 201, lyrics="x" * 3001)), {"input.tags", "input.lyrics"}),
    ("seed-004: 'callback_url … Optional'", {**generate(**SIMPLE), "callback_url": None}, {"callback_url": None}),
    # wire-contracts
    ("wire 2.2: a client trims to title 100", generate(**custom(title="x" * 101)), {"input.title"}),
    ("wire 2.2: persona_id is a field and means nothing here",
     generate(**SIMPLE, persona_id="p1"), {"unknown_fields": ("input.persona_id",)}),
    ("wire 2.2: extend of an existing track, by suno_id",
     {"model": "suno/music-extend", "input": {**SIMPLE, "task_id": "t1", "suno_id": "s1"}},
     {"request.continuation": Continuation(source=SourceTake(take_id="s1")), "operation": Operation.EXTEND}),
    ("wire 2.2: extend of an existing track, by task_id",
     {"model": "suno/music-extend", "input": {**SIMPLE, "task_id": "t1", "audio_index": 1}},
     {"request.continuation": Continuation(source=SourceTaskTake(task_id="t1", take_index=1))}),
    ("wire 2.2: extend of an existing track needs one", {"model": "suno/music-extend", "input": SIMPLE},
     {"input.task_id"}),
    ("wire 9, row 3: unknown body fields are ignored (and reported)",
     {**generate(**SIMPLE, wait=1), "x_y": 2}, {"unknown_fields": ("x_y", "input.wait")}),
    ("wire 9, row 3: empty strings mean 'not given'",
     generate(**SIMPLE, title="", tags=" ", lyrics="", negative_tags="", vocal_gender="", style_weight=""),
     {"request.voice": Voice.ANYBODY, "request.avoid": "", "request.controls": Controls()}),
    ("wire 9, row 4: v5.5", generate(**SIMPLE, model="v5.5"), {"request.tier": "v5.5", "wire_model": "v5.5"}),
    ("wire 9, row 4: suno-v…", generate(**SIMPLE, model="suno-v4-5"), {"request.tier": "v4.5"}),
    ("wire 9, row 4: chirp-v…", generate(**SIMPLE, model="chirp-v4-5-plus"), {"request.tier": "v4.5plus"}),
    ("wire 9, row 4: V5", generate(**SIMPLE, model="V5"), {"request.tier": "v5"}),
    ("wire 9, row 4: no such model", generate(**SIMPLE, model="v99"), {"input.model"}),
    ("wire 9, row 12: continue_at as numeric string",
     extend(**SIMPLE, continue_at="60.5"), {"request.continuation": Continuation(source=SOURCE, from_s=60.5)}),
    ("wire 9, row 1: a placeholder for a callback never hurts the task",
     {**generate(**SIMPLE), "callback_url": "playground"},
     {"callback_url": None, "unknown_fields": ("callback_url",)}),
    ("design: seed is an extra field in every dialect", generate(**SIMPLE, seed=7), {"request.seed": 7}),
    ("design: title, tags and lyrics in simple mode are reported as unused",
     generate(**SIMPLE, title="T", tags="x", lyrics="La"),
     {"request.wish": Described(prompt="a dreamy outro"),
      "unknown_fields": ("input.title", "input.tags", "input.lyrics")}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_sentence_of_crun_holds(sentence, body, expected, holds):
    holds(decode_create_task, body, expected)


@pytest.mark.parametrize("name", ["seed-000_curl", "seed-000_simple", "seed-000_custom", "seed-004_curl",
                                  "seed-004_simple", "seed-004_custom"])  # fmt: skip
def test_every_example_of_the_pages_is_accepted_whole(name, fixture):
    body = fixture(f"crun/request_{name}")
    accepted = decode_create_task(body)
    assert accepted.unknown_fields == ()
    assert accepted.wire_body == body


def test_the_simple_prompt_may_be_as_long_as_lyrics():
    assert quirks.SIMPLE_PROMPT_AS_LONG_AS_LYRICS  # no sentence of crun's pages limits it
    accepted = decode_create_task(generate(mode="simple", prompt="x" * 5000))
    assert accepted.request.wish == Described(prompt="x" * 5000)


def test_all_faults_of_a_request_are_told_at_once(holds):
    body = extend(mode="custom", style_weight=2, audio_weight="x", model="v4", tags="x" * 300)
    names = ("style_weight", "audio_weight", "tags", "title", "lyrics", "continue_at")
    holds(decode_create_task, body, {f"input.{name}" for name in names})
