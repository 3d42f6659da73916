"""SS-17: nobody scans other hosts and ports through this server."""

from __future__ import annotations

import pytest

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.errors import RateLimited
from cadenza.domain.task import Dialect
from cadenza.stores.schema import tasks
from cadenza.web.door.reach import Reach

LIMIT = {"CADENZA_PLACES_PER_ACCOUNT": "5"}


def with_callback(dialect, url):
    crun = REQUESTS[Dialect.CRUN]["generate simple"]
    return {
        "crun": ("POST", "/api/v1/client/job/CreateTask", {**crun, "callback_url": url}),
        "sunoapi": (
            "POST",
            "/api/v1/generate",
            {**REQUESTS[Dialect.SUNOAPI]["generate simple"], "callBackUrl": url},
        ),
        "apiin": (
            "POST",
            "/api/v1/audio/music",
            {**REQUESTS[Dialect.APIIN]["music inspiration"], "callback_url": url},
        ),
        "native": ("POST", "/v1/tasks", {"prompt": "rain", "callback_url": url}),
    }[dialect]


def code_of(answer):
    return answer.json().get("code", answer.status_code)


@pytest.mark.parametrize("dialect", ["crun", "sunoapi", "apiin", "native"])
def test_ss_17_callbacks_to_many_ports_are_refused_from_some_number_on(sqlite_house, dialect, tried):
    key = sqlite_house.caller("me", credits=10_000)
    ports = range(10_000, 10_000 + 100)
    requests = [with_callback(dialect, f"http://victim.test:{port}/x") for port in ports]
    answers = sqlite_house.ask(key, *requests, **LIMIT)
    tried(len(answers))
    assert {code_of(answer) for answer in answers[:5]} <= {200, 201}
    refused = answers[5:]
    assert {code_of(answer) for answer in refused} == {430 if dialect == "sunoapi" else 429}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert sqlite_house.count(tasks) == 5


def test_ss_17_every_way_to_name_a_place_counts_together(sqlite_house):
    key = sqlite_house.caller("me")
    source = {"source": {"url": "https://one.test/a.mp3"}, "continue_at_s": 5}
    *fine, refused = sqlite_house.ask(
        key,
        ("POST", "/v1/tasks", {**source, "callback_url": "https://two.test/x"}),
        with_callback("native", "https://two.test:444/x"),
        ("POST", "/v1/callbacks/test", {"url": "http://127.0.0.1:3/"}),
        ("POST", "/v1/uploads", {"url": "http://192.0.2.1:8080/x.wav"}),
        with_callback("native", "https://six.test/x"),
        CADENZA_PLACES_PER_ACCOUNT="4",
    )
    assert 429 not in {code_of(answer) for answer in fine[:3]}
    assert refused.status_code == 429
    assert "4 different hosts and ports" in refused.json()["detail"]


def test_ss_17_what_is_said_of_a_place_is_the_same_for_all_that_are_refused(sqlite_house):
    key = sqlite_house.caller("me")
    urls = [f"http://127.0.0.1:{port}/" for port in (3000, 3001, 8099)] + [
        "http://nobody.invalid/",
        "http://10.0.0.1/",
    ]
    answers = sqlite_house.ask(key, *[("POST", "/v1/callbacks/test", {"url": url}) for url in urls])
    told = {(answer.status_code, answer.json().get("reason")) for answer in answers}
    assert len(told) == 1, told


def test_ss_17_places_in_use_cost_nothing_and_others_are_not_hurt(sqlite_house):
    mine, yours = sqlite_house.caller("me", credits=10_000), sqlite_house.caller("you")
    many = [
        with_callback("native", f"https://{place}.test/x/{number}")
        for number in range(10)
        for place in "abcde"
    ]
    answers = sqlite_house.ask(mine, *many, **LIMIT)
    assert {answer.status_code for answer in answers} == {201}
    (other,) = sqlite_house.ask(yours, with_callback("native", "https://f.test/"))
    assert other.status_code == 201


def test_ss_17_places_are_forgotten_after_ten_minutes_without_use(clock):
    reach = Reach(limit=2, clock=clock)
    reach.admit("a", ["http://one.test/"])
    clock.advance(300)
    reach.admit("a", ["http://two.test/x", "http://TWO.test:/y"])
    with pytest.raises(RateLimited) as refusal:
        reach.admit("a", ["http://three.test/"])
    assert refusal.value.retry_after_s == 300
    clock.advance(300)
    reach.admit("a", ["http://three.test/"])
    reach.admit("b", ["http://four.test/"])


def test_ss_17_a_limit_of_nought_counts_nothing(clock):
    reach = Reach(limit=0, clock=clock)
    for port in range(1, 500):
        reach.admit("a", [f"http://one.test:{port}/"])
    assert not reach._used
