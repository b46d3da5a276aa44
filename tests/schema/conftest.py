"""Fixtures of the schema's tests: databases with data and executors."""

from dataclasses import dataclass

import pytest

from db.sql.database import Database
from schema.execution.executor import Executor
from tests.schema.planner.golden_answers import sample_organizations
from tests.schema.support.client import Recorder, cached_schema
from tests.schema.support.organization_data import OrganizationData


@dataclass(frozen=True, slots=True)
class Readable:
    """A database with two organizations; nothing is written to it."""

    database: Database
    ours: OrganizationData
    theirs: OrganizationData


@pytest.fixture(scope="module")
async def readable(module_database: Database) -> Readable:
    """Two organizations, for tests that only read them."""
    readable = Readable(module_database, *sample_organizations())
    await readable.ours.store(module_database)
    await readable.theirs.store(module_database)
    return readable


@pytest.fixture
def recorder(readable: Readable) -> Recorder:
    """The filled database, recording what is sent to it."""
    return Recorder(readable.database)


@pytest.fixture
def executor(database: Database) -> Executor:
    return Executor(cached_schema(), database)
