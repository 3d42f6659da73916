"""``cadenza callbacks``: how deliveries went, once more by hand, and a test of a receiver."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cadenza import logs
from cadenza.cli import options as o
from cadenza.cli.keys import open_desk, print_json, print_table
from cadenza.settings import current_settings

if TYPE_CHECKING:
    from cadenza.wiring.desk import LoggedCallback

callbacks_app = typer.Typer(help="See how callbacks went, and deliver again.", no_args_is_help=True)


@callbacks_app.command("list")
def list_callbacks(
    *,
    task: Annotated[str | None, typer.Option(metavar="ID", help="Only those of one task.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those given up or disabled.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    json: o.Json = False,
) -> None:
    """List callbacks, newest first, with --json every attempt. Of an answer only the status is kept."""
    with open_desk() as desk:
        found = desk.callbacks(task_id=task, is_failed=failed, limit=limit)
    if json:
        print_json({"callbacks": [_whole(one) for one in found]})
    else:
        print_table([_line(one) for one in found])


@callbacks_app.command("redeliver")
def redeliver(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Callbacks, as `callbacks list` shows.")],
) -> None:
    """Deliver callbacks once more, to disabled endpoints too; a running worker sends them."""
    with open_desk() as desk:
        desk.redeliver(ids)
    sys.stderr.write(f"{len(ids)} to be delivered again; see `cadenza callbacks list`.\n")


@callbacks_app.command("test")
def send_test(
    url: Annotated[str, typer.Argument(help="The receiver's URL.", show_default=False)],
    *,
    account: Annotated[str, typer.Option(metavar="NAME", help="The account whose secret signs.")],
    json: o.Json = False,
) -> None:
    """Send one signed test event to a URL, as a worker would, and say what came back."""
    logs.set_up(current_settings().log_level)  # what the door refuses is said on standard error
    with open_desk() as desk:
        made, is_delivered = desk.test_callback(account, url)
    if json:
        print_json(
            {
                "id": made.event_id,
                "delivered": is_delivered,
                "status": made.status,
                "reason": made.reason or None,
                "elapsed_ms": made.elapsed_ms,
            }
        )
    else:
        came_back = f"status {made.status}" if made.status else f"no answer ({made.reason})"
        said = "Delivered" if is_delivered else "Not delivered"
        sys.stderr.write(f"{said}: {came_back} after {made.elapsed_ms} ms.\n")
    if not is_delivered:
        raise typer.Exit(1)


def _line(one: LoggedCallback) -> dict[str, object]:
    told = one.record.last_status or one.record.last_reason
    return {
        "id": one.record.id,
        "task_id": one.record.task_id,
        "stage": one.record.stage.value,
        "receiver": one.receiver,
        "state": one.record.state,
        "attempts": one.record.attempt,
        "last": told,
        "created_at": one.record.created_at.isoformat(timespec="seconds"),
    }


def _whole(one: LoggedCallback) -> Mapping[str, object]:
    log = [
        {
            "attempt": attempt.attempt,
            "started_at": attempt.started_at.isoformat(),
            "elapsed_ms": attempt.elapsed_ms,
            "status": attempt.status,
            "reason": attempt.reason,
        }
        for attempt in one.attempts
    ]
    return {**_line(one), "log": log}
