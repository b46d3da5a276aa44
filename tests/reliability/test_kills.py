"""The server is killed, or its PostgreSQL restarted, while deals are made: none is lost, none is doubled."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.connect import open_database
from db.migrations.runner import migrate
from db.sql.database import Database
from tests.api.support.access import store_token
from tests.builders import OrganizationBuilder
from tests.postgres import PostgresServer, postgres_server
from tests.reliability.support.sellers import Sellers
from tests.reliability.support.server_process import serving


@pytest.mark.parametrize("kills", [15, pytest.param(200, marks=pytest.mark.long)])
async def test_a_server_that_is_killed_has_done_what_it_acknowledged(
    database: Database, database_url: str, tmp_path: Path, kills: int
) -> None:
    builder = await admitted(database)
    with serving(database_url, tmp_path) as server:
        await server.listens()
        async with Sellers(server.url, builder, clients=8) as sellers:
            for _ in range(kills):
                await asyncio.sleep(random.uniform(0.05, 0.3))
                server.kill()
                server.start()
                await server.listens()
        await sellers.check_effects()
        assert sellers.sent_again >= kills


@pytest.mark.parametrize("restarts", [2, pytest.param(50, marks=pytest.mark.long)])
async def test_a_postgresql_that_is_restarted_has_done_what_was_acknowledged(
    own_postgresql: PostgresServer, tmp_path: Path, restarts: int
) -> None:
    url = own_postgresql.url()
    await migrate(url)
    database = await open_database(url)
    builder = await admitted(database)
    with serving(url, tmp_path) as server:
        await server.listens()
        async with Sellers(server.url, builder, clients=32) as sellers:
            for _ in range(restarts):
                await asyncio.sleep(random.uniform(0.5, 1.0))
                await asyncio.to_thread(own_postgresql.stop)
                await asyncio.to_thread(own_postgresql.start)
            await asyncio.sleep(0.5)
    await sellers.check_effects()
    assert sellers.sent_again >= restarts
    await database.close()


@pytest.fixture
def own_postgresql() -> Iterator[PostgresServer]:
    with postgres_server(durable=True) as server:
        yield server


async def admitted(database: Database) -> OrganizationBuilder:
    builder = await OrganizationBuilder.create(database)
    await store_token(builder)
    return builder
