"""How the commands say that what was typed cannot be used."""

from __future__ import annotations


class WrongInput(Exception):
    """What was typed cannot be done; the text is a sentence that names the option and its limit."""
