"""Databases as older programs left them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadenza.stores import database

_FOLDER = Path(__file__).parent


@pytest.fixture
def empty_engine(empty_database_url):
    engine = database.open_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def old_engine(empty_engine):
    """A database as the first program made it: schema 1."""
    statements = (_FOLDER / f"schema_1.{empty_engine.dialect.name}.sql").read_text().split("\n--\n")
    with empty_engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return empty_engine
