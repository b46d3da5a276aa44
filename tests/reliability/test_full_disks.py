"""On a full disk a write fails with an error and succeeds later; nothing acknowledged is lost."""

import asyncio
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from db.connect import open_database, sqlite_path
from db.domain.errors import Unavailable
from db.migrations.runner import migrate
from db.sql.database import Database
from db.sqlite.connection import connect
from tests.builders import OrganizationBuilder
from tests.db.operations import close
from tests.postgres import postgres_server

FREE_BYTES = 1_000_000

LONG_TEXT = 2_000 * "x"


async def test_sqlite_accepts_writes_again_when_the_disk_has_space(sqlite: Database, sqlite_url: str) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    log = sqlite_path(f"{sqlite_url}-wal")
    acknowledged: set[UUID] = set()
    with (
        file_size_limit(log.stat().st_size + FREE_BYTES),
        pytest.raises(Unavailable, match=r"refused the change: disk I/O error. Nothing was changed."),
    ):
        await close_until_failure(builder, acknowledged)
    acknowledged.add(await close_with_retries(builder))

    assert len(acknowledged) > 2
    assert await closings(builder) == acknowledged
    with closing(connect(str(sqlite_path(sqlite_url)))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.long
async def test_postgresql_accepts_writes_again_when_the_disk_has_space(small_disk: Path) -> None:
    with postgres_server(small_disk, durable=True) as server:
        await migrate(server.url())
        database = await open_database(server.url())
        builder = await OrganizationBuilder.create(database)
        acknowledged: set[UUID] = set()
        with filled(small_disk), pytest.raises(Unavailable):
            await close_until_failure(builder, acknowledged)
        acknowledged.add(await close_with_retries(builder))

        assert len(acknowledged) > 2
        assert await closings(builder) == acknowledged
        await database.close()


async def close_until_failure(builder: OrganizationBuilder, acknowledged: set[UUID]) -> None:
    """Close opportunities until one fails; add the id of each acknowledged closing."""
    while True:
        closed = await close(builder, await builder.opportunity(), description=LONG_TEXT)
        acknowledged.add(closed.opportunity_close_id)


async def close_with_retries(builder: OrganizationBuilder) -> UUID:
    """Close an opportunity, and retry until it succeeds."""
    key = str(uuid4())
    opportunity_id = None
    async with asyncio.timeout(60):
        while True:
            try:
                opportunity_id = opportunity_id or await builder.opportunity()
                return (await close(builder, opportunity_id, idempotency_key=key)).opportunity_close_id
            except Unavailable:
                await asyncio.sleep(0.1)


async def closings(builder: OrganizationBuilder) -> set[UUID]:
    return {row.id for row in (await builder.dump())["opportunity_close"]}


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let writes fail that would make a file longer, as they do on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill a disk up to ``FREE_BYTES`` until the block ends."""
    filling = disk / "filling"
    with suppress(OSError), filling.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(2**16))
    os.truncate(filling, filling.stat().st_size - FREE_BYTES)
    yield
    filling.unlink()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 400 MB; the test is skipped if mounting is not permitted."""
    directory = tempfile.mkdtemp(prefix="dealdesk-")
    mounting = ["/bin/mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", directory]
    if subprocess.run(mounting, check=False, capture_output=True, timeout=30).returncode != 0:  # noqa: S603 - a fixed command
        pytest.skip("Mounting a file system is not permitted here.")
    yield Path(directory)
    subprocess.run(["/bin/umount", directory], check=True, timeout=30)  # noqa: S603 - a fixed command
    Path(directory).rmdir()
