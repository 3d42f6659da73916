"""apiin.one's pages, sentence by sentence (seed-003: extend)."""

# ruff: noqa: E501 - a row is one sentence of a document and what it means; broken rows read worse

import pytest

from cadenza.dialects.apiin.decode import decode_music, decode_music_extend
from cadenza.domain.request import (
    Continuation,
    Controls,
    Described,
    Inherited,
    SourceTaskTake,
    Specified,
    Voice,
    Weight,
)
from cadenza.domain.task import Operation
from cadenza.domain.tiers import TIER_OF_SOURCE

TASK = "gen20e094aeaadfe494ea33a5c80ee596083bksv"


def inherit(**more):
    return {"origin_task_id": TASK, "extend_audio_index": 0, **more}


def custom(**more):
    return inherit(custom_mode=True, **{"prompt": "Make it calm.", **more})


def source(index=0):
    return SourceTaskTake(task_id=TASK, take_index=index)


EXTEND_ROWS = [
    ("seed-003: 'Extend existing music tracks by adding new content to the end'",
     inherit(), {"operation": Operation.EXTEND, "request.continuation": Continuation(source=source())}),
    ("seed-003: 'Inherit Mode (custom_mode: false): … inherits ALL parameters'",
     inherit(custom_mode=False), {"request.wish": Inherited(), "request.tier": TIER_OF_SOURCE, "wire_model": ""}),
    ("seed-003: 'no additional parameters needed'", inherit(), {"request.wish": Inherited()}),
    ("seed-003: 'Custom Mode (custom_mode: true): Override … prompt, style, title, and starting time'",
     custom(style="lyrical", title="lyrical song", extensionStartTime=150),
     {"request.wish": Specified(title="lyrical song", style="lyrical", description="Make it calm."),
      "request.continuation": Continuation(source=source(), from_s=150.0)}),
    ("seed-003: Required Parameters origin_task_id", inherit(origin_task_id=""), {"origin_task_id"}),
    ("seed-003: Required Parameters extend_audio_index", inherit(extend_audio_index=None), {"extend_audio_index"}),
    ("seed-003: extend_audio_index '0 for the first audio variation'", inherit(extend_audio_index=0),
     {"request.continuation.source": source(0)}),
    ("seed-003: extend_audio_index '1 for the second audio'", inherit(extend_audio_index=1),
     {"request.continuation.source": source(1)}),
    ("seed-003: extend_audio_index is 0 or 1", inherit(extend_audio_index=2), {"extend_audio_index"}),
    ("seed-003: extend_audio_index is 0 or 1 (below)", inherit(extend_audio_index=-1), {"extend_audio_index"}),
    ("seed-003: extend_audio_index number", inherit(extend_audio_index=True), {"extend_audio_index"}),
    ("seed-003: custom_mode 'Defaults to false'", inherit(prompt="ignored"),
     {"request.wish": Inherited(), "unknown_fields": ("prompt",)}),
    ("seed-003: custom_mode boolean", inherit(custom_mode="perhaps"), {"custom_mode"}),
    ("seed-003: callback_url 'optional string'", inherit(), {"callback_url": None}),
    ("seed-003: callback_url 'receive real-time results via POST'", inherit(callback_url="https://a.example/cb"),
     {"callback_url": "https://a.example/cb"}),
    ("seed-003: prompt 'New lyrics or description' (description)", custom(prompt="calm and lyrical."),
     {"request.wish": Specified(title="", style="", description="calm and lyrical.")}),
    ("seed-003: prompt 'New lyrics or description' (lyrics)", custom(prompt="[Verse]\nLa la"),
     {"request.wish": Specified(title="", style="", lyrics="[Verse]\nLa la")}),
    ("seed-003: prompt 'Required if custom_mode is true'", custom(prompt=None), {"prompt"}),
    ("seed-003: style 'optional … Musical style/genre for the extension'", custom(style="lyrical"),
     {"request.wish": Specified(title="", style="lyrical", description="Make it calm.")}),
    ("seed-003: title 'optional … Title for the extended track'", custom(title="X"),
     {"request.wish": Specified(title="X", style="", description="Make it calm.")}),
    ("seed-003: extensionStartTime 'Must be > 0'", custom(extensionStartTime=0), {"extensionStartTime"}),
    ("seed-003: extensionStartTime 'optional number'", custom(), {"request.continuation": Continuation(source=source())}),
    ("seed-003: tags 'Additional tags for the extension' (beside style)", custom(style="lyrical", tags="soft"),
     {"request.wish": Specified(title="", style="lyrical, soft", description="Make it calm."), "request.avoid": ""}),
    ("seed-003: tags 'Additional tags for the extension' (alone)", custom(tags="soft"),
     {"request.wish": Specified(title="", style="soft", description="Make it calm.")}),
    ("wire 9, row 3: unknown body fields are ignored", inherit(model="x"), {"unknown_fields": ("model",)}),
    ("design: seed is an extra field in every dialect", inherit(seed="12"), {"request.seed": 12}),
    ("design: exactly two takes", inherit(), {"request.take_count": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), EXTEND_ROWS, ids=[row[0] for row in EXTEND_ROWS])
def test_a_sentence_of_extend_holds(sentence, body, expected, holds):
    holds(decode_music_extend, body, expected)


def idea(**more):
    return {"gpt_description_prompt": "a calm song", **more}


def song(**more):
    return {"prompt": "[Verse]\nLa", "style": "pop", "title": "T", **more}


MUSIC_ROWS = [
    ("wire 3: inspiration mode gpt_description_prompt", idea(),
     {"request.wish": Described(prompt="a calm song"), "operation": Operation.GENERATE}),
    ("wire 3: gpt_description_prompt <= 400 (fits)", idea(gpt_description_prompt="x" * 400), {"request.tier": "v3.5"}),
    ("wire 3: gpt_description_prompt <= 400", idea(gpt_description_prompt="x" * 401), {"gpt_description_prompt"}),
    ("wire 3: model 'default is 3.5'", idea(), {"request.tier": "v3.5", "wire_model": "suno-v3-5"}),
    ("wire 3: suno-v4-0-vip", idea(model="suno-v4-0-vip"), {"request.tier": "v4", "wire_model": "suno-v4-0-vip"}),
    ("wire 3: suno-v4-0-pro", idea(model="suno-v4-0-pro"), {"request.tier": "v4"}),
    ("wire 3: suno-v4-5", idea(model="suno-v4-5"), {"request.tier": "v4.5"}),
    ("wire 3: suno-v5-0", idea(model="suno-v5-0"), {"request.tier": "v5"}),
    ("wire 3: chirp-v3-5", idea(model="chirp-v3-5"), {"request.tier": "v3.5"}),
    ("wire 3: chirp-v4-0", idea(model="chirp-v4-0"), {"request.tier": "v4"}),
    ("wire 3: chirp-v4-5-plus", idea(model="chirp-v4-5-plus"), {"request.tier": "v4.5plus"}),
    ("wire 3: chirp-v5-5", idea(model="chirp-v5-5"), {"request.tier": "v5.5"}),
    ("wire 3: an unknown model", idea(model="bark"), {"model"}),
    ("wire 3: make_instrumental (false)", idea(), {"request.voice": Voice.ANYBODY}),
    ("wire 3: make_instrumental true", idea(make_instrumental=True), {"request.voice": Voice.NOBODY}),
    ("wire 3: custom mode prompt, style, title", song(),
     {"request.wish": Specified(title="T", style="pop", lyrics="[Verse]\nLa")}),
    ("wire 3: prompt 3000 before v4-5", song(prompt="x" * 3001), {"prompt"}),
    ("wire 3: prompt 5000 from v4-5 (fits)", song(model="chirp-v4-5", prompt="x" * 5000), {"request.tier": "v4.5"}),
    ("wire 3: prompt 5000 from v4-5", song(model="chirp-v4-5", prompt="x" * 5001), {"prompt"}),
    ("wire 3: style 200 before v4-5", song(style="x" * 201), {"style"}),
    ("wire 3: style 1000 from v4-5", song(model="suno-v4-5", style="x" * 1000), {"request.tier": "v4.5"}),
    ("wire 3: title 80", song(title="x" * 81), {"title"}),
    ("wire 3: tags 'described as tags to avoid'", song(tags="metal"),
     {"request.avoid": "metal", "request.wish": Specified(title="T", style="pop", lyrics="[Verse]\nLa")}),
    ("wire 3: gender male", song(gender="male"), {"request.voice": Voice.MALE}),
    ("wire 3: gender female", song(gender="female"), {"request.voice": Voice.FEMALE}),
    ("wire 3: gender male/female only", song(gender="other"), {"gender"}),
    ("wire 3: style_weight, weirdness_constraint, audio_weight (0..1)",
     song(style_weight=0.1, weirdness_constraint=0.2, audio_weight=0.3),
     {"request.controls": Controls(style_weight=Weight(10), weirdness=Weight(20), audio_weight=Weight(30))}),
    ("wire 3: weights are 0..1", song(style_weight=2, weirdness_constraint=-1, audio_weight=1.5),
     {"style_weight", "weirdness_constraint", "audio_weight"}),
    ("wire 3: callback_url", song(callback_url="https://a.example/cb"), {"callback_url": "https://a.example/cb"}),
    ("wire 3: neither mode is asked for", {}, {"prompt"}),
    ("wire 3: an instrumental needs some wish", {"make_instrumental": True}, {"style"}),
    ("wire 3: an instrumental from a style alone", {"make_instrumental": True, "style": "pop"},
     {"request.wish": Specified(title="", style="pop")}),
    ("quirk PROMPT_ALONE_MAY_DESCRIBE: a prompt alone in one line describes", {"prompt": "a calm song"},
     {"request.wish": Described(prompt="a calm song")}),
    ("quirk PROMPT_ALONE_MAY_DESCRIBE: words in lines are sung", {"prompt": "La la\nla"},
     {"request.wish": Specified(title="", style="", lyrics="La la\nla")}),
    ("wire 3: custom fields beside a description mean nothing", idea(title="T"), {"unknown_fields": ("title",)}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), MUSIC_ROWS, ids=[row[0] for row in MUSIC_ROWS])
def test_a_sentence_of_music_holds(sentence, body, expected, holds):
    holds(decode_music, body, expected)


@pytest.mark.parametrize("name", ["request_seed-003_inherit", "request_seed-003_custom"])
def test_every_example_of_the_extend_page_is_accepted_whole(name, fixture):
    accepted = decode_music_extend(fixture(f"apiin/{name}"))
    assert accepted.unknown_fields == ()
    assert accepted.wire_body == fixture(f"apiin/{name}")


@pytest.mark.parametrize("name", ["request_music", "request_music_inspiration"])
def test_the_examples_of_the_generate_page_are_accepted_whole(name, fixture):
    assert decode_music(fixture(f"apiin/{name}")).unknown_fields == ()
