"""add-vocals and add-instrumental (wire-contracts 1.4), sentence by sentence, and how their tasks are told."""

# ruff: noqa: E501 - a row is one sentence of a document and what it means; broken rows read worse

import json

import pytest

from cadenza.dialects import samples
from cadenza.dialects.sunoapi import encode
from cadenza.dialects.sunoapi.decode_overlay import decode_add_instrumental, decode_add_vocals
from cadenza.domain.request import (
    Continuation,
    Controls,
    Overlay,
    SourceUrl,
    Specified,
    Voice,
    Weight,
)
from cadenza.domain.serial import request_from_json, request_to_json
from cadenza.domain.task import CallbackStage, Dialect, Operation, TaskState
from cadenza.domain.tiers import TIERS, price

URL = "https://storage.example.com/upload"
WORDS = "[Verse]\nLa la"


def sung(**more):
    return {"uploadUrl": URL, "prompt": WORDS, "title": "T", "negativeTags": "metal", "style": "jazz", **more}


def played(**more):
    return {"uploadUrl": URL, "title": "T", "negativeTags": "metal", "tags": "piano", **more}


SUNG_ROWS = [
    ("uploadUrl*", sung(uploadUrl=None), {"uploadUrl"}),
    ("uploadUrl* (must be one)", sung(uploadUrl="/x"), {"uploadUrl"}),
    ("uploadUrl*: the recording stays whole", sung(),
     {"request.continuation": Continuation(source=SourceUrl(url=URL), overlay=Overlay.VOCALS),
      "operation": Operation.ADD_VOCALS}),
    ("prompt*", sung(prompt=""), {"prompt"}),
    ("prompt*: words are sung", sung(),
     {"request.wish": Specified(title="T", style="jazz", lyrics=WORDS)}),
    ("prompt*: a line of prose is what they are about", sung(prompt="a song about the sea"),
     {"request.wish": Specified(title="T", style="jazz", description="a song about the sea")}),
    ("title*", sung(title=None), {"title"}),
    ("negativeTags*", sung(negativeTags=None), {"negativeTags"}),
    ("negativeTags*: kept out", sung(), {"request.avoid": "metal"}),
    ("style*", sung(style=None), {"style"}),
    ("callBackUrl*", sung(callBackUrl=URL), {"callback_url": URL}),
    ("callBackUrl*: as on the other pages, who polls needs none", sung(), {"callback_url": None}),
    ("model: V4_5PLUS default", sung(), {"wire_model": "V4_5PLUS", "request.tier": "v4.5plus"}),
    ("model: V5", sung(model="V5"), {"wire_model": "V5", "request.tier": "v5"}),
    ("model: V5_5", sung(model="V5_5"), {"request.tier": "v5.5"}),
    ("model: an unknown one", sung(model="V9"), {"model"}),
    ("weights", sung(styleWeight=0.1, weirdnessConstraint=0.2, audioWeight=0.3),
     {"request.controls": Controls(style_weight=Weight(10), weirdness=Weight(20), audio_weight=Weight(30))}),
    ("weights: 0 to 1", sung(styleWeight=1.1), {"styleWeight"}),
    ("vocalGender", sung(vocalGender="f"), {"request.voice": Voice.FEMALE}),
    ("vocalGender: absent", sung(), {"request.voice": Voice.ANYBODY}),
    ("wire 1.2: prompt 5000, style 1000, title 100", sung(prompt="x" * 5000, style="x" * 1000, title="x" * 100),
     {"operation": Operation.ADD_VOCALS}),
    ("wire 1.2: longer ones", sung(prompt="x" * 5001, style="x" * 1001, title="x" * 101), {"prompt", "style", "title"}),
    ("wire 1.2: V4 has 3000, 200 and 80", sung(model="V4", prompt="x" * 3001, style="x" * 201, title="x" * 81),
     {"prompt", "style", "title"}),
    ("ours: seed", sung(seed=7), {"request.seed": 7}),
    ("unknown fields are reported", sung(continueAt=3), {"unknown_fields": ("continueAt",)}),
]  # fmt: skip
PLAYED_ROWS = [
    ("uploadUrl*", played(uploadUrl=None), {"uploadUrl"}),
    ("uploadUrl*: the recording stays whole", played(),
     {"request.continuation": Continuation(source=SourceUrl(url=URL), overlay=Overlay.INSTRUMENTS),
      "operation": Operation.ADD_INSTRUMENTAL, "request.voice": Voice.NOBODY}),
    ("title*", played(title=None), {"title"}),
    ("negativeTags*", played(negativeTags=""), {"negativeTags"}),
    ("tags*", played(tags=None), {"tags"}),
    ("tags*: what plays", played(), {"request.wish": Specified(title="T", style="piano")}),
    ("tags*: 1000 characters", played(tags="x" * 1001), {"tags"}),
    ("callBackUrl*", played(callBackUrl=URL), {"callback_url": URL}),
    ("model: V4_5PLUS default", played(), {"wire_model": "V4_5PLUS", "request.tier": "v4.5plus"}),
    ("model: V5_5", played(model="V5_5"), {"request.tier": "v5.5"}),
    ("weights", played(audioWeight=0.3), {"request.controls": Controls(audio_weight=Weight(30))}),
    ("vocalGender means nothing where nobody of ours sings", played(vocalGender="m"),
     {"request.voice": Voice.NOBODY, "unknown_fields": ("vocalGender",)}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "body", "expected"), SUNG_ROWS, ids=[row[0] for row in SUNG_ROWS])
