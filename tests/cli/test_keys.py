"""Keys and accounts from the command line."""

from __future__ import annotations

import datetime as dt
import re

import pytest


def listed(cadenza, key_id):
    return next(one for one in cadenza("key", "list", "--json").json["keys"] if one["id"] == key_id)


def test_a_key_is_printed_once_and_nothing_else_goes_to_standard_output(cadenza):
    made = cadenza("key", "create", "studio", "--credits", "500")
    assert made.status == 0
    key = made.out.strip()
    assert key.startswith("cad_")
    assert "studio" in made.err
    assert "500 credits" in made.err
    assert key not in cadenza("key", "list").out
    assert key not in cadenza("key", "list", "--json").out


def test_a_key_has_the_scopes_the_time_and_the_cap_it_was_made_with(cadenza):
    words = ("--scope", "read", "--scope", "create", "--expires", "90d", "--cap", "500", "--json")
    made = cadenza("key", "create", "studio", *words).json
    told = listed(cadenza, made["id"])
    assert (told["scopes"], told["cap"], told["spent"], told["state"]) == (["read", "create"], 500, 0, "live")
    lasts = dt.datetime.fromisoformat(told["expires_at"]) - dt.datetime.fromisoformat(told["created_at"])
    assert lasts == dt.timedelta(days=90)
    assert {**told, "key": made["key"], "credits": 0} == made


def test_a_key_made_without_more_does_all_that_callers_do_without_end(cadenza):
    told = listed(cadenza, cadenza("key", "create", "studio", "--json").json["id"])
    assert told["scopes"] == ["read", "create", "upload", "manage"]
    assert (told["expires_at"], told["cap"]) == (None, None)


def test_a_rotated_key_has_a_successor_with_its_scopes_and_cap_and_an_end(cadenza):
    old = cadenza("key", "create", "studio", "--scope", "create", "--cap", "9", "--json").json
    new = cadenza("key", "rotate", old["id"], "--overlap", "36h", "--json").json
    assert new["key"] != old["key"]
    assert (new["name"], new["scopes"], new["cap"], new["expires_at"]) == ("studio", ["create"], 9, None)
    end = dt.datetime.fromisoformat(listed(cadenza, old["id"])["expires_at"])
    overlap = end - dt.datetime.fromisoformat(new["created_at"])
    assert abs(overlap - dt.timedelta(hours=36)) <= dt.timedelta(seconds=1)


def test_without_a_word_about_it_the_old_key_stays_good_for_a_day(cadenza):
    old = cadenza("key", "create", "studio", "--json").json["id"]
    new = cadenza("key", "rotate", old, "--json").json
    end = dt.datetime.fromisoformat(listed(cadenza, old)["expires_at"])
    assert abs(end - dt.datetime.fromisoformat(new["created_at"]) - dt.timedelta(days=1)).total_seconds() <= 1


def test_a_revoked_key_is_listed_as_such_and_not_rotated(cadenza):
    key_id = cadenza("key", "create", "studio", "--json").json["id"]
    assert cadenza("key", "revoke", key_id).status == 0
    assert listed(cadenza, key_id)["state"] == "revoked"
    again = cadenza("key", "rotate", key_id)
    assert (again.status, again.err.strip()) == (
        2, "cadenza: The key is revoked or has expired; create a new one.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("create", "studio", "--scope", "root"),
        ("create", "studio", "--expires", "soon"),
        ("create", "studio", "--expires", "-1d"),
        ("create", "studio", "--cap", "0"),
        ("rotate", "nothing"),
        ("rotate", "nothing", "--overlap", "1"),
        ("revoke", "nothing"),
    ],
)
def test_what_is_typed_wrong_is_told_without_a_traceback(cadenza, words):
    wrong = cadenza("key", *words)
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.startswith("cadenza: ")


def test_an_account_has_limits_of_its_own_until_they_are_taken_back(cadenza):
    cadenza("key", "create", "studio", "--credits", "7")
    assert cadenza("account", "limit", "studio", "--tasks-per-day", "5", "--storage-bytes", "0").status == 0
    (told,) = cadenza("account", "list", "--json").json["accounts"]
    assert (told["name"], told["credits"], told["stored_bytes"]) == ("studio", 7, 0)
    assert (told["tasks_per_day"], told["storage_bytes"]) == (5, 0)
    cadenza("account", "limit", "studio")
    (told,) = cadenza("account", "list", "--json").json["accounts"]
    assert (told["tasks_per_day"], told["storage_bytes"]) == (None, None)
    assert cadenza("account", "limit", "nobody").status == 2


def test_au_12_two_installations_share_no_secret(cadenza, tmp_path, monkeypatch):
    made = []
    for name in ("one", "two"):
        monkeypatch.setenv("CADENZA_DATA", str(tmp_path / name))
        key = cadenza("key", "create", "studio").out.strip()
        made.append((key, (tmp_path / name / "pepper").read_bytes()))
        assert re.fullmatch(r"cad_[0-9a-f]{16}_[0-9a-f]{56}", key)
    (one, pepper_of_one), (two, pepper_of_two) = made
    assert one[:20] != two[:20]
    assert one[21:] != two[21:]
    assert pepper_of_one != pepper_of_two
