"""Run concurrent writes statement by statement, in the order that a schedule chooses."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Integer, bindparam, func, select
from typing_extensions import override

from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.db.races.race import Operation

LOCK_CHECK_SECONDS = 0.002
"""A statement that takes longer may wait for a lock."""

TIMEOUT_SECONDS = 30.0
"""Time in which all writes have to end."""

_PROCESS_ID = Statement(select(func.pg_backend_pid().label("id")))
_BLOCKERS = Statement(
    select(
        func.cardinality(func.pg_blocking_pids(bindparam("process_id", type_=Integer()))).label("blockers")
    )
)


class Schedule(Protocol):
    """Chooses the writer that runs its next statement."""

    def choose(self, runnable: Sequence[int]) -> int:
        """Return the number of one of the writers that can run."""

    def block(self) -> None:
        """Note that the chosen writer waits for a lock."""


class Writer:
    """A write that pauses before every statement and before its commit."""

    def __init__(self, database: Database) -> None:
        self.process_id = 0
        self.is_done = False
        self.paused = asyncio.Event()
        self._resumed = asyncio.Event()
        self._database = database

    @property
    def is_runnable(self) -> bool:
        """Whether the write only waits for ``resume``."""
        return self.paused.is_set() and not self.is_done

    def resume(self) -> None:
        """Let the write run its next statement."""
        self.paused.clear()
        self._resumed.set()

    async def pause(self) -> None:
        """Wait for ``resume``."""
        self.paused.set()
        await self._resumed.wait()
        self._resumed.clear()

    async def write(self, operation: Operation) -> object:
        """Run an operation in a transaction that pauses."""

        async def run(transaction: Transaction) -> object:
            self.process_id = (await transaction.one(_PROCESS_ID)).id
            outcome = await operation(_PausingTransaction(transaction, self))
            await self.pause()
            return outcome

        return await self._database.write(run)

    def end(self, _: object) -> None:
        """Note that the transaction has ended."""
        self.is_done = True
        self.paused.set()


async def run_interleaved(
    monitor: Database, writers: Sequence[Writer], writes: Sequence[Awaitable[Any]], schedule: Schedule
) -> list[Any]:
    """Run the writes of these writers; return their results. ``monitor`` shows which of them are blocked."""
    tasks = [asyncio.ensure_future(write) for write in writes]
    for writer, task in zip(writers, tasks, strict=True):
        task.add_done_callback(writer.end)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await _settle(monitor, writers)
        while not all(writer.is_done for writer in writers):
            runnable = [number for number, writer in enumerate(writers) if writer.is_runnable]
            chosen = (
                writers[schedule.choose(runnable)] if runnable else None
            )  # a deadlock: PostgreSQL ends it
            if chosen:
                chosen.resume()
            await _settle(monitor, writers)
            if chosen and not chosen.paused.is_set():
                schedule.block()
    return [task.result() for task in tasks]


async def _settle(monitor: Database, writers: Sequence[Writer]) -> None:
    """Wait until each writer is paused or done, or waits for a lock."""
    while running := [writer for writer in writers if not writer.paused.is_set()]:
        pauses = [asyncio.ensure_future(writer.paused.wait()) for writer in running]
        _, pending = await asyncio.wait(pauses, timeout=LOCK_CHECK_SECONDS)
        for each in pending:
            each.cancel()
        if pending and await _all_blocked(monitor, [each for each in running if not each.paused.is_set()]):
            return


async def _all_blocked(monitor: Database, writers: Sequence[Writer]) -> bool:
    for writer in writers:
        [row] = await monitor.rows(_BLOCKERS, process_id=writer.process_id)
        if not row.blockers:
            return False
    return True


class _PausingTransaction(Transaction):
    def __init__(self, inner: Transaction, writer: Writer) -> None:
        self._inner = inner
        self._writer = writer

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        await self._writer.pause()
        return await self._inner.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        await self._writer.pause()
        return await self._inner.execute(statement, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        await self._writer.pause()
        await self._inner.execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await self._writer.pause()
        return await self._inner.json(statement, values)
