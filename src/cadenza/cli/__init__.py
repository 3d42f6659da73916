"""The command line: what people type. Each command is a short function in a module of its own.

Exit status: 0 done, 2 wrong usage or input, 1 anything else, 130 interrupted. Results go to standard
output (with ``--json`` exactly one JSON object), everything said beside it to standard error.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import structlog
import typer

from cadenza.cli import (
    accounts,
    callbacks,
    doctor,
    keys,
    listen,
    packs,
    picture,
    portrait,
    render,
    serve,
    storage,
    unmix,
    upkeep,
)
from cadenza.cli.surroundings import WrongInput
from cadenza.domain.errors import CadenzaError, Refused, SourceUnusable, Stopped
from cadenza.settings import SettingsError

app = typer.Typer(
    name="cadenza",
    help="Makes songs and continues recordings.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("extend")(render.extend)
app.command("make")(render.make)
app.command("portrait")(portrait.portrait)
app.command("explain")(picture.explain)
app.command("doctor")(doctor.doctor)
app.command("serve")(serve.serve)
app.command("work")(serve.work)
app.command("sweep")(upkeep.sweep)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)
app.add_typer(keys.keys_app, name="key")
app.add_typer(accounts.accounts_app, name="account")
app.add_typer(accounts.credits_app, name="credits")
app.add_typer(storage.storage_app, name="storage")
app.add_typer(packs.packs_app, name="packs")
app.command("unmix")(unmix.unmix)
app.add_typer(callbacks.callbacks_app, name="callbacks")
app.command("listen")(listen.listen)

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; a failure is told in one sentence, never a traceback."""
    before = signal.signal(signal.SIGTERM, _interrupt)  # unfinished files are cleared away as after Ctrl-C
    log_before = structlog.get_config()["logger_factory"]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # results go to the other
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    finally:
        structlog.configure(logger_factory=log_before)
        signal.signal(signal.SIGTERM, before)


def _run(typed: list[str]) -> int:
    try:
        answer = typer.main.get_command(app).main(
            typed or ["--help"], prog_name="cadenza", standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort, Stopped):
        answer = INTERRUPTED
    except typer.TyperException as told:
        sentence = told.format_message()
        return _say(sentence, WRONG_INPUT) if sentence else WRONG_INPUT
    except (WrongInput, Refused, SourceUnusable, SettingsError) as wrong:
        return _say(str(wrong), WRONG_INPUT)
    except (CadenzaError, OSError, MemoryError) as failed:
        return _say(str(failed) or type(failed).__name__, FAILED)
    if answer == INTERRUPTED:  # typer makes this of Ctrl-C by itself
        return _say("Interrupted; nothing unfinished was left behind.", INTERRUPTED)
    return answer if isinstance(answer, int) else DONE


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(sentence: str, status: int) -> int:
    sys.stderr.write(f"cadenza: {sentence}\n")
    return status
