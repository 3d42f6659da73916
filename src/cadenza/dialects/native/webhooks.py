"""Callbacks and their secret: request bodies, replies, and the routes for the API description."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from cadenza.dialects.describing import Parameter, Route
from cadenza.dialects.fields import Field, Table, openapi_schema, read
from cadenza.dialects.kinds import Url, Whole
from cadenza.dialects.native.errors import MEDIA_TYPE
from cadenza.dialects.telling import Json

_DEFAULT_OVERLAP_H, _LONGEST_OVERLAP_H = 24, 168
URL = Field("url", Url(), "Where the test event goes, once.", required=True)
OVERLAP = Field(
    "overlap_hours",
    Whole(0, _LONGEST_OVERLAP_H),
    "How long the present secret signs beside the new one; 0 takes it out of use at once.",
    default=_DEFAULT_OVERLAP_H,
)
TEST: Table = (URL,)
ROTATION: Table = (OVERLAP,)


class Replies(Protocol):
    """Makes the replies of a route: its own, and the refusals that every route shares."""

    def __call__(self, status: int, examples: Mapping[str, Json]) -> Mapping[int, Mapping[str, Json]]:
        """Return examples by HTTP status and name."""
        ...


def decode_test(body: object) -> str:
    """Return the URL of POST /v1/callbacks/test. Raises ``Malformed``."""
    reading = read(TEST, body)
    reading.settle()
    return reading.text(URL)


def decode_rotation(body: object) -> int:
    """Return the overlap of POST /v1/account/webhook-secret/rotate in hours. Raises ``Malformed``."""
    reading = read(ROTATION, body)
    reading.settle()
    hours = reading.get(OVERLAP)
    return _DEFAULT_OVERLAP_H if hours is None else hours


def tested(*, event_id: str, is_delivered: bool, status: int | None, reason: str, elapsed_ms: int) -> Json:
    """Return what became of a test event."""
    return {
        "object": "callback_test",
        "id": event_id,
        "delivered": is_delivered,
        "status": status,
        "reason": reason or None,
        "elapsed_ms": elapsed_ms,
    }


def rotated(secret: str, previous_until: dt.datetime) -> Json:
    """Return a new signing secret and the end of the one before."""
    return {
        "object": "webhook_secret",
        "webhook_secret": secret,
        "previous_valid_until": previous_until.isoformat(timespec="seconds"),
    }


def describe_log(task_id: Parameter, replies: Replies) -> Route:
    """Return the route of the delivery log."""
    return Route(
        method="get",
        path="/v1/tasks/{task_id}/callbacks",
        name="taskCallbacks",
        summary="What was told to the callback URL, and how each attempt went",
        error_media=MEDIA_TYPE,
        parameters=(task_id,),
        replies=replies(200, {"told": {"object": "list", "data": [_sample("delivered")]}}),
    )


def describe_redeliver(replies: Replies) -> Route:
    """Return the route that delivers a callback again."""
    return Route(
        method="post",
        path="/v1/callbacks/{callback_id}/redeliver",
        name="redeliverCallback",
        summary="Deliver a callback once more, now: the same event, signed anew",
        error_media=MEDIA_TYPE,
        parameters=(Parameter(name="callback_id", doc="The callback, from the task's list.", place="path"),),
        replies=replies(202, {"redelivering": _sample("redelivering")}),
    )


def describe_test(replies: Replies) -> Route:
    """Return the route that sends a test event."""
    told = tested(event_id="msg_4f6e8a10", is_delivered=True, status=204, reason="", elapsed_ms=81)
    return Route(
        method="post",
        path="/v1/callbacks/test",
        name="testCallback",
        summary="Send one signed test event to a URL and say what came back",
        error_media=MEDIA_TYPE,
        request=openapi_schema(TEST),
        requests={"to a receiver": {"url": "https://app.example.com/hooks/cadenza"}},
        replies=replies(200, {"delivered": told}),
    )


def describe_rotation(replies: Replies) -> Route:
    """Return the route that replaces the signing secret."""
    told = rotated("whsec_...", dt.datetime(2026, 1, 3, 3, 4, 5, tzinfo=dt.UTC))
    return Route(
        method="post",
        path="/v1/account/webhook-secret/rotate",
        name="rotateWebhookSecret",
        summary="A new signing secret; the present one signs too for a while",
        error_media=MEDIA_TYPE,
        request=openapi_schema(ROTATION),
        requests={"a day of overlap": {"overlap_hours": _DEFAULT_OVERLAP_H}},
        replies=replies(200, {"rotated": told}),
    )


def _sample(state: str) -> Json:
    attempt = {
        "attempt": 1,
        "started_at": "2026-01-20T09:14:31+00:00",
        "elapsed_ms": 81,
        "status": 200,
        "reason": None,
    }
    return {
        "id": "msg_4f6e8a1053c2e19b7d4fa3f0c2e19b7d",
        "stage": "complete",
        "state": state,
        "attempts": 1,
        "last_status": 200,
        "last_reason": None,
        "created_at": "2026-01-20T09:14:31+00:00",
        "log": [attempt],
    }
