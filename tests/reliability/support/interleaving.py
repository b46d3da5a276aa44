"""Writes at the same time, statement by statement, in an order that is chosen and not left to chance."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Integer, bindparam, func, select
from typing_extensions import override

from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.db.races.race import Operation

PATIENCE = 0.002
"""Seconds after which a statement that has not ended may be waiting for a lock."""


MOST_SECONDS = 30.0
"""Until a test fails whose writes do not end."""


class Schedule(Protocol):
    """Says whose turn it is."""

    def choose(self, able: Sequence[int]) -> int:
        """Pick who goes on, of those who can."""

    def waits(self) -> None:
        """Note that who was picked last waits for a lock now."""


class Player:
    """One who writes: every statement, and the commit, waits until it is his turn."""

    def __init__(self, database: Database) -> None:
        self.process_id = 0
        self._database = database
        self.rests = asyncio.Event()
        self.is_done = False
        self._turn = asyncio.Event()

    @property
    def can_go_on(self) -> bool:
        """Whether he waits for his turn, and for nothing else."""
        return self.rests.is_set() and not self.is_done

    def go_on(self) -> None:
        """Let him run his next statement."""
        self.rests.clear()
        self._turn.set()

    async def turn(self) -> None:
        """Wait until he may go on."""
        self.rests.set()
        await self._turn.wait()
        self._turn.clear()

    async def write(self, act: Operation) -> object:
        """Write with a turn before every statement, and one before the end."""

        async def in_turns(transaction: Transaction) -> object:
            self.process_id = (await transaction.one(_PROCESS)).id
            outcome = await act(_InTurns(transaction, self))
            await self.turn()
            return outcome

        return await self._database.write(in_turns)

    def end(self, _: object) -> None:
        """Note that his transaction has ended."""
        self.is_done = True
        self.rests.set()


async def interleaved(
    watching: Database, players: Sequence[Player], writes: Sequence[Awaitable[Any]], schedule: Schedule
) -> list[Any]:
    """Run the writes of the players; return what each came to. ``watching`` sees who waits for a lock."""
    tasks = [asyncio.ensure_future(write) for write in writes]
    for player, task in zip(players, tasks, strict=True):
        task.add_done_callback(player.end)
    async with asyncio.timeout(MOST_SECONDS):
        await _settled(watching, players)
        while not all(player.is_done for player in players):
            able = [number for number, player in enumerate(players) if player.can_go_on]
            chosen = players[schedule.choose(able)] if able else None  # else PostgreSQL ends a deadlock soon
            if chosen:
                chosen.go_on()
            await _settled(watching, players)
            if chosen and not chosen.rests.is_set():
                schedule.waits()
    return [task.result() for task in tasks]


async def _settled(watching: Database, players: Sequence[Player]) -> None:
    """Wait until everybody rests, or waits for the lock of one who does."""
    while busy := [player for player in players if not player.rests.is_set()]:
        resting = [asyncio.ensure_future(player.rests.wait()) for player in busy]
        _, pending = await asyncio.wait(resting, timeout=PATIENCE)
        for each in pending:
            each.cancel()
        if pending and await _all_wait(watching, [each for each in busy if not each.rests.is_set()]):
            return


async def _all_wait(watching: Database, players: Sequence[Player]) -> bool:
    for player in players:
        [row] = await watching.rows(_BLOCKERS, process_id=player.process_id)
        if not row.blockers:
            return False
    return True


class _InTurns(Transaction):
    def __init__(self, inner: Transaction, player: Player) -> None:
        self._inner = inner
        self._player = player

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        await self._player.turn()
        return await self._inner.rows(statement, **values)

    @override
    async def execute(self, statement: Statement, **values: Any) -> int:
        await self._player.turn()
        return await self._inner.execute(statement, **values)

    @override
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        await self._player.turn()
        await self._inner.execute_many(statement, values)

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        await self._player.turn()
        return await self._inner.json(statement, values)


_PROCESS = Statement(select(func.pg_backend_pid().label("id")))
_BLOCKERS = Statement(
    select(
        func.cardinality(func.pg_blocking_pids(bindparam("process_id", type_=Integer()))).label("blockers")
    )
)
