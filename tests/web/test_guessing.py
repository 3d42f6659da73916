"""AU-09: whoever guesses keys is slowed, and nobody else."""

from __future__ import annotations

import datetime as dt

import pytest

from cadenza.intake import keys
from cadenza.web.door.guesses import WINDOW_S

ACCOUNT = ("GET", "/v1/account")
EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def guess():
    """Return a well-formed key that nobody has."""
    return keys.make_key(keys.Pepper(b"x"), account_id="a", name="n", now=EPOCH)[1]


def guesses(count):
    """Return a storm of wrong keys that tells the answers."""

    async def storm(send):
        return [await send(*ACCOUNT, None, {"x-api-key": guess()}) for _ in range(count)]

    return storm


def test_au_09_a_thousand_wrong_keys_from_one_address_are_slowed(sqlite_house, tried):
    answers = sqlite_house.drive("", guesses(1000), address=HERE)
    assert [answer.status_code for answer in answers] == [401] * 100 + [429] * 900
    assert answers[-1].headers["retry-after"] == str(WINDOW_S)
    tried(1000)


def test_au_09_a_slowed_guess_asks_the_database_nothing(sqlite_house, statements):
    async def storm(send):
        await guesses(3)(send)
        with statements() as said:
            await guesses(20)(send)
        return said

    assert sqlite_house.drive("", storm, address=HERE, CADENZA_WRONG_KEYS="3") == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/account",
        "/api/v1/generate/credit",
        "/api/v1/tasks/x",
        "/api/v1/client/account/balance",
        "/admin/v1/keys",
    ],
)
def test_au_09_every_dialect_slows_in_its_own_code(sqlite_house, path, code_of):
    async def storm(send):
        return [await send("GET", path, None, {"x-api-key": guess()}) for _ in range(3)]

    *_, slowed = sqlite_house.drive("", storm, address=HERE, CADENZA_WRONG_KEYS="2")
    assert code_of(slowed) == {"/api/v1/generate/credit": 430}.get(path, 429)
    assert slowed.headers["retry-after"] == str(WINDOW_S)


def one_process(house, *, proxies, asked):
    """Return the codes of (key, forwarded-for) pairs asked of one process behind 192.0.2.1."""

    async def ask(send):
        codes = []
        for key, forwarded in asked:
            headers = {"x-api-key": key, "x-forwarded-for": forwarded}
            codes.append((await send(*ACCOUNT, None, headers)).status_code)
        return codes

    settings = {"CADENZA_WRONG_KEYS": "2", "CADENZA_TRUSTED_PROXIES": proxies}
    return house.drive("", ask, address="192.0.2.1", **settings)


def test_au_09_a_right_key_from_another_address_is_not_slowed(sqlite_house):
    key = sqlite_house.caller("me")
    asked = [(guess(), HERE)] * 3 + [(key, ELSEWHERE), (guess(), ELSEWHERE), (key, HERE), (guess(), HERE)]
    told = one_process(sqlite_house, proxies="192.0.2.0/24", asked=asked)
    # At last the key is known here, and let in from anywhere; who guesses is still slowed.
    assert told == [401, 401, 429, 200, 401, 200, 429]


def test_au_09_a_caller_cannot_choose_an_address_by_a_header(sqlite_house):
    asked = [(guess(), f"203.0.113.{number}") for number in range(3)]
    assert one_process(sqlite_house, proxies="", asked=asked) == [401, 401, 429]
    forged = [(guess(), f"203.0.113.{number}, {HERE}") for number in range(3)]
    assert one_process(sqlite_house, proxies="192.0.2.1", asked=forged) == [401, 401, 429]


def test_au_09_proxies_behind_proxies_are_passed_and_networks_of_ipv6_counted_as_one(sqlite_house):
    asked = [(guess(), f"2001:db8:0:7::{number}, 10.0.0.{number}") for number in range(3)]
    asked.append((guess(), "2001:db8:0:8::1, 10.0.0.1"))
    told = one_process(sqlite_house, proxies="192.0.2.1, 10.0.0.0/8", asked=asked)
    assert told == [401, 401, 429, 401]


@pytest.mark.parametrize("forwarded", ["", "unknown", "not an address, 10.0.0.1", ",,,", "[::1]:80"])
def test_au_09_whoever_has_no_address_shares_one(sqlite_house, forwarded):
    asked = [(guess(), forwarded)] * 3
    assert one_process(sqlite_house, proxies="192.0.2.1,10.0.0.0/8", asked=asked) == [401, 401, 429]


def test_au_09_a_minute_later_the_address_is_heard_again(sqlite_house):
    async def over_time(send):
        codes = []
        for wait_s in (0, 30, 0, 29, 1, 0, 0):
            sqlite_house.clock.advance(wait_s)
            codes.append((await send(*ACCOUNT, None, {"x-api-key": guess()})).status_code)
        return codes

    told = sqlite_house.drive("", over_time, address=HERE, CADENZA_WRONG_KEYS="2")
    assert told == [401, 401, 429, 429, 401, 401, 429]


def test_au_09_no_key_at_all_is_no_guess(sqlite_house):
    async def quiet(send):
        return {(await send(*ACCOUNT)).status_code for _ in range(9)}

    assert sqlite_house.drive("", quiet, address=HERE, CADENZA_WRONG_KEYS="2") == {401}


def test_au_09_without_a_limit_nobody_is_slowed(sqlite_house):
    answers = sqlite_house.drive("", guesses(200), address=HERE, CADENZA_WRONG_KEYS="0")
    assert {answer.status_code for answer in answers} == {401}
