import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from api.app import create_app
from db.sql.database import Database
from schema.execution.executor import Executor
from tests.api.support.access import access_policy, http_client, store_token
from tests.api.support.command_line import CommandLine
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema


@pytest.fixture
async def builder(sqlite: Database) -> OrganizationBuilder:
    """An organization with a token, in SQLite: the transports do not depend on the database."""
    builder = await OrganizationBuilder.create(sqlite)
    await store_token(builder)
    return builder


@pytest.fixture
def executor(builder: OrganizationBuilder) -> Executor:
    """The executor of the application."""
    return Executor(cached_schema(), builder.database)


@pytest.fixture
def app(executor: Executor, builder: OrganizationBuilder) -> Starlette:
    """The application."""
    return create_app(executor, builder.database, access_policy(builder.database))


@pytest.fixture
async def http(app: ASGIApp) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that calls the application directly, with a valid token."""
    async with http_client(app) as http:
        yield http


@pytest.fixture
def frozen_gc() -> Iterator[None]:
    """Exclude existing objects from garbage collection, which would distort measured times."""
    cached_schema()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The data directory of commands, which does not exist yet."""
    directory = tmp_path / "data"
    monkeypatch.setenv("DEALDESK_DATA_DIR", str(directory))
    monkeypatch.delenv("DEALDESK_DATABASE_URL", raising=False)
    return directory


@pytest.fixture
def dealdesk(capsys: pytest.CaptureFixture[str], data: Path) -> CommandLine:  # noqa: ARG001 - commands need it
    return CommandLine(capsys)
