"""``cadenza key`` and ``cadenza credits``: what operators hand out."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cadenza.cli import options as o
from cadenza.settings import current_settings

if TYPE_CHECKING:
    from cadenza.wiring.desk import Desk

keys_app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
credits_app = typer.Typer(help="Grant credits and see where they went.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="Name of the account.", show_default=False)]
_Credits = Annotated[int, typer.Option(min=0, max=10**12, help="Credits to grant, whole ones.")]


@keys_app.command("create")
def create(name: _Name, *, credits: _Credits = 0, json: o.Json = False) -> None:
    """Create a key and print it once: only a digest is kept."""
    with open_desk() as desk:
        made = desk.create_key(name, credits=credits)
    if json:
        print_json({"id": made.id, "name": made.name, "key": made.key, "credits": made.credits})
        return
    sys.stdout.write(f"{made.key}\n")
    sys.stderr.write(f"Key {made.id} for {made.name}; the account has {made.credits} credits.\n")


@keys_app.command("list")
def list_keys(*, json: o.Json = False) -> None:
    """List all keys, oldest first; a key itself cannot be shown again."""
    with open_desk() as desk:
        records = desk.all_keys()
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "ends_in": one.last4,
            "created_at": one.created_at.isoformat(timespec="seconds"),
            "revoked_at": one.revoked_at.isoformat(timespec="seconds") if one.revoked_at else None,
        }
        for one in records
    ]
    print_json({"keys": rows}) if json else print_table(rows)


@keys_app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="Id of the key, as `key list` shows it.")]) -> None:
    """Revoke a key; every server process refuses it within a second."""
    with open_desk() as desk:
        desk.revoke(key_id)
    sys.stderr.write(f"Key {key_id} is revoked.\n")


@keys_app.command("rotate-webhook-secret")
def rotate_webhook_secret(
    name: _Name,
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


@credits_app.command("grant")
def grant(
    name: _Name,
    credits: Annotated[int, typer.Argument(min=1, max=10**12, help="How many, whole ones.")],
    *,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    json: o.Json = False,
) -> None:
    """Grant credits to an account."""
    with open_desk() as desk:
        balance = desk.grant(name, credits, note=note)
    if json:
        print_json({"name": name, "credits": balance})
        return
    sys.stderr.write(f"{name} has {balance} credits.\n")


@credits_app.command("history")
def history(
    name: _Name,
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries, newest first.")] = 50,
    json: o.Json = False,
) -> None:
    """Show the ledger of an account: every grant, hold, capture and release."""
    with open_desk() as desk:
        entries = desk.history(name, limit=limit)
    rows = [
        {
            "seq": one.seq,
            "kind": one.kind.value,
            "credits": one.credits,
            "balance": one.balance,
            "task_id": one.task_id,
            "note": one.note,
            "at": one.recorded_at.isoformat(timespec="seconds"),
        }
        for one in entries
    ]
    print_json({"name": name, "entries": rows}) if json else print_table(rows)


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
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
