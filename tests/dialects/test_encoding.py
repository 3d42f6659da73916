"""Replies and callbacks are, byte for byte in JSON, what the fixtures of the wire say."""

import datetime as dt
import json

import pytest

from cadenza.dialects.apiin import encode as apiin
from cadenza.dialects.crun import encode as crun
from cadenza.dialects.native import encode as native
from cadenza.dialects.sunoapi import encode as sunoapi
from cadenza.domain.task import CallbackStage, TaskState

STATE_AT = {
    CallbackStage.TEXT: TaskState.TEXT_READY,
    CallbackStage.FIRST: TaskState.FIRST_READY,
    CallbackStage.COMPLETE: TaskState.COMPLETE,
    CallbackStage.ERROR: TaskState.FAILED,
}
REPLIES = [
    ("crun", crun.task_info, "task_info"),
    ("sunoapi", sunoapi.record_info, "record_info"),
    ("apiin", apiin.feed, "feed"),
    ("apiin", apiin.task_status, "task_status"),
    ("native", native.task, "task"),
]
DIALECTS = [("crun", crun), ("sunoapi", sunoapi), ("apiin", apiin), ("native", native)]

states = pytest.mark.parametrize("state", list(TaskState), ids=lambda state: state.value)
stages = pytest.mark.parametrize("stage", list(CallbackStage), ids=lambda stage: stage.value)


def as_json(value):
    return json.loads(json.dumps(value, allow_nan=False))


@states
@pytest.mark.parametrize(("name", "encode", "label"), REPLIES, ids=lambda value: str(value)[:20])
def test_a_task_in_each_state_is_told_as_in_the_fixture(name, encode, label, state, sample, fixture):
    assert as_json(encode(sample(name, state))) == fixture(f"{name}/reply_{label}_{state.value}")


@pytest.mark.parametrize(("name", "encode"), DIALECTS)
def test_a_created_task_is_answered_as_in_the_fixture(name, encode, sample, fixture):
    assert as_json(encode.created(sample(name, TaskState.QUEUED))) == fixture(f"{name}/reply_created")


@stages
@pytest.mark.parametrize(("name", "encode"), DIALECTS)
def test_each_stage_is_called_back_as_in_the_fixture(name, encode, stage, sample, fixture):
    body = encode.callback_body(sample(name, STATE_AT[stage]), stage)
    if name == "crun" and stage in {CallbackStage.TEXT, CallbackStage.FIRST}:
        assert body is None
    else:
        assert as_json(body) == fixture(f"{name}/callback_{stage.value}")


def test_credits_and_prices_are_told_as_in_the_fixtures(fixture):
    assert crun.balance(412) == fixture("crun/reply_balance")
    assert crun.estimate(10) == fixture("crun/reply_estimate")
    assert sunoapi.balance(412) == fixture("sunoapi/reply_credit") == fixture("sunoapi/documented_credit")
    assert native.balance(412) == {"credits": 412}
    assert native.estimate(12) == {"credits": 12}


def test_an_upload_is_told_as_in_the_fixtures(fixture):
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    reply = sunoapi.uploaded(
        file_name="in.wav",
        file_path="audio/in.wav",
        url="https://files.local/audio/in.wav",
        size_bytes=1048576,
        mime_type="audio/wav",
        uploaded_at=at,
    )
    assert reply == fixture("sunoapi/reply_upload")
    own = native.uploaded(
        upload_id="upload_1",
        file_name="in.wav",
        url="https://files.local/in.wav",
        size_bytes=1048576,
        mime_type="audio/wav",
        duration_s=63.5,
        uploaded_at=at,
        expires_at=at + dt.timedelta(days=3),
    )
    assert own == fixture("native/reply_upload")


def test_a_page_of_tasks_is_told_as_in_the_fixture(sample, fixture):
    page = native.task_list([sample("native", TaskState.COMPLETE)], next_cursor="c2")
    assert as_json(page) == fixture("native/reply_list")


