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

SILENT = "The database does not answer."
FOREIGN = "The database's tables are not this version's. Run `dealdesk migrate`."
STOPPING = "The server is stopping."


async def test_a_migrated_database_that_answers_is_ready(database: Database) -> None:
    assert await _asked("/readyz", database) == (200, {"status": "ready"})


async def test_a_database_without_tables_is_not_ready(database: Database, database_url: str) -> None:
    await revert(database_url)

    assert await _asked("/readyz", database) == not_ready(FOREIGN)


async def test_a_database_that_does_not_answer_in_time_is_not_ready(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.server.health._PATIENCE", 0.01)

    assert await _asked("/readyz", Silent(sqlite)) == not_ready(SILENT)


async def test_a_server_that_stops_is_not_ready_though_its_database_answers(sqlite: Database) -> None:
    executor = Executor(cached_schema(), sqlite)
    async with _client(executor, sqlite) as client:
        executor.feed.stop()
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == not_ready(STOPPING)


async def test_however_many_ask_the_database_is_asked_once_a_second(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(sqlite)
    now = 1000.0
    monkeypatch.setattr("api.server.health.monotonic", lambda: now)
    async with _client(Executor(cached_schema(), sqlite), recorder) as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        asked_at_once = len(recorder.statements)
        now += 1.0
        await client.get("/readyz")

    assert (asked_at_once, len(recorder.statements)) == (1, 2)


async def test_the_process_lives_whatever_becomes_of_the_database(sqlite: Database, sqlite_url: str) -> None:
    await revert(sqlite_url)

    assert await _asked("/livez", sqlite) == (200, {"status": "live"})


class Silent(Recorder):
    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await asyncio.sleep(60)
        return None


def not_ready(why: str) -> tuple[int, Any]:
    return 503, {"errors": [{"message": why, "extensions": {"code": "UNAVAILABLE"}}]}


async def _asked(path: str, database: Database) -> tuple[int, Any]:
    async with _client(Executor(cached_schema(), database), database) as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()


def _client(executor: Executor, database: Database) -> httpx2.AsyncClient:
    app = create_app(executor, database, access_policy(database))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://dealdesk.test")
