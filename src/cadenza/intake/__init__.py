"""Accepting a request: abilities, limits, price, hold and task in one transaction."""