@pytest.mark.parametrize(
    ("documented", "ours"),
    [
        ("crun/documented_created", "crun/reply_created"),
        ("crun/documented_task_info", "crun/reply_task_info_complete"),
        ("sunoapi/documented_created", "sunoapi/reply_created"),
        ("sunoapi/documented_record_info", "sunoapi/reply_record_info_complete"),
        ("sunoapi/documented_upload", "sunoapi/reply_upload"),
        ("sunoapi/documented_callback_complete", "sunoapi/callback_complete"),
        ("sunoapi/documented_callback_error", "sunoapi/callback_error"),
        ("apiin/documented_created", "apiin/reply_created"),
        ("apiin/documented_feed", "apiin/reply_feed_complete"),
    ],
)
def test_our_reply_has_every_member_of_the_documented_one_with_its_type(documented, ours, fixture):
    assert list(missing(fixture(documented), fixture(ours))) == []


# What the caller sent is given back as it was sent, so its members are the request's own.
ECHOED = {"request_body", "input"}


def missing(documented, ours, path="$"):
    """Yield the places where ours lacks a documented member or has another type."""
    if isinstance(documented, dict):
        for name, value in documented.items():
            if not isinstance(ours, dict) or name not in ours:
                yield f"{path}.{name} is not there"
            elif name not in ECHOED:
                yield from missing(value, ours[name], f"{path}.{name}")
    elif isinstance(documented, list):
        for index, value in enumerate(ours if documented else ()):
            yield from missing(documented[0], value, f"{path}[{index}]")
    elif documented is not None and ours is not None and json_type(documented) != json_type(ours):
        yield f"{path} is of another type"


def json_type(value):
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


# The rules that programs rely on (place in brackets), over and above the fixtures.


def test_crun_result_duration_and_end_are_null_while_running(sample):  # wire-contracts 2.3
    data = crun.task_info(sample("crun", TaskState.RUNNING))["data"]
    assert (data["result"], data["duration_s"], data["complete_at"]) == (None, None, None)
    assert "credits" not in data


def test_crun_times_are_unix_seconds(sample):  # wire-contracts 2.3
    data = crun.task_info(sample("crun", TaskState.COMPLETE))["data"]
    assert (data["create_at"], data["complete_at"], data["duration_s"]) == (1768900378, 1768900471, 93)


def test_crun_failed_task_costs_nothing_and_says_why(sample):  # wire-contracts 2.3
    data = crun.task_info(sample("crun", TaskState.FAILED))["data"]
    assert (data["status"], data["credits"]) == ("failed", 0)
    assert data["result"]["message"]
    assert isinstance(data["result"]["code"], int)


def test_crun_callback_is_the_data_object_of_the_query(sample):  # seed-000: callback_url
    task = sample("crun", TaskState.COMPLETE)
    assert crun.callback_body(task, CallbackStage.COMPLETE) == crun.task_info(task)["data"]


def test_sunoapi_param_is_a_json_string_of_the_request(sample, fixture):  # wire-contracts 1.6
    data = sunoapi.record_info(sample("sunoapi", TaskState.QUEUED))["data"]
    assert json.loads(data["param"]) == fixture("sunoapi/request_seed-002_curl")


@pytest.mark.parametrize(
    "state", [TaskState.QUEUED, TaskState.RUNNING, TaskState.FAILED, TaskState.CANCELLED]
)
def test_sunoapi_response_is_null_until_there_are_tracks(state, sample):  # wire-contracts 9, row 7
    assert sunoapi.record_info(sample("sunoapi", state))["data"]["response"] is None


def test_sunoapi_audio_url_is_never_empty_at_success(sample):  # wire-contracts 9, row 10
    data = sunoapi.record_info(sample("sunoapi", TaskState.COMPLETE))["data"]
    assert all(track["audioUrl"].startswith("https://") for track in data["response"]["sunoData"])


