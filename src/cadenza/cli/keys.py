"""``cadenza key``: what operators hand out and take back."""

from __future__ import annotations

import datetime as dt
import json as json_text
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cadenza.cli import options as o
from cadenza.domain.clock import SystemClock
from cadenza.domain.scopes import USUAL, Scope, in_order
from cadenza.intake.keyring import NewKey, Terms
from cadenza.settings import current_settings
from cadenza.tasks.keys import KeyRecord

if TYPE_CHECKING:
    from cadenza.wiring.desk import Desk

keys_app = typer.Typer(help="Create, list, rotate and revoke API keys.", no_args_is_help=True)

_OVERLAP = dt.timedelta(hours=24)
Name = Annotated[str, typer.Argument(help="Name of the account.", show_default=False)]
_Credits = Annotated[int, typer.Option(min=0, max=10**12, help="Credits to grant, whole ones.")]


_KeyId = Annotated[str, typer.Argument(help="Id of the key, as `key list` shows it.", show_default=False)]


@keys_app.command("create")
def create(
    name: Name,
    *,
    credits: _Credits = 0,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; give it several times. Left out: all but admin."),
    ] = None,
    expires: Annotated[
        dt.timedelta | None,
        typer.Option(parser=o.read_span, metavar="SPAN", help="How long it is good, as 90d, 12h or 30m."),
    ] = None,
    cap: Annotated[int | None, typer.Option(min=1, max=10**12, help="Credits it may spend in all.")] = None,
    json: o.Json = False,
) -> None:
    """Create a key and print it once: only a digest is kept."""
    terms = Terms(scopes=frozenset(scope) if scope else USUAL, lasts=expires, cap=cap)
    with open_desk() as desk:
        made = desk.create_key(name, credits=credits, terms=terms)
    _show_new(made, json=json)


@keys_app.command("rotate")
def rotate(
    key_id: _KeyId,
    *,
    overlap: Annotated[
        dt.timedelta | None,
        typer.Option(
            parser=o.read_span,
            metavar="SPAN",
            help="How long the old key stays good beside it, as 24h (if left out) or 0s.",
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Create a key with the scopes and the cap of another, which expires after the overlap."""
    with open_desk() as desk:
        made = desk.rotate_key(key_id, overlap=_OVERLAP if overlap is None else overlap)
    _show_new(made, json=json)


@keys_app.command("list")
def list_keys(*, json: o.Json = False) -> None:
    """List all keys, oldest first; a key itself cannot be shown again."""
    now = SystemClock().now()
    with open_desk() as desk:
        rows = [_row(one, now) for one in desk.all_keys()]
    print_json({"keys": rows}) if json else print_table(rows)


def _row(key: KeyRecord, now: dt.datetime) -> dict[str, object]:
    expired = "expired" if key.has_expired(now) else "live"
    return {
        "id": key.id,
        "name": key.name,
        "ends_in": key.last4,
        "state": "revoked" if key.revoked_at else expired,
        "scopes": [scope.value for scope in in_order(key.scopes)],
        "cap": key.budget and key.budget.cap,
        "spent": key.budget and key.budget.spent,
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at),
    }


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _show_new(made: NewKey, *, json: bool) -> None:
    key = made.record
    if json:
        row = _row(key, key.created_at)
        print_json({**row, "key": made.key, "credits": made.credits})
        return
    sys.stdout.write(f"{made.key}\n")
    until = f" It is good until {_moment(key.expires_at)}." if key.expires_at else ""
    sys.stderr.write(f"Key {key.id} for {key.name}; the account has {made.credits} credits.{until}\n")


@keys_app.command("revoke")
def revoke(key_id: _KeyId) -> None:
    """Revoke a key; every server process refuses it within a second."""
    with open_desk() as desk:
        desk.revoke(key_id)
    sys.stderr.write(f"Key {key_id} is revoked.\n")


@keys_app.command("rotate-webhook-secret")
def rotate_webhook_secret(
    name: Name,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="How long the present secret signs beside the new one.")
    ] = 24,
    json: o.Json = False,
) -> None:
    """Give an account a new secret for signing its callbacks, and print it."""
    with open_desk() as desk:
        secret, until = desk.rotate_webhook_secret(name, overlap_h=overlap_hours)
    ends_at = until.isoformat(timespec="seconds")
    if json:
        print_json({"name": name, "webhook_secret": secret, "previous_valid_until": ends_at})
        return
    sys.stdout.write(f"{secret}\n")
    sys.stderr.write(f"The secret before signs too until {ends_at}.\n")


def open_desk() -> AbstractContextManager[Desk]:
    """Open the installation that the settings name."""
    from cadenza.wiring import desk  # noqa: PLC0415 - other commands need no database

    return desk.open_desk(current_settings())


def print_json(value: object) -> None:
    """Print one JSON object."""
    sys.stdout.write(json_text.dumps(value) + "\n")


def print_table(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows under their names, for people."""
    table = Table(*(rows[0] if rows else ["nothing yet"]))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
