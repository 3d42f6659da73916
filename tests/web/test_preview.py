"""``"preview": true``: the join of a continuation, for one credit."""

import base64

import pytest

from cadenza.testing.audio import chord
from cadenza.testing.files import file_bytes


@pytest.fixture
def key(sqlite_house):
    return sqlite_house.caller("me", credits=5)


def test_a_preview_costs_one_credit_and_a_whole_take_its_price(sqlite_house, key):
    recording = base64.b64encode(file_bytes(chord((60,), 3.0), "wav")).decode()
    (left,) = sqlite_house.ask(key, ("POST", "/v1/uploads", {"data_base64": recording}))
    body = {"source": {"upload_id": left.json()["id"]}, "continue_at_s": 2.0}
    told, made, refused = sqlite_house.ask(
        key,
        ("POST", "/v1/estimate", {**body, "preview": True}),
        ("POST", "/v1/tasks", {**body, "preview": True}),
        ("POST", "/v1/tasks", body),
    )
    assert (told.json()["credits"], made.status_code, made.json()["credits"]) == (1, 201, 1)
    assert refused.status_code == 402
    assert sqlite_house.balance("me") == 4


def test_a_preview_of_what_has_no_join_is_refused(sqlite_house, key):
    (answer,) = sqlite_house.ask(key, ("POST", "/v1/tasks", {"prompt": "rain", "preview": True}))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["preview"]