def test_a_sentence_of_add_vocals_holds(sentence, body, expected, holds):
    holds(decode_add_vocals, body, expected)


@pytest.mark.parametrize(("sentence", "body", "expected"), PLAYED_ROWS, ids=[row[0] for row in PLAYED_ROWS])
def test_a_sentence_of_add_instrumental_holds(sentence, body, expected, holds):
    holds(decode_add_instrumental, body, expected)


BOTH = pytest.mark.parametrize(
    ("name", "decode"), [("add-vocals", decode_add_vocals), ("add-instrumental", decode_add_instrumental)]
)


@BOTH
def test_every_field_of_the_table_is_understood(name, decode, fixture):
    body = fixture(f"sunoapi/request_{name}")
    accepted = decode(body)
    assert accepted.unknown_fields == ()
    assert accepted.wire_body == body
    assert request_from_json(json.loads(json.dumps(request_to_json(accepted.request)))) == accepted.request


@BOTH
def test_record_info_names_the_operation_and_has_the_members_of_every_music_task(name, decode, fixture):
    task = samples.task(decode(fixture(f"sunoapi/request_{name}")), TaskState.COMPLETE)
    reply = encode.record_info(task)
    known = fixture("sunoapi/reply_record_info_complete")
    assert reply["data"]["operationType"] == name.replace("-", "_")
    assert reply["data"].keys() == known["data"].keys()
    for track in reply["data"]["response"]["sunoData"]:
        assert track.keys() == known["data"]["response"]["sunoData"][0].keys()
        assert track["joinedAtS"] is None  # nothing is joined: the recording stays whole
        assert track["newPartUrl"]


@BOTH
def test_callbacks_come_at_text_first_and_complete(name, decode, fixture):
    accepted = decode(fixture(f"sunoapi/request_{name}"))
    for stage, state, tracks in (
        (CallbackStage.TEXT, TaskState.TEXT_READY, 0),
        (CallbackStage.FIRST, TaskState.FIRST_READY, 1),
        (CallbackStage.COMPLETE, TaskState.COMPLETE, 2),
    ):
        data = encode.callback_body(samples.task(accepted, state), stage)["data"]
        assert data["callbackType"] == stage.value
        assert len(data["data"]) == tracks


def test_they_cost_what_the_list_says():  # wire-contracts 1.1: 12 credits
    assert price(TIERS["v4.5plus"], Dialect.SUNOAPI) == 12
