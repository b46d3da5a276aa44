"""Where contestants meet: a database with the data, and the contestants running on it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.contestants import Contestant
from tests.benchmarks.data.databases import postgres_copy, sqlite_copy
from tests.benchmarks.data.samples import Samples, take_samples
from tests.benchmarks.data.sizes import Size
from tests.benchmarks.data.stores import PostgresStore, SqliteStore, Store
from tests.benchmarks.entering import Entrant, entered
from tests.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Field:
    """The entrants, the benchmark's own connection to their database, and what they are asked about."""

    entrants: Sequence[Entrant]
    store: Store
    samples: Samples


@contextmanager
def field_on_postgres(
    contestants: Sequence[Contestant], size: Size, server: PostgresServer, directory: Path
) -> Iterator[Field]:
    """Run contestants on a copy of the data in PostgreSQL until the block ends."""
    with postgres_copy(server, size) as url, closing(PostgresStore(url)) as store:
        for contestant in contestants:
            if contestant.prepare is not None:
                store.change([contestant.prepare.read_text()])
        with _entered(contestants, url, store, directory / "logs" / size.name) as field:
            yield field


@contextmanager
def field_on_sqlite(contestants: Sequence[Contestant], size: Size, directory: Path) -> Iterator[Field]:
    """Run contestants on a copy of the data in SQLite until the block ends."""
    with (
        sqlite_copy(directory, size) as path,
        closing(SqliteStore(str(path))) as store,
        _entered(contestants, f"sqlite:///{path}", store, directory / "logs" / size.name) as field,
    ):
        yield field


@contextmanager
def _entered(contestants: Sequence[Contestant], url: str, store: Store, logs: Path) -> Iterator[Field]:
    logs.mkdir(parents=True, exist_ok=True)
    samples = take_samples(store)
    with entered(contestants, url, samples, logs=logs) as entrants:
        yield Field(entrants, store, samples)
