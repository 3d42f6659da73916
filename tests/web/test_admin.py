"""AU-05: what operators do over HTTP, and that nobody else does."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from cadenza.domain.scopes import USUAL, Scope
from cadenza.intake.keys import Pepper, make_key
from cadenza.stores.schema import accounts, keys, ledger

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
# Places behind the gate where nothing is, and other spellings of places where something is.
NOWHERE = (
    "/admin/v1/", "/admin/v1/nothing", "/admin/v1/keys/", "/admin/v1//keys", "/admin/v1/KEYS",
    "/admin/v1/keys/../accounts", "/admin/v1/%6beys",
)  # fmt: skip
NO_SUCH_ROUTE = ("GET", "/nothing/here")
SAME = {"X-Request-Id": "same"}


def filled(path):
    return re.sub(r"\{\w+\}", "x", path)


def everything(routes):
    """Return every method on every path for operators, with every header that could mean another one."""
    for path in [*sorted({filled(path) for _, path in routes}), *NOWHERE]:
        for method in METHODS:
            yield method, path, None, SAME
        for name in OVERRIDES:
            yield "POST", path, {}, {**SAME, name: "GET"}
            yield "GET", path, None, {**SAME, name: "DELETE"}


def outsiders(house):
    now = house.clock.now()
    yield "a caller", house.caller("me", scopes=USUAL)
    yield "no key", ""
    yield "a wrong key", make_key(Pepper(b"x"), account_id="a", name="n", now=now)[1]
    over = now + dt.timedelta(0)
    yield "an expired operator", house.caller("late", scopes=frozenset({Scope.ADMIN}), expires_at=over)
    fired = house.caller("fired", scopes=frozenset({Scope.ADMIN}))
    house.store.write(lambda books: books.accounts.revoke_key(fired.split("_")[1]))
    yield "a revoked operator", fired


def test_au_05_to_all_but_operators_there_is_nothing_on_any_admin_route_by_any_method(
    sqlite_house, admin_routes, tried
):
    house, count = sqlite_house, 0
    asked = list(everything(admin_routes(house.app())))
    for who, key in outsiders(house):
        before = [house.count(table) for table in (accounts, keys, ledger)]
        unknown, *answers = house.ask(key, (*NO_SUCH_ROUTE, None, SAME), *asked, CADENZA_WRONG_KEYS="0")
        assert unknown.status_code == 404
        for request, answer in zip(asked, answers, strict=True):
            assert answer.status_code == 404, (who, request)
            if request[0] != "HEAD":
                assert answer.content == unknown.content, (who, request)
            assert "allow" not in answer.headers
        assert before == [house.count(table) for table in (accounts, keys, ledger)]
        count += len(asked)
    tried(count)


def test_au_05_every_route_for_operators_is_behind_the_gate(sqlite_house, admin_routes):
    app = sqlite_house.app()
    assert len(admin_routes(app)) == 10
    others = [route.path for route in app.routes if route.name != "admin"]
    assert not [path for path in others if "admin" in path]


def test_au_05_an_operators_key_does_not_do_what_callers_do(sqlite_house, closed_routes, tried):
    key = sqlite_house.operator()
    routes = closed_routes(sqlite_house.app())
    answers = sqlite_house.ask(key, *[(method, filled(path), {}) for method, path in routes])
    assert all("lacks the scope" in answer.text for answer in answers)
    tried(len(routes))


def test_an_operator_hands_out_a_key_and_takes_it_back(house):
    key = house.operator()
    house.clock.advance(1)
    order = {"account": "studio", "scopes": ["read", "create"], "expires_in_hours": 48, "spend_cap": 50}
    (made,) = house.ask(key, ("POST", "/admin/v1/keys", order))
    told = made.json()
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert (told["account"], told["scopes"], told["spend_cap"], told["spent"]) == (
        "studio", ["read", "create"], 50, 0,
    )  # fmt: skip
    assert dt.datetime.fromisoformat(told["expires_at"]) == house.clock.now() + dt.timedelta(hours=48)
    assert house.ask(told["key"], ("GET", "/v1/account"))[0].json()["name"] == "studio"
    (revoked,) = house.ask(key, ("DELETE", f"/admin/v1/keys/{told['id']}"))
    assert revoked.json() == {"object": "key", "id": told["id"], "revoked": True}
    assert house.ask(told["key"], ("GET", "/v1/account"))[0].status_code == 401
    assert house.ask(key, ("DELETE", f"/admin/v1/keys/{told['id']}"))[0].status_code == 404
    (listed,) = house.ask(key, ("GET", "/admin/v1/keys"))
    assert told["key"] not in listed.text
    assert listed.json()["data"][-1] == {
        **{name: value for name, value in told.items() if name != "key"},
        "revoked_at": house.clock.now().isoformat(timespec="seconds"),
    }


def test_an_operator_rotates_a_key(house):
    operator, old = house.operator(), house.caller("me")
    path = f"/admin/v1/keys/{old.split('_')[1]}/rotate"
    (made,) = house.ask(operator, ("POST", path, {"overlap_hours": 1}))
    new = made.json()["key"]
    assert [house.ask(one, ("GET", "/v1/account"))[0].status_code for one in (old, new)] == [200, 200]
    house.clock.advance(3600)
    assert [house.ask(one, ("GET", "/v1/account"))[0].status_code for one in (old, new)] == [401, 200]
    assert house.ask(operator, ("POST", path, {}))[0].status_code == 409


def test_an_operator_opens_an_account_limits_it_and_grants_it_credits(house):
    key = house.operator()
    house.clock.advance(1)
    opened, again = house.ask(key, *[("POST", "/admin/v1/accounts", {"name": "studio"})] * 2)
    assert (opened.status_code, opened.json()) == (201, again.json())
    path = f"/admin/v1/accounts/{opened.json()['id']}"
    granted, limited, read = house.ask(
        key,
        ("POST", f"{path}/grants", {"credits": 500, "note": "January"}),
        ("PUT", f"{path}/limits", {"tasks_per_day": 3}),
        ("GET", path),
    )
    assert (granted.status_code, granted.json()["balance"]) == (201, 500)
    limits = {"tasks_per_day": 3, "storage_bytes": None}
    assert limited.json()["limits"] == limits
    assert read.json() == {**opened.json(), "limits": limits, "credits": 500, "stored_bytes": 0}
    (history,) = house.ask(key, ("GET", f"{path}/ledger?limit=5"))
    assert [(one["kind"], one["credits"], one["note"]) for one in history.json()["data"]] == [
        ("grant", 500, "January")
    ]
    (listed,) = house.ask(key, ("GET", "/admin/v1/accounts"))
    assert [one["name"] for one in listed.json()["data"]] == ["operator", "studio"]


def test_a_grant_that_comes_twice_under_one_idempotency_key_is_granted_once(house):
    key = house.operator()
    house.caller("me", credits=0)
    keyed = ("POST", "/admin/v1/accounts/acc_me/grants", {"credits": 5}, {"Idempotency-Key": "one"})
    first, again = house.ask(key, keyed, keyed)
    assert first.content == again.content
    assert house.balance("me") == 5


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/keys", {}, "account"),
        ("POST", "/keys", {"account": "a", "scopes": []}, "scopes"),
        ("POST", "/keys", {"account": "a", "scopes": "admin"}, "scopes"),
        ("POST", "/keys", {"account": "a", "scopes": ["root"]}, "scopes"),
        ("POST", "/keys", {"account": "a", "scopes": [["admin"]]}, "scopes"),
        ("POST", "/keys", {"account": "a", "spend_cap": 0}, "spend_cap"),
        ("POST", "/keys", {"account": "a", "expires_in_hours": -1}, "expires_in_hours"),
        ("POST", "/keys/x/rotate", {"overlap_hours": -1}, "overlap_hours"),
        ("POST", "/accounts", {"name": " "}, "name"),
        ("POST", "/accounts/x/grants", {"credits": -5}, "credits"),
        ("PUT", "/accounts/x/limits", {"tasks_per_day": 1.5}, "tasks_per_day"),
        ("GET", "/accounts/x/ledger?limit=0", None, "limit"),
    ],
)
def test_what_an_operator_says_wrong_is_named(sqlite_house, method, path, body, field):
    (refused,) = sqlite_house.ask(sqlite_house.operator(), (method, f"/admin/v1{path}", body))
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == [field]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/accounts/x", None),
        ("GET", "/accounts/x/ledger", None),
        ("POST", "/accounts/x/grants", {"credits": 5}),
        ("PUT", "/accounts/x/limits", {}),
        ("POST", "/keys/x/rotate", {}),
        ("DELETE", "/keys/x", None),
    ],
)
def test_what_is_not_there_is_not_found_for_an_operator_either(house, method, path, body):
    (refused,) = house.ask(house.operator(), (method, f"/admin/v1{path}", body))
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_document_for_operators_is_served(sqlite_house):
    (told,) = sqlite_house.ask("", ("GET", "/openapi/admin.json"))
    assert told.json()["info"]["title"] == "Cadenza, for operators"
