import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from cadenza.domain.clock import SystemClock
from cadenza.domain.errors import Malformed
from cadenza.notify.signing import check_secret, kie_headers, new_secret, standard_headers

NEW, OLD, OTHER = (f"whsec_{base64.b64encode(bytes([byte]) * 32).decode()}" for byte in (1, 2, 3))
BODY = '{"title":"Größe, 夜曲 🎵","n":1.50}'.encode()
# The published verifier looks at the machine's clock, so the present is asked for in each test: a long
# run may reach a test minutes after this file was read.
now = SystemClock().now


def verify(secret, body, headers):
    return Webhook(secret).verify(body, headers)


def test_wh_01_the_published_library_verifies_a_body_that_is_not_ascii():
    headers = standard_headers("evt_1", BODY, now(), [NEW])
    assert verify(NEW, BODY, headers) == json.loads(BODY)


@pytest.mark.parametrize("place", range(len(BODY)))
def test_wh_01_one_changed_byte_is_refused(place):
    headers = standard_headers("evt_1", BODY, now(), [NEW])
    changed = bytearray(BODY)
    changed[place] ^= 1
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        verify(NEW, bytes(changed), headers)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_wh_01_a_changed_header_is_refused(header):
    headers = standard_headers("evt_1", BODY, now(), [NEW])
    other = standard_headers("evt_2", BODY + b" ", now() + timedelta(seconds=1), [NEW])
    with pytest.raises(WebhookVerificationError):
        verify(NEW, BODY, headers | {header: other[header]})


def test_wh_01_a_signature_by_hand_is_the_same():
    headers = standard_headers("evt_1", BODY, now(), [NEW])
    signed = f"evt_1.{headers['webhook-timestamp']}.".encode() + BODY
    digest = hmac.new(bytes([1]) * 32, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_wh_02_both_secrets_verify_while_a_rotation_lasts_and_one_after_it():
    during = standard_headers("evt_1", BODY, now(), [NEW, OLD])
    assert len(during["webhook-signature"].split(" ")) == 2
    verify(NEW, BODY, during)
    verify(OLD, BODY, during)
    with pytest.raises(WebhookVerificationError):
        verify(OTHER, BODY, during)
    after = standard_headers("evt_1", BODY, now(), [NEW])
    verify(NEW, BODY, after)
    with pytest.raises(WebhookVerificationError):
        verify(OLD, BODY, after)


@pytest.mark.parametrize(("minutes", "accepted"), [(-6, False), (-4, True), (4, True), (6, False)])
def test_wh_12_a_timestamp_within_five_minutes_verifies(minutes, accepted):
    headers = standard_headers("evt_1", BODY, now() + timedelta(minutes=minutes), [NEW])
    if accepted:
        verify(NEW, BODY, headers)
    else:
        with pytest.raises(WebhookVerificationError):
            verify(NEW, BODY, headers)


def test_wh_01_kies_headers_are_what_its_page_says():
    at = datetime(2026, 1, 2, 3, 4, 5, 900_000, tzinfo=UTC)
    headers = kie_headers("task1", at, [NEW])
    digest = hmac.new(NEW.encode(), b"task1.1767323045", hashlib.sha256).digest()
    assert headers == {
        "x-webhook-timestamp": "1767323045",
        "x-webhook-signature": base64.b64encode(digest).decode(),
    }


def test_wh_02_kies_one_signature_is_by_the_older_secret_while_a_rotation_lasts():
    at = now()
    assert kie_headers("t", at, [NEW, OLD]) == kie_headers("t", at, [OLD])


def test_wh_01_both_timestamps_are_whole_seconds_and_agree():
    at = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)
    standard, kie = standard_headers("e", b"{}", at, [NEW]), kie_headers("t", at, [NEW])
    assert standard["webhook-timestamp"] == kie["x-webhook-timestamp"] == "1767323045"


@given(st.text(), st.integers(1, 3))
def test_wh_01_any_text_verifies_under_any_of_the_secrets(text, count):
    valid = [NEW, OLD, OTHER][:count]
    body = json.dumps({"text": text}, ensure_ascii=False).encode(errors="replace")
    headers = standard_headers("evt", body, now(), valid)
    for secret in valid:
        verify(secret, body, headers)


def test_wh_02_a_new_secret_is_one_and_never_the_same():
    made = {check_secret(new_secret()) for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "abc", NEW.removeprefix("whsec_"), "whsec_!!!", "whsec_AAAA", NEW + "\n", "whsec_é"],
)
def test_what_is_no_secret_is_refused_and_not_repeated(text):
    with pytest.raises(Malformed) as caught:
        check_secret(text, field="signing_secret")
    assert str(caught.value) == "signing_secret: must be whsec_ and 24 to 64 bytes in base64"
