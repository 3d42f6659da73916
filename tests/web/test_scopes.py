"""AU-11: what a key may do, and how much it may spend."""

from __future__ import annotations

import re

import pytest

from cadenza.dialects.samples import REQUESTS
from cadenza.domain.scopes import USUAL, Scope
from cadenza.domain.task import Dialect
from cadenza.stores.schema import budgets, ledger, tasks
from cadenza.tasks.keys import Budget

CREATING = {
    "crun": ("/api/v1/client/job/CreateTask", REQUESTS[Dialect.CRUN]["generate simple"], 401, 402),
    "sunoapi": ("/api/v1/generate", REQUESTS[Dialect.SUNOAPI]["generate simple"], 401, 429),
    "apiin": ("/api/v1/audio/music", REQUESTS[Dialect.APIIN]["music inspiration"], 403, 402),
    "native": ("/v1/tasks", {"prompt": "rain"}, 403, 402),
}
dialects = pytest.mark.parametrize("dialect", CREATING)
NATIVE = ("POST", "/v1/tasks", {"prompt": "rain"})

# Which scope each route asks for. A route that is not here fails the test below.
CREATE = {
    "POST /v1/tasks", "POST /v1/lyrics", "POST /api/v1/lyrics", "POST /v1/estimate",
    "POST /api/v1/client/job/CreateTask",
    "POST /api/v1/client/job/estimate-credits", "POST /api/v1/generate", "POST /api/v1/generate/extend",
    "POST /api/v1/generate/add-vocals", "POST /api/v1/generate/add-instrumental",
    "POST /api/v1/generate/upload-extend", "POST /api/v1/audio/music", "POST /api/v1/audio/music/extend",
}  # fmt: skip
UPLOAD = {
    "POST /v1/uploads", "POST /api/file-base64-upload", "POST /api/file-url-upload",
    "POST /api/file-stream-upload",
}  # fmt: skip
MANAGE = {
    "POST /v1/tasks/{task_id}/cancel", "DELETE /v1/tasks/{task_id}", "POST /v1/tasks/{task_id}/pin",
    "DELETE /v1/uploads/{upload_id}", "POST /v1/callbacks/test", "POST /v1/callbacks/{callback_id}/redeliver",
    "POST /v1/account/webhook-secret/rotate",
}  # fmt: skip
READ_BY_POST = {"POST /api/v1/generate/get-timestamped-lyrics"}
ASKED = {Scope.CREATE: CREATE, Scope.UPLOAD: UPLOAD, Scope.MANAGE: MANAGE}


def scope_of(route):
    found = [scope for scope, routes in ASKED.items() if route in routes]
    return found[0] if found else Scope.READ


def is_refused(answer):
    return "lacks the scope" in answer.text


@pytest.mark.parametrize("scope", Scope)
def test_au_11_a_key_of_one_scope_gets_into_the_routes_of_that_scope_and_no_other(
    sqlite_house, closed_routes, code_of, tried, scope
):
    key = sqlite_house.caller("me", scopes=frozenset({scope}))
    routes = closed_routes(sqlite_house.app())
    reading = {f"{method} {path}" for method, path in routes if scope_of(f"{method} {path}") is Scope.READ}
    assert {route for route in reading if not route.startswith("GET ")} == READ_BY_POST
    answers = sqlite_house.ask(key, *[(method, re.sub(r"\{\w+\}", "x", path), {}) for method, path in routes])
    for (method, path), answer in zip(routes, answers, strict=True):
        assert is_refused(answer) == (scope_of(f"{method} {path}") is not scope), (method, path)
        assert not is_refused(answer) or code_of(answer) in {401, 403}
    tried(len(routes))


@dialects
def test_au_11_a_key_that_only_reads_creates_nothing_and_is_told_so_in_the_dialects_code(
    house, code_of, dialect
):
    path, body, out_of_scope, _ = CREATING[dialect]
    key = house.caller("me", scopes=frozenset({Scope.READ}))
    (refused,) = house.ask(key, ("POST", path, body))
    assert code_of(refused) == out_of_scope
    assert "The API key lacks the scope create." in refused.text
    assert (house.count(tasks), house.balance("me")) == (0, 1000)


