"""Packs: third-party voices, ears and sounds, built on the user's machine from pinned public packages."""
