"""``cadenza account`` and ``cadenza credits``: what accounts have and may have."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cadenza.cli import options as o
from cadenza.cli.keys import Name, open_desk, print_json, print_table
from cadenza.tasks.keys import Limits

accounts_app = typer.Typer(help="List accounts and limit what they may have.", no_args_is_help=True)
credits_app = typer.Typer(help="Grant credits and see where they went.", no_args_is_help=True)


@accounts_app.command("list")
def list_accounts(*, json: o.Json = False) -> None:
    """List all accounts, oldest first: their credits, the bytes that they keep, and their own limits."""
    with open_desk() as desk:
        rows = [
            {
                "id": account.id,
                "name": account.name,
                "credits": credits,
                "stored_bytes": stored_bytes,
                "tasks_per_day": account.limits.tasks_per_day,
                "storage_bytes": account.limits.storage_bytes,
            }
            for account, credits, stored_bytes in desk.accounts()
        ]
    print_json({"accounts": rows}) if json else print_table(rows)


_Limit = Annotated[
    int | None, typer.Option(min=0, max=2**53, help="0: no limit. Left out: as the settings say.")
]


@accounts_app.command("limit")
def limit(name: Name, *, tasks_per_day: _Limit = None, storage_bytes: _Limit = None) -> None:
    """Replace the limits that an account has of its own; every server process knows them within a second."""
    with open_desk() as desk:
        desk.limit(name, Limits(tasks_per_day=tasks_per_day, storage_bytes=storage_bytes))
    sys.stderr.write(f"{name} has new limits.\n")


@credits_app.command("grant")
def grant(
    name: Name,
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
    name: Name,
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
