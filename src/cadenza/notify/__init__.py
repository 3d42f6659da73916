"""Outbox to signed callbacks, with retry."""
