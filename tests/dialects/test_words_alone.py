"""Tasks of words alone: how each dialect that has them tells them (wire-contracts 1.7, 1.9, 1.10)."""

from __future__ import annotations

import json

import pytest

from cadenza.dialects import samples
from cadenza.dialects.native import decode as native_decode
from cadenza.dialects.native import encode as native
from cadenza.dialects.sunoapi import encode, words
from cadenza.dialects.sunoapi.decode import decode_lyrics
from cadenza.domain.errors import Malformed
from cadenza.domain.request import Described, Specified
from cadenza.domain.task import CallbackStage, Operation, TaskState

BODY = {"prompt": "the sea", "callBackUrl": "https://example.com/cb"}


def task(state):
    return samples.task(decode_lyrics(BODY), state)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (TaskState.QUEUED, "PENDING"),
        (TaskState.RUNNING, "PENDING"),
        (TaskState.TEXT_READY, "PENDING"),
        (TaskState.FIRST_READY, "PENDING"),
        (TaskState.COMPLETE, "SUCCESS"),
        (TaskState.FAILED, "GENERATE_LYRICS_FAILED"),
        (TaskState.CANCELLED, "GENERATE_LYRICS_FAILED"),
    ],
)
def test_record_info_has_the_documented_status_and_a_response_only_at_the_end(state, status):
    reply = words.record_info(task(state))
    assert (reply["code"], reply["msg"]) == (200, "success")
    data = reply["data"]
    assert (data["status"], data["type"], data["taskId"]) == (status, "LYRICS", samples.TASK_ID)
    assert json.loads(data["param"]) == BODY
    assert (data["response"] is None) == (status != "SUCCESS")
    assert (data["errorCode"] is None) == (status != "GENERATE_LYRICS_FAILED")


def test_a_finished_task_holds_two_texts_with_their_titles():
    response = words.record_info(task(TaskState.COMPLETE))["data"]["response"]
    assert set(response) == {"taskId", "data"}
    assert len(response["data"]) == 2
    for text in response["data"]:
        assert set(text) == {"text", "title", "status", "errorMessage"}
        assert text["text"]
        assert (text["status"], text["errorMessage"]) == ("complete", "")


def test_callbacks_come_at_the_end_only():
    assert encode.callback_body(task(TaskState.TEXT_READY), CallbackStage.TEXT) is None
    assert encode.callback_body(task(TaskState.FIRST_READY), CallbackStage.FIRST) is None


def test_the_callback_of_success_holds_the_texts():
    body = encode.callback_body(task(TaskState.COMPLETE), CallbackStage.COMPLETE)
    assert body["code"] == 200
    assert (body["data"]["callbackType"], body["data"]["taskId"]) == ("complete", samples.TASK_ID)
    assert body["data"]["data"] == words.record_info(task(TaskState.COMPLETE))["data"]["response"]["data"]


def test_the_callback_of_a_failure_has_no_texts():
    body = encode.callback_body(task(TaskState.FAILED), CallbackStage.ERROR)
    assert (body["code"], body["data"]["callbackType"], body["data"]["data"]) == (500, "error", None)


def test_the_record_info_of_music_tells_words_in_their_own_form():
    assert encode.record_info(task(TaskState.COMPLETE)) == words.record_info(task(TaskState.COMPLETE))


def test_native_takes_of_words_name_no_sound():
    accepted = native_decode.decode_lyrics({"prompt": "the sea"})
    told = native.task(samples.task(accepted, TaskState.COMPLETE))
    assert (told["operation"], told["credits"]) == ("lyrics", 1)
    for take in told["takes"]:
        assert take["lyrics"]
        assert not {"audio_url", "stream_url", "duration_s"} & set(take)


def test_native_lyrics_take_style_length_seed_and_number():
    body = {"prompt": "a robot", "style": "folk", "duration_s": 90, "seed": 3, "takes": 1, "colour": "red"}
    accepted = native_decode.decode_lyrics(body)
    request = accepted.request
    assert request.wish == Specified(title="", style="folk", description="a robot")
    assert (request.duration_s, request.seed, request.take_count) == (90, 3, 1)
    assert (accepted.operation, accepted.unknown_fields) == (Operation.LYRICS, ("colour",))
    assert native_decode.decode_lyrics({"prompt": "a robot"}).request.wish == Described(prompt="a robot")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "x", "takes": 9}, "takes"),
        ({"prompt": "x", "callback_url": "no"}, "callback_url"),
    ],
)
def test_native_lyrics_name_what_is_wrong(body, field):
    with pytest.raises(Malformed) as refusal:
        native_decode.decode_lyrics(body)
    assert [fault.field for fault in refusal.value.faults] == [field]
