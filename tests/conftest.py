"""Fixtures with real databases: migrated once, copied for each test."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import pytest

from db.connect import open_database
from db.migrations.runner import migrate
from db.sql.database import Database
from tests.builders import OrganizationBuilder
from tests.postgres import PostgresServer, postgres_server, scratch

NewDatabase = Callable[[], AbstractContextManager[str]]

LONG_TIMEOUT_SECONDS = 3600
"""For a test marked ``long``; the default for the others is in pyproject.toml."""

SLOW_TIMEOUT_SECONDS = 900
SLOW_FOLDERS = ("clients", "reliability", "db/model_based", "schema/planner")
"""Tests that install and run clients, load a server for a minute, or try hundreds of random cases."""

_TESTS = Path(__file__).parent

_numbers = count(1)
_NEW_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes or hours; selected only by -m")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Replace new ids in a test's name: it has to be the same in all processes of pytest-xdist."""
    return _NEW_ID.sub("new", val) if isinstance(val, str) and _NEW_ID.search(val) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("timeout"):
            continue
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT_SECONDS))
        elif any(item.path.is_relative_to(_TESTS / folder) for folder in SLOW_FOLDERS):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_SECONDS))
    if not config.getoption("markexpr"):
        deselected = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new migrated, empty database; the test runs once for each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with _open(database_url) as database:
        yield database


@pytest.fixture
async def builder(database: Database) -> OrganizationBuilder:
    """An organization of this test's own, with its master data; the builder stores more rows."""
    return await OrganizationBuilder.create(database)


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    """For a test of SQLite only."""
    async with _open(sqlite_url) as database:
        yield database


@pytest.fixture
async def postgresql(postgresql_url: str) -> AsyncIterator[Database]:
    """For a test of PostgreSQL only."""
    async with _open(postgresql_url) as database:
        yield database


@pytest.fixture(scope="module")
async def module_database(module_database_url: str) -> AsyncIterator[Database]:
    """A database that a module's tests share: they only read, or each creates its own organization."""
    async with _open(module_database_url) as database:
        yield database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with request.getfixturevalue(f"new_{request.param}")() as url:
        yield url


@pytest.fixture
def sqlite_url(new_sqlite: NewDatabase) -> Iterator[str]:
    with new_sqlite() as url:
        yield url


@pytest.fixture
def postgresql_url(new_postgresql: NewDatabase) -> Iterator[str]:
    with new_postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def new_sqlite(sqlite_template: Path) -> NewDatabase:
    """Return a context manager that gives the URL of a new migrated, empty file."""

    @contextmanager
    def new() -> Iterator[str]:
        with scratch() as directory:
            yield f"sqlite:///{shutil.copy(sqlite_template, Path(directory) / 'dealdesk.db')}"

    return new


@pytest.fixture(scope="session")
def new_postgresql(postgresql_server: PostgresServer, postgresql_template: str) -> NewDatabase:
    """Return a context manager that gives the URL of a new migrated, empty database."""
    return lambda: postgresql_server.database(f"test_{next(_numbers)}", postgresql_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "dealdesk.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresServer) -> Iterator[str]:
    with postgresql_server.database("template") as url:
        asyncio.run(migrate(url))
        yield "template"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Database]:
    database = await open_database(url)
    try:
        yield database
    finally:
        await database.close()