def test_au_11_a_key_that_does_not_manage_is_not_told_what_signs_callbacks(sqlite_house):
    reading = sqlite_house.caller("me", scopes=USUAL - {Scope.MANAGE})
    managing = sqlite_house.second_key("me")
    account = ("GET", "/v1/account")
    told = [sqlite_house.ask(key, account)[0].json()["webhook_secret"] for key in (reading, managing)]
    assert told == [None, "whsec_" + "A" * 32]


def price_of(house, key):
    return house.ask(key, ("POST", "/v1/estimate", {"prompt": "rain"}))[0].json()["credits"]


def spent(house):
    with house.engine.connect() as connection:
        return connection.scalar(budgets.select().with_only_columns(budgets.c.spent))


@dialects
def test_au_11_a_key_stops_at_its_cap_exactly_although_its_account_has_more(house, code_of, dialect):
    path, body, _, at_the_cap = CREATING[dialect]
    rich = house.caller("me")
    (first,) = house.ask(rich, ("POST", path, body))
    assert code_of(first) in {200, 201}
    price = 1000 - house.balance("me")
    key = house.second_key("me", budget=Budget(id="b", cap=3 * price))
    *fine, refused = house.ask(key, *[("POST", path, body)] * 4)
    assert {code_of(answer) for answer in fine} <= {200, 201}
    assert code_of(refused) == at_the_cap
    assert f"This costs {price} credits and the key may spend 0 more." in refused.text
    assert (spent(house), house.balance("me")) == (3 * price, 1000 - 4 * price)
    assert house.count(tasks) == house.count(ledger, ledger.c.kind == "hold") == 4


def test_au_11_one_credit_below_the_price_is_over_the_cap(house):
    price = price_of(house, house.caller("me"))
    key = house.second_key("me", budget=Budget(id="b", cap=2 * price - 1))
    fine, refused = house.ask(key, NATIVE, NATIVE)
    assert (fine.status_code, refused.status_code) == (201, 402)
    problem = refused.json()
    assert problem["type"] == "urn:cadenza:problem:spend-cap-reached"
    assert (problem["needed"], problem["available"]) == (price, price - 1)


def test_au_11_sixty_four_at_once_do_not_get_past_the_cap(house, tried):
    price = price_of(house, house.caller("me"))
    key = house.second_key("me", budget=Budget(id="b", cap=5 * price))
    answers = house.ask_at_once(key, *[NATIVE] * 64)
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [402] * 59
    assert (spent(house), house.balance("me"), house.count(tasks)) == (5 * price, 1000 - 5 * price, 5)
    tried(64)


def test_au_11_what_a_cancelled_task_gives_back_may_be_spent_again_once(house):
    price = price_of(house, house.caller("me"))
    key = house.second_key("me", budget=Budget(id="b", cap=price))
    (made,) = house.ask(key, NATIVE)
    cancel = ("POST", f"/v1/tasks/{made.json()['id']}/cancel")
    answers = house.ask(key, NATIVE, cancel, cancel, NATIVE, NATIVE)
    assert [answer.status_code for answer in answers] == [402, 200, 409, 201, 402]
    assert spent(house) == price


def test_au_11_a_key_and_its_successor_share_one_cap(house):
    price = price_of(house, house.caller("me"))
    budget = Budget(id="b", cap=2 * price)
    old = house.second_key("me", budget=budget)
    new = house.second_key("me", budget=budget)
    codes = [house.ask(key, NATIVE)[0].status_code for key in (old, new, old, new)]
    assert codes == [201, 201, 402, 402]


def test_au_11_want_of_credits_leaves_the_budget_as_it_was(house):
    key = house.caller("me", credits=1, budget=Budget(id="b", cap=1000))
    (refused,) = house.ask(key, NATIVE)
    assert refused.json()["type"] == "urn:cadenza:problem:insufficient-credits"
    assert spent(house) == 0


def test_a_key_without_a_cap_asks_the_database_no_more_than_before(house, statements):
    plain, capped = house.caller("me"), house.second_key("me", budget=Budget(id="b", cap=1000))

    async def cost(send):
        told = []
        for key in (plain, capped):
            await send("GET", "/v1/account", None, {"x-api-key": key})  # known to this process
            with statements() as said:
                assert (await send(*NATIVE, {"x-api-key": key})).status_code == 201
            told.append(len([text for text in said if "budgets" in text]))
        return told

    assert house.drive("", cost) == [0, 1]
