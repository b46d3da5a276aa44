"""An environment: a filled database and the contestants that run on it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.contestants import Contestant
from tests.benchmarks.data.databases import postgres_copy, sqlite_copy
from tests.benchmarks.data.samples import Samples, take_samples
from tests.benchmarks.data.sizes import Size
from tests.benchmarks.data.stores import PostgresStore, SqliteStore, Store
from tests.benchmarks.runtime.running_contestants import RunningContestant, run_contestants
from tests.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Environment:
    """The running contestants, the benchmark's connection to their database, and the ids for requests."""

    contestants: Sequence[RunningContestant]
    store: Store
    samples: Samples


@contextmanager
def postgres_environment(
    contestants: Sequence[Contestant], size: Size, server: PostgresServer, directory: Path
) -> Iterator[Environment]:
    """Run contestants on a copy of the data in PostgreSQL until the block ends."""
    with postgres_copy(server, size) as url, closing(PostgresStore(url)) as store:
        for contestant in contestants:
            if contestant.prepare is not None:
                store.run_in_transaction([contestant.prepare.read_text()])
        with _environment(contestants, url, store, directory / "logs" / size.name) as environment:
            yield environment


@contextmanager
def sqlite_environment(
    contestants: Sequence[Contestant], size: Size, directory: Path
) -> Iterator[Environment]:
    """Run contestants on a copy of the data in SQLite until the block ends."""
    with (
        sqlite_copy(directory, size) as path,
        closing(SqliteStore(str(path))) as store,
        _environment(contestants, f"sqlite:///{path}", store, directory / "logs" / size.name) as environment,
    ):
        yield environment


@contextmanager
def _environment(
    contestants: Sequence[Contestant], url: str, store: Store, logs: Path
) -> Iterator[Environment]:
    logs.mkdir(parents=True, exist_ok=True)
    samples = take_samples(store)
    with run_contestants(contestants, url, samples, logs=logs) as running:
        yield Environment(running, store, samples)
