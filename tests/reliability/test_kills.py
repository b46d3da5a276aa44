"""Killing the server or restarting PostgreSQL under load loses no acknowledged change and doubles none."""

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
from tests.reliability.support.retrying_clients import RetryingClients
from tests.reliability.support.server_process import server_process


@pytest.mark.parametrize("kills", [15, pytest.param(200, marks=pytest.mark.long)])
async def test_a_killed_server_has_stored_every_acknowledged_change_once(
    database: Database, database_url: str, tmp_path: Path, kills: int
) -> None:
    builder = await organization_with_token(database)
    with server_process(database_url, tmp_path) as server:
        await server.wait_until_listening()
        async with RetryingClients(server.url, builder, clients=8) as clients:
            for _ in range(kills):
                await asyncio.sleep(random.uniform(0.05, 0.3))
                server.kill()
                server.start()
                await server.wait_until_listening()
        await clients.check_effects()
        assert clients.retries >= kills


@pytest.mark.parametrize("restarts", [2, pytest.param(50, marks=pytest.mark.long)])
async def test_a_restarted_postgresql_has_stored_every_acknowledged_change_once(
    own_postgresql: PostgresServer, tmp_path: Path, restarts: int
) -> None:
    url = own_postgresql.url()
    await migrate(url)
    database = await open_database(url)
    builder = await organization_with_token(database)
    with server_process(url, tmp_path) as server:
        await server.wait_until_listening()
        async with RetryingClients(server.url, builder, clients=32) as clients:
            for _ in range(restarts):
                await asyncio.sleep(random.uniform(0.5, 1.0))
                await asyncio.to_thread(own_postgresql.stop)
                await asyncio.to_thread(own_postgresql.start)
            await asyncio.sleep(0.5)
    await clients.check_effects()
    assert clients.retries >= restarts
    await database.close()


@pytest.fixture
def own_postgresql() -> Iterator[PostgresServer]:
    with postgres_server(durable=True) as server:
        yield server


async def organization_with_token(database: Database) -> OrganizationBuilder:
    builder = await OrganizationBuilder.create(database)
    await store_token(builder)
    return builder
