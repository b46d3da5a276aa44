"""Databases with the data: a template is filled once, and copied for each run."""

import asyncio
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from db import migrations
from tests.benchmarks.data import rows, sizes
from tests.benchmarks.data.fill import fill_postgres, fill_sqlite
from tests.benchmarks.data.sizes import Size
from tests.benchmarks.data.stores import PostgresStore
from tests.postgres import PostgresServer, postgres_server

_SERVER_SETTINGS = (
    "ALTER SYSTEM SET shared_buffers = '1GB'",
    "ALTER SYSTEM SET autovacuum = off",  # the benchmark vacuums after each load that writes
    "ALTER SYSTEM SET jit = off",  # compiling these plans takes longer than running them
    "ALTER ROLE CURRENT_USER SET timezone = 'UTC'",
    "ALTER ROLE CURRENT_USER SET datestyle = 'ISO, YMD'",
)


@contextmanager
def benchmark_server(directory: Path) -> Iterator[PostgresServer]:
    """Run a PostgreSQL server with its data in a directory."""
    data = directory / "postgresql"
    data.mkdir(exist_ok=True)
    with postgres_server(data) as server:
        with closing(PostgresStore(server.url())) as store:
            for statement in _SERVER_SETTINGS:
                store.run(statement)
        server.stop()
        server.start()
        yield server


@contextmanager
def postgres_copy(server: PostgresServer, size: Size) -> Iterator[str]:
    """Give the URL of a filled PostgreSQL database; it is dropped at the end of the block."""
    template, run = _template_name(size), f"run_{size.name}"
    with closing(PostgresStore(server.url())) as store:
        _drop_others(store, size, keep=template)
        if template not in _databases(store):
            store.run(f"CREATE DATABASE {template}_unfinished")
            asyncio.run(fill_postgres(server.url(f"{template}_unfinished"), size))
            store.run(f"ALTER DATABASE {template}_unfinished RENAME TO {template}")
    with server.database(run, template) as url:
        yield url


@contextmanager
def sqlite_copy(directory: Path, size: Size) -> Iterator[Path]:
    """Give the path of a filled SQLite file; it is deleted at the end of the block."""
    template = directory / f"{_template_name(size)}.db"
    if not template.exists():
        unfinished = template.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        asyncio.run(fill_sqlite(unfinished, size))
        unfinished.rename(template)
    run = Path(shutil.copy(template, directory / "run.db"))
    try:
        yield run
    finally:
        for path in directory.glob("run.db*"):
            path.unlink()


def _drop_others(store: PostgresStore, size: Size, *, keep: str) -> None:
    """Drop the databases of other versions of the data and of killed runs."""
    for database in _databases(store):
        if database.startswith((f"{size.name}_", f"run_{size.name}")) and database != keep:
            store.run(f"DROP DATABASE {database}")


def _databases(store: PostgresStore) -> list[str]:
    return store.column("SELECT datname FROM pg_database")


def _template_name(size: Size) -> str:
    """Return a name with a hash of the modules that define the data, so that a template is never stale."""
    sources = [Path(rows.__file__), Path(sizes.__file__)]
    sources += sorted(Path(migrations.__path__[0]).rglob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    return f"{size.name}_{digest.hexdigest()[:8]}"
