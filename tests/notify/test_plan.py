from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadenza.notify.plan import (
    DELAYS_S,
    LARGEST_JITTER,
    MOST_ATTEMPTS,
    Delivered,
    Disabled,
    GaveUp,
    RetryAt,
    after_attempt,
    delay_s,
)
from cadenza.outbound.answers import Answer, Failed, Reason

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
attempts = st.integers(1, MOST_ATTEMPTS)
waits = st.integers(1, MOST_ATTEMPTS - 1)
ids = st.text(min_size=1, max_size=20)
statuses = st.integers(100, 599)


def after(attempt, outcome, event_id="evt_1"):
    return after_attempt(attempt, outcome, NOW, event_id=event_id)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_wh_04_any_2xx_is_success(status):
    assert after(1, Answer(status=status, retry_after_s=9)) == Delivered()


@pytest.mark.parametrize(
    "status", [100, 101, 199, 300, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503]
)
def test_wh_03_any_other_status_is_tried_again(status):
    assert isinstance(after(1, Answer(status=status)), RetryAt)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.URL_REFUSED])
def test_wh_03_no_answer_is_tried_again_whatever_the_reason(reason):
    assert isinstance(after(1, Failed(reason)), RetryAt)


def test_wh_03_a_url_that_may_never_be_requested_is_given_up_at_once():
    assert after(1, Failed(Reason.URL_REFUSED)) == GaveUp()


@given(attempts)
def test_wh_04_410_disables_the_endpoint_at_any_attempt(attempt):
    assert after(attempt, Answer(status=410)) == Disabled()


def test_wh_03_the_last_attempt_gives_up():
    assert after(MOST_ATTEMPTS, Answer(status=500)) == GaveUp()
    assert after(MOST_ATTEMPTS, Failed(Reason.TIMEOUT)) == GaveUp()
    assert after(MOST_ATTEMPTS, Answer(status=200)) == Delivered()


@given(ids)
def test_wh_03_there_are_eight_attempts_or_more_over_three_days_or_more(event_id):
    now, attempt = NOW, 1
    while isinstance(
        decision := after_attempt(attempt, Failed(Reason.BROKEN), now, event_id=event_id), RetryAt
    ):
        now, attempt = decision.at, attempt + 1
    assert decision == GaveUp()
    assert attempt == MOST_ATTEMPTS >= 8
    assert timedelta(hours=72) <= now - NOW <= timedelta(hours=72) * 1.3


@given(waits, ids)
def test_wh_03_jitter_makes_a_delay_up_to_a_fifth_longer_and_never_shorter(attempt, event_id):
    planned_s = DELAYS_S[attempt - 1]
    assert planned_s <= delay_s(attempt, event_id=event_id) <= (1 + LARGEST_JITTER) * planned_s


@given(waits, ids)
def test_wh_03_the_plan_of_one_event_is_the_same_whoever_computes_it(attempt, event_id):
    assert delay_s(attempt, event_id=event_id) == delay_s(attempt, event_id=event_id)


def test_wh_03_many_events_do_not_come_back_together():
    delays_s = sorted(delay_s(6, event_id=f"evt_{number}") for number in range(1000))
    spread_s = LARGEST_JITTER * DELAYS_S[5]
    assert delays_s[0] < DELAYS_S[5] + 0.01 * spread_s
    assert delays_s[-1] > DELAYS_S[5] + 0.99 * spread_s
    assert abs(delays_s[500] - DELAYS_S[5] - spread_s / 2) < 0.1 * spread_s


@given(waits, ids, st.floats(0, 1e9))
def test_wh_04_retry_after_is_honoured_between_one_and_two_planned_delays(attempt, event_id, asked_s):
    planned_s = delay_s(attempt, event_id=event_id)
    given_s = delay_s(attempt, event_id=event_id, asked_s=asked_s)
    assert planned_s <= given_s <= 2 * planned_s
    if planned_s <= asked_s <= 2 * planned_s:
        assert given_s == asked_s


@pytest.mark.parametrize("status", [429, 503])
def test_wh_04_a_day_of_retry_after_is_clamped_to_twice_the_plan(status):
    planned = after(3, Answer(status=status)).at - NOW
    assert after(3, Answer(status=status, retry_after_s=86400)).at - NOW == 2 * planned


@given(attempts, statuses, st.none() | st.floats(0, 1e9), ids)
def test_wh_04_every_answer_at_every_attempt_has_one_decision(attempt, status, asked_s, event_id):
    decision = after_attempt(attempt, Answer(status=status, retry_after_s=asked_s), NOW, event_id=event_id)
    assert isinstance(decision, Delivered) == (200 <= status < 300)
    if isinstance(decision, RetryAt):
        assert decision.at > NOW
