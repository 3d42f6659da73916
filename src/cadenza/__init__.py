"""Cadenza: a self-hosted server that makes songs and continues recordings."""

__version__ = "0.1.0"
