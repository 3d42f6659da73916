"""``cadenza listen``: a receiver on this machine that prints and checks each callback."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cadenza.cli.surroundings import WrongInput
from cadenza.domain.errors import Malformed


def listen(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 9099,
    secret: Annotated[
        str,
        typer.Option(metavar="WHSEC", help="The account's signing secret; without it nothing is checked."),
    ] = "",
) -> None:
    """Print each callback that arrives here and whether its signature holds, until Ctrl-C."""
    from cadenza.cli.listener import Listener  # noqa: PLC0415 - checking signatures loads slowly

    try:
        server = Listener(port, secret, say=_say)
    except Malformed as wrong:
        raise WrongInput(str(wrong)) from None
    with server:
        try:
            _say(f"Listening on http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it).")
            _say("The server must be allowed to call it: CADENZA_OUTBOUND_ALLOW=127.0.0.1/32")
            server.serve_forever()
        except KeyboardInterrupt:
            _say("Stopped.")


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