@pytest.mark.parametrize("state", [TaskState.FAILED, TaskState.CANCELLED])
def test_sunoapi_failure_names_hold_fail_or_error(state, sample):  # wire-contracts 9, row 8
    data = sunoapi.record_info(sample("sunoapi", state))["data"]
    assert "FAIL" in data["status"]
    assert data["errorMessage"]


@stages
def test_sunoapi_callback_satisfies_every_reader(stage, sample):  # wire-contracts 9, row 14
    data = sunoapi.callback_body(sample("sunoapi", STATE_AT[stage]), stage)["data"]
    assert {"task_id", "taskId", "status", "callbackType", "data", "response"} <= data.keys()
    assert data["task_id"] == data["taskId"]


def test_sunoapi_text_stage_has_an_empty_list_and_error_null(sample):  # wire-contracts 1.9
    text = sunoapi.callback_body(sample("sunoapi", TaskState.TEXT_READY), CallbackStage.TEXT)
    error = sunoapi.callback_body(sample("sunoapi", TaskState.FAILED), CallbackStage.ERROR)
    assert (text["data"]["data"], error["data"]["data"]) == ([], None)


def test_sunoapi_first_stage_has_only_the_tracks_that_can_be_fetched(sample):  # wire-contracts 1.9
    body = sunoapi.callback_body(sample("sunoapi", TaskState.FIRST_READY), CallbackStage.FIRST)
    assert [bool(track["audio_url"]) for track in body["data"]["data"]] == [True]


def test_sunoapi_operation_names_are_the_documented_ones(sample):  # wire-contracts 1.6
    data = sunoapi.record_info(sample("sunoapi", TaskState.QUEUED))["data"]
    assert data["operationType"] == "upload_extend"


def test_lyric_and_prompt_are_filled_even_where_nobody_sings(sample):
    data = sunoapi.record_info(sample("sunoapi", TaskState.COMPLETE))["data"]
    for track in data["response"]["sunoData"]:
        assert (track["lyric"], track["prompt"]) == (
            "[Instrumental]",
            "Extend the music with more relaxing notes",
        )


def test_the_new_part_alone_is_an_extra_field_in_every_dialect(sample):  # wire-contracts 7, row 1
    def done(name):
        return sample(name, TaskState.COMPLETE)

    assert crun.task_info(done("crun"))["data"]["result"]["suno_data"][0]["new_part_url"]
    assert sunoapi.record_info(done("sunoapi"))["data"]["response"]["sunoData"][0]["newPartUrl"]
    assert apiin.feed(done("apiin"))["data"]["response_data"][0]["new_part_url"]
    assert native.task(done("native"))["takes"][0]["new_part_url"]


def test_apiin_types_go_from_pending_to_success(sample):  # wire-contracts 7, row 9
    types = [apiin.feed(sample("apiin", state))["data"]["type"] for state in TaskState]
    assert types == ["PENDING", "PENDING", "TEXT_SUCCESS", "FIRST_SUCCESS", "SUCCESS", "FAILED", "FAILED"]


def test_apiin_status_satisfies_a_generic_reader(sample):  # wire-contracts 3: COMPLETED, FAILED, data.error
    done = apiin.task_status(sample("apiin", TaskState.COMPLETE))
    failed = apiin.task_status(sample("apiin", TaskState.FAILED))
    assert (done["status"].upper(), done["data"]["status"].upper()) == ("COMPLETED", "COMPLETED")
    assert failed["status"].upper() == "FAILED"
    assert failed["data"]["error"]


def test_apiin_model_is_spelt_as_the_caller_did(sample):
    assert apiin.created(sample("apiin music", TaskState.QUEUED))["model"] == "chirp-v4-5"


def test_unknown_fields_and_what_was_honoured_are_told_in_every_dialect(sample):
    for name, encode in (("crun", crun.task_info), ("sunoapi", sunoapi.record_info), ("apiin", apiin.feed)):
        extra = encode(sample(name, TaskState.COMPLETE))["data"]["cadenza"]
        assert extra["honoured"] == {"style": {"fidelity": "exact", "reason": ""}}
        assert extra["unknown_fields"] == []
