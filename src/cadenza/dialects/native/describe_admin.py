"""The routes for operators, for an API description of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from cadenza.dialects import samples
from cadenza.dialects.describing import IDEMPOTENCY_KEY, Parameter, Route
from cadenza.dialects.fields import openapi_schema
from cadenza.dialects.native import admin
from cadenza.dialects.native.errors import MEDIA_TYPE, refusal_body
from cadenza.dialects.telling import Json
from cadenza.domain.credits import EntryKind, LedgerEntry
from cadenza.domain.errors import CadenzaError, Malformed, NotFound, RateLimited, Unavailable
from cadenza.tasks.keys import Budget, KeyRecord, Limits
from cadenza.tasks.records import Account

_ACCOUNT_ID = Parameter(name="account_id", doc="The account.", place="path")
_KEY_ID = Parameter(name="key_id", doc="The public id of the key.", place="path")
_MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
_REFUSALS = (Malformed, NotFound, RateLimited, Unavailable)
_NO_ADMIN: Json = {"code": 404, "msg": "Not Found", "message": "Not Found", "request_id": "req_1"}


def routes() -> tuple[Route, ...]:
    """Return all routes for operators."""
    return (*_account_routes(), *_key_routes())


def _account_routes() -> tuple[Route, ...]:
    account, limits = _account(), openapi_schema(admin.LIMITS)
    entries = admin.listed([admin.entry(_ENTRY)])
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
    newest = Parameter(name="limit", doc="Entries, newest first.", required=False, schema=limit)
    return (
        _route("get", "/accounts", "listAccounts", "All accounts", 200, admin.listed([account])),
        _route(
            "post",
            "/accounts",
            "openAccount",
            "Open an account; the one of this name where there is one",
            201,
            account,
            request=openapi_schema(admin.ACCOUNT),
            example={"name": "studio"},
        ),
        _route("get", "/accounts/{account_id}", "readAccount", "One account, its credits and storage", 200,
               {**account, "credits": 412, "stored_bytes": 8_388_608}, _ACCOUNT_ID),
        _route("put", "/accounts/{account_id}/limits", "limitAccount", "Replace an account's own limits", 200,
               account, _ACCOUNT_ID, request=limits, example={"tasks_per_day": 100}),
        _route("post", "/accounts/{account_id}/grants", "grantCredits", "Grant credits to an account", 201,
               {"object": "grant", "account_id": "acc_1", "credits": 500, "balance": 912},
               _ACCOUNT_ID, IDEMPOTENCY_KEY, request=openapi_schema(admin.GRANT), example={"credits": 500}),
        _route("get", "/accounts/{account_id}/ledger", "readLedger", "Where an account's credits went", 200,
               entries, _ACCOUNT_ID, newest),
    )  # fmt: skip


def _key_routes() -> tuple[Route, ...]:
    key = _key()
    made = {**key, "key": "cad_..."}
    return (
        _route("get", "/keys", "listKeys", "All keys, oldest first", 200, admin.listed([key])),
        _route("post", "/keys", "createKey", "Make a key; it is shown this once", 201, made,
               request=openapi_schema(admin.KEY),
               example={"account": "studio", "scopes": ["read", "create"], "spend_cap": 500}),
        _route("post", "/keys/{key_id}/rotate", "rotateKey",
               "Make a key that may do what this one may, which expires after the overlap", 201, made,
               _KEY_ID, request=openapi_schema(admin.ROTATION), example={"overlap_hours": 24}),
        _route("delete", "/keys/{key_id}", "revokeKey", "Revoke a key; it is refused within a second", 200,
               {"object": "key", "id": "4f6e8a1053c2e19b", "revoked": True}, _KEY_ID),
    )  # fmt: skip


def _route(
    method: str,
    path: str,
    name: str,
    summary: str,
    status: int,
    told: Json,
    *parameters: Parameter,
    request: Mapping[str, object] | None = None,
    example: Json | None = None,
) -> Route:
    return Route(
        method=method,
        path=f"/admin/v1{path}",
        name=name,
        summary=summary,
        error_media=MEDIA_TYPE,
        parameters=parameters,
        request=request,
        requests={} if example is None else {"example": example},
        replies=_replies(status, told),
    )


def _replies(status: int, told: Json) -> dict[int, dict[str, Json]]:
    replies: dict[int, dict[str, Json]] = {status: {"done": told}, 404: {"no admin key": _NO_ADMIN}}
    for name, error in _errors().items():
        refused, body, _ = refusal_body(error)
        replies.setdefault(refused, {})[name] = body
    return replies


def _errors() -> dict[str, CadenzaError]:
    shared = {name: error for name, error in samples.ERRORS.items() if isinstance(error, _REFUSALS)}
    return {**shared, "unknown task": NotFound("key")}


def _account() -> Json:
    limits = Limits(tasks_per_day=100)
    return admin.account(Account(id="acc_1", name="studio", webhook_secret="", limits=limits))


def _key() -> Json:
    record = KeyRecord(
        id="4f6e8a1053c2e19b",
        account_id="acc_1",
        name="studio",
        digest="",
        last4="9b7d",
        created_at=_MOMENT,
        expires_at=_MOMENT + dt.timedelta(days=90),
        budget=Budget(id="budget_1", cap=500, spent=12),
    )
    return admin.key(record)


_ENTRY = LedgerEntry(
    account_id="acc_1",
    seq=1,
    kind=EntryKind.GRANT,
    credits=500,
    delta=500,
    balance=500,
    task_id=None,
    note="January",
    recorded_at=_MOMENT,
)
