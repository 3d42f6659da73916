"""ASGI routes, authentication, limits; no decisions."""
