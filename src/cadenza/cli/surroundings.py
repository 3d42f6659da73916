"""What the commands take from outside, and how they say that it cannot be used."""

from __future__ import annotations

import os

from cadenza.settings import Settings, from_environment


class WrongInput(Exception):
    """What was typed cannot be done; the text is a sentence that names the option and its limit."""


def settings(**overrides: object) -> Settings:
    """Read the settings once; ``overrides`` that are not None win over the environment."""
    return from_environment(os.environ, **overrides)  # noqa: TID251 - the one place where settings come from
