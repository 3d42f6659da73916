"""Outbox to signed callbacks, with retry.

``plan`` decides what follows an attempt (pure), ``signing`` makes secrets and signature headers,
``delivery`` makes one attempt. Bodies come from the dialects' encoders and are fixed when the event
is recorded.
"""
