"""Keys: AU-01, AU-02, AU-04, AU-06 to AU-08 of the catalogue; what expires, what is revoked, what follows."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hmac
import re

import httpx
import pytest
import sqlalchemy as sa

from cadenza.dialects.openapi import admin_document, document
from cadenza.domain.errors import Conflict
from cadenza.domain.scopes import Scope
from cadenza.domain.task import Dialect
from cadenza.intake import keys
from cadenza.intake.keyring import Keyring
from cadenza.stores.schema import tasks

GONE_S = 1.0
EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ACCOUNT = ("GET", "/v1/account")


def filled(path):
    return re.sub(r"\{\w+\}", "x", path)


def reason_of(answer):
    return answer.json()["detail"]


def test_au_01_the_routes_that_ask_for_a_key_are_the_documented_ones(
    sqlite_house, closed_routes, admin_routes
):
    def described(*documents):
        return {
            (method.upper(), path)
            for one in documents
            for path, item in one["paths"].items()
            for method in item
        }

    url, app = {"public_url": "http://cadenza.test"}, sqlite_house.app()
    assert set(closed_routes(app)) == described(*[document(dialect, **url) for dialect in Dialect])
    assert set(admin_routes(app)) == described(admin_document(**url))


NO_KEY = {
    "none": {},
    "empty": {"x-api-key": ""},
    "empty bearer": {"Authorization": "Bearer "},
    "Bearer alone": {"Authorization": "Bearer"},
    "no scheme": {"Authorization": "KEY"},
    "other scheme": {"Authorization": "Basic KEY"},
    "two that disagree": {"Authorization": "Bearer KEY", "x-api-key": "OTHER"},
    "in the query": {},
}


@pytest.mark.parametrize("wrong", NO_KEY)
def test_au_01_no_route_does_anything_without_a_key(
    sqlite_house, closed_routes, statements, code_of, tried, wrong
):
    key, other = sqlite_house.caller("me"), sqlite_house.caller("you")
    headers = {name: text.replace("KEY", key).replace("OTHER", other) for name, text in NO_KEY[wrong].items()}
    query = f"?api_key={key}&key={key}&x-api-key={key}" if wrong == "in the query" else ""
    routes = list(closed_routes(sqlite_house.app()))
    requests = [(method, filled(path) + query, {"prompt": "x"}, headers) for method, path in routes]
    with statements() as said:
        answers = sqlite_house.ask("", *requests)
    for route, answer in zip(routes, answers, strict=True):
        assert code_of(answer) == 401, route
        assert key not in answer.text
    assert not [text for text in said if "keys" in text or "accounts" in text or "INSERT" in text]
    assert sqlite_house.count(tasks) == 0
    tried(len(routes))


def test_au_02_one_wrong_character_is_refused_without_asking_the_database(house, statements, tried):
    key = house.caller("me")
    wrong = [
        key[:place] + ("0" if key[place] != "0" else "1") + key[place + 1 :] for place in range(len(key))
    ]
    wrong += [key[:-1], key + "0", key.upper(), key[4:], "cad_", "sk_" + key[4:]]

    async def one_by_one(send):
        await send("GET", "/v1/account", None, {"x-api-key": key})  # the process is warm
        with statements() as said:
            codes = [
                (await send("GET", "/v1/account", None, {"x-api-key": text})).status_code for text in wrong
            ]
        return set(codes), said

    assert house.drive("", one_by_one) == ({401}, [])
    tried(len(wrong))


def test_au_04_a_body_cannot_write_what_is_not_the_callers_to_write(house):
    key = house.caller("me")
    house.caller("you")
    planted = {
        "balance": 10**6, "account_id": "acc_you", "role": "admin", "status": "complete", "state": "complete",
        "price": 0, "credits": 0, "expires_at": "2099-01-01T00:00:00Z", "id": "mine", "attempt": 99,
    }  # fmt: skip
    plain, more = house.ask(
        key, ("POST", "/v1/tasks", {"prompt": "x"}), ("POST", "/v1/tasks", {"prompt": "x", **planted})
    )
    assert more.status_code == 201
    with house.engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(tasks.select())}
    first, second = rows[plain.json()["id"]], rows[more.json()["id"]]
    for column in ("account_id", "state", "credits", "attempt", "worker_id", "finished_at_ms"):
        assert getattr(first, column) == getattr(second, column)
    assert house.balance("me") == 1000 - 2 * first.credits


def whole_database(engine):
    """Return every value of every table as one text."""
    inspector = sa.inspect(engine)
    told = []
    with engine.connect() as connection:
        for schema in inspector.get_schema_names():
            if schema in {"information_schema", "pg_catalog"}:
                continue
            for name in inspector.get_table_names(schema=schema):
                table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=engine)
                told += [repr(tuple(row)) for row in connection.execute(table.select())]
    return "\n".join(told)


def test_au_06_the_database_has_the_digest_of_a_key_and_no_key(house):
    key = house.caller("me")
    keyed = {"Idempotency-Key": "one"}
    house.ask(key, ("POST", "/v1/tasks", {"prompt": "x", "callback_url": "https://example.com/"}, keyed))
    dump = whole_database(house.engine)
    _, key_id, secret = key.split("_")
    assert key_id in dump
    assert house.pepper.digest(key) in dump
    assert f"'{key[-4:]}'" in dump
    for start in range(len(secret) - 8):
        assert secret[start : start + 8] not in dump
    assert house.pepper.value.decode() not in dump


def test_au_08_a_revoked_key_is_refused_within_a_second_on_every_process(house):
    key = house.caller("me")
    key_id = key.split("_")[1]

    async def meanwhile(send):
        codes = [(await send("GET", "/v1/account")).status_code]
        house.store.write(lambda books: books.accounts.revoke_key(key_id))
        for wait_s in (0.5, 0.5, 3600):
            house.clock.advance(wait_s)
            codes.append((await send("GET", "/v1/account")).status_code)
        return codes

    assert house.drive(key, meanwhile) == [200, 200, 401, 401]
    assert house.ask(key, ("GET", "/v1/account"))[0].status_code == 401


def test_au_08_a_busy_key_is_not_remembered_for_longer_by_being_used(house):
    key = house.caller("me")

    async def busy(send):
        await send("GET", "/v1/account")
        house.store.write(lambda books: books.accounts.revoke_key(key.split("_")[1]))
        codes = []
        for _ in range(11):
            house.clock.advance(GONE_S / 10)
            codes.append((await send("GET", "/v1/account")).status_code)
        return codes

    assert house.drive(key, busy)[9:] == [401, 401]


def rotated(house, key, *, overlap_h=24):
    """Return the successor of a key."""
    ring = Keyring(pepper=house.pepper, clock=house.clock, new_secret=str)
    overlap = dt.timedelta(hours=overlap_h)
    made = house.store.write(lambda books: ring.rotate(books, key.split("_")[1], overlap=overlap))
    return made.key


def test_au_08_while_fifty_clients_run_a_revoked_key_is_refused_by_every_process_within_a_second(
    house, tried
):
    key = house.caller("me")
    revoke_in, rounds, clients = 3, 16, 50

    async def whole():
        apps = [house.app(), house.app()]
        async with contextlib.AsyncExitStack() as stack:
            processes = []
            for app in apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
                transport = httpx.ASGITransport(app=app)
                base = {
                    "transport": transport,
                    "base_url": "http://cadenza.test",
                    "headers": {"x-api-key": key},
                }
                processes.append(await stack.enter_async_context(httpx.AsyncClient(**base)))
            codes = []
            for number in range(rounds):
                if number == revoke_in:
                    house.store.write(lambda books: books.accounts.revoke_key(key.split("_")[1]))
                asked = [processes[one % 2].get("/v1/account") for one in range(clients)]
                codes.append({answer.status_code for answer in await asyncio.gather(*asked)})
                house.clock.advance(0.1)
            return codes

    codes = asyncio.run(whole())
    assert codes[:revoke_in] == [{200}] * revoke_in
    within = revoke_in + round(GONE_S / 0.1)
    assert codes[within:] == [{401}] * (rounds - within)
    tried(rounds * clients)


def test_au_08_after_a_rotation_both_keys_work_until_the_overlap_is_over(house):
    old = house.caller("me")
    new = rotated(house, old)

    async def day(send):
        told = []
        for wait_s in (0, 24 * 3600 - 1, 1):
            house.clock.advance(wait_s)
            asked = [await send(*ACCOUNT, None, {"x-api-key": key}) for key in (old, new)]
            told.append([answer.status_code for answer in asked])
        return told

    assert house.drive("", day) == [[200, 200], [200, 200], [401, 200]]


def test_au_08_an_overlap_of_nothing_ends_the_old_key_at_once(house):
    old = house.caller("me")
    new = rotated(house, old, overlap_h=0)
    assert [house.ask(key, ACCOUNT)[0].status_code for key in (old, new)] == [401, 200]


def test_a_rotated_key_may_do_what_the_old_one_might_and_for_as_long(house):
    half_a_day = dt.timedelta(hours=12)
    terms = {"scopes": frozenset({Scope.READ}), "expires_at": house.clock.now() + half_a_day}
    old = house.caller("me", **terms)
    house.clock.advance(3600)
    new = rotated(house, old)
    (told,) = house.ask(new, ACCOUNT)
    assert told.json()["scopes"] == ["read"]
    expires_at = dt.datetime.fromisoformat(told.json()["key_expires_at"])
    assert expires_at == house.clock.now() + half_a_day
    house.clock.advance(11 * 3600)  # the overlap would last longer than the old key
    assert [house.ask(key, ACCOUNT)[0].status_code for key in (old, new)] == [401, 200]


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_is_over_is_not_rotated(house, end):
    key = house.caller("me", expires_at=house.clock.now() + dt.timedelta(seconds=1))
    if end == "revoked":
        house.store.write(lambda books: books.accounts.revoke_key(key.split("_")[1]))
    else:
        house.clock.advance(1)
    with pytest.raises(Conflict):
        rotated(house, key)
    assert len(house.store.read(lambda books: books.accounts.keys())) == 1


def test_a_key_expires_to_the_moment_even_where_it_is_remembered(house):
    key = house.caller("me", expires_at=house.clock.now() + dt.timedelta(seconds=10))

    async def over_time(send):
        codes = []
        for wait_s in (9.5, 0.499, 0.001):
            house.clock.advance(wait_s)
            codes.append((await send(*ACCOUNT)).status_code)
        return codes

    assert house.drive(key, over_time) == [200, 200, 401]


def test_why_a_key_is_refused_is_told_to_those_who_have_the_whole_of_it(house):
    expired = house.caller("me", expires_at=house.clock.now())
    revoked = house.second_key("me")
    house.store.write(lambda books: books.accounts.revoke_key(revoked.split("_")[1]))
    told = [reason_of(house.ask(key, ACCOUNT)[0]) for key in (expired, revoked)]
    assert told == ["The API key has expired.", "The API key was revoked."]
    guessed = [
        reason_of(house.ask(forged(key), ACCOUNT)[0]) for key in (expired, revoked, house.caller("you"))
    ]
    assert set(guessed) == {"The API key is missing or not valid."}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/account",
        "/api/v1/client/account/balance",
        "/api/v1/generate/credit",
        "/api/v1/tasks/x",
    ],
)
def test_every_dialect_says_in_its_own_way_that_a_key_is_over(sqlite_house, code_of, path):
    over = sqlite_house.caller("me", expires_at=sqlite_house.clock.now())
    (refused,) = sqlite_house.ask(over, ("GET", path))
    assert code_of(refused) == 401
    assert "The API key has expired." in refused.text


def forged(key):
    """Return a well-formed key with the id of another and a secret of its own."""
    _, other = keys.make_key(keys.Pepper(b"x"), account_id="a", name="n", now=EPOCH)
    body = "_".join([*key.split("_")[:2], other.split("_")[2][: -keys._CHECKSUM_DIGITS]])
    return body + keys._checksum(body)


def test_au_07_an_unknown_id_and_a_wrong_secret_take_one_look_up_one_digest_and_one_comparison(
    house, statements, monkeypatch
):
    known = house.caller("me")
    unknown = keys.make_key(house.pepper, account_id="acc_me", name="me", now=house.clock.now())[1]
    compared, digested = [], []
    compare, digest = hmac.compare_digest, keys.Pepper.digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: compared.append(both) or compare(*both))
    monkeypatch.setattr(keys.Pepper, "digest", lambda self, key: digested.append(key) or digest(self, key))

    async def measure(send):
        told = []
        for key in (forged(known), unknown):
            compared.clear()
            digested.clear()
            with statements() as said:
                assert (await send(*ACCOUNT, None, {"x-api-key": key})).status_code == 401
            kept = [both for both in compared if len(both[1]) == 64]  # the others are checksums
            told.append((said, len(digested), len(kept), {len(one) for both in kept for one in both}))
        return told

    wrong_secret, no_such_id = house.drive("", measure)
    assert wrong_secret == no_such_id
    assert (len(wrong_secret[0]), *wrong_secret[1:]) == (1, 1, 1, {64})


def test_a_good_key_costs_one_look_up_a_second_however_often_it_comes(house, statements):
    key = house.caller("me")

    async def busy(send):
        with statements() as said:
            for _ in range(20):
                await send("POST", "/v1/estimate", {"prompt": "x"})
        house.clock.advance(1)
        with statements() as later:
            await send("POST", "/v1/estimate", {"prompt": "x"})
        return len(said), len(later)

    assert house.drive(key, busy) == (1, 1)
