"""Databases that the tests of a module share: filled ones, and ones that each test adds to."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from db.database import Database
from db.opening import open_database
from tests.postgres import PostgresServer, scratch
from tests.schema.answering import landscapes
from tests.schema.landscape import Landscape

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Readable:
    """A database with two organizations; nothing is written to it."""

    database: Database
    ours: Landscape
    theirs: Landscape


@pytest.fixture(scope="module")
async def module_database(module_database_url: str) -> AsyncIterator[Database]:
    """A database of a module's own, of each kind in turn, for tests that each make their own organization."""
    database = await open_database(module_database_url)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(scope="module")
async def readable(module_database: Database) -> Readable:
    """The landscapes, for tests that only read them."""
    readable = Readable(module_database, *landscapes())
    await readable.ours.store(module_database)
    await readable.theirs.store(module_database)
    return readable


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        with scratch() as directory:
            yield f"sqlite:///{shutil.copy(template, Path(directory) / 'dealdesk.db')}"
    else:
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        template = request.getfixturevalue("postgresql_template")
        with server.database(f"module_{next(_numbers)}", template) as url:
            yield url
