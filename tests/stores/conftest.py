"""Databases as older programs left them."""

from __future__ import annotations

import pytest

from cadenza.stores import database


@pytest.fixture
def empty_engine(empty_database_url):
    engine = database.open_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def old_engine(empty_engine, make_schema_1):
    """A database as the first program made it: schema 1."""
    with empty_engine.begin() as connection:
        make_schema_1(connection)
    return empty_engine
