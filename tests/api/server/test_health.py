import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from typing_extensions import override

from api.app import create_app
from db.migrations.runner import revert
from db.sql.database import Database
from db.sql.statements import Statement
from schema.execution.executor import Executor
from tests.api.support.access import access_policy
from tests.schema.support.client import Recorder, cached_schema

UNREACHABLE = "The database does not respond."
NOT_MIGRATED = "The database's tables do not match this version. Run `dealdesk migrate`."
STOPPING = "The server is stopping."


async def test_a_server_with_a_migrated_database_is_ready(database: Database) -> None:
    assert await get("/readyz", database) == (200, {"status": "ready"})


async def test_a_server_whose_database_has_no_tables_is_not_ready(
    database: Database, database_url: str
) -> None:
    await revert(database_url)

    assert await get("/readyz", database) == not_ready(NOT_MIGRATED)


async def test_a_server_whose_database_times_out_is_not_ready(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.server.health.DATABASE_TIMEOUT_SECONDS", 0.01)

    assert await get("/readyz", Unresponsive(sqlite)) == not_ready(UNREACHABLE)


async def test_a_stopping_server_is_not_ready(sqlite: Database) -> None:
    executor = Executor(cached_schema(), sqlite)
    async with client_of(executor, sqlite) as client:
        executor.feed.stop()
        response = await client.get("/readyz")

    assert (response.status_code, response.json()) == not_ready(STOPPING)


async def test_concurrent_checks_query_the_database_once_per_second(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(sqlite)
    now = 1000.0
    monkeypatch.setattr("api.server.health.monotonic", lambda: now)
    async with client_of(Executor(cached_schema(), sqlite), recorder) as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        statements_at_first = len(recorder.statements)
        now += 1.0
        await client.get("/readyz")

    assert (statements_at_first, len(recorder.statements)) == (1, 2)


async def test_the_process_is_live_without_a_working_database(sqlite: Database, sqlite_url: str) -> None:
    await revert(sqlite_url)

    assert await get("/livez", sqlite) == (200, {"status": "live"})


class Unresponsive(Recorder):
    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await asyncio.sleep(60)
        return None


def not_ready(reason: str) -> tuple[int, Any]:
    return 503, {"errors": [{"message": reason, "extensions": {"code": "UNAVAILABLE"}}]}


async def get(path: str, database: Database) -> tuple[int, Any]:
    async with client_of(Executor(cached_schema(), database), database) as client:
        response = await client.get(path)
    return response.status_code, response.json()


def client_of(executor: Executor, database: Database) -> httpx2.AsyncClient:
    app = create_app(executor, database, access_policy(database))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://dealdesk.test")
