import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from typing_extensions import override

from api.app import create_app
from db.database import Database
from db.migrating import revert
from db.statements import Statement
from schema.executing import Executor
from tests.builders import Deals
from tests.schema.asking import Recorder, the_schema

NOT_READY = {
    "errors": [
        {
            "message": "The database does not answer, or its tables are not this version's.",
            "extensions": {"code": "UNAVAILABLE"},
        }
    ]
}


async def test_a_migrated_database_that_answers_is_ready(database: Database) -> None:
    assert await _asked("/readyz", database) == (200, {"status": "ready"})


async def test_a_database_without_tables_is_not_ready(database: Database, database_url: str) -> None:
    await revert(database_url)

    assert await _asked("/readyz", database) == (503, NOT_READY)


async def test_a_database_that_does_not_answer_in_time_is_not_ready(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health._PATIENCE", 0.01)

    assert await _asked("/readyz", Silent(sqlite)) == (503, NOT_READY)


async def test_the_process_lives_whatever_becomes_of_the_database(sqlite: Database, sqlite_url: str) -> None:
    await revert(sqlite_url)

    assert await _asked("/livez", sqlite) == (200, {"status": "live"})


class Silent(Recorder):
    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await asyncio.sleep(60)
        return None


async def _asked(path: str, database: Database) -> tuple[int, Any]:
    app = create_app(Executor(the_schema(), database), database, lambda: Deals(database).caller)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://dealdesk.test") as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()
