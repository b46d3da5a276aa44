"""The database as the rules and the planner see it: one statement read, one function written."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Dialect

from db.domain.errors import Refusal, Unavailable
from db.sql.statements import RowT, Statement

T = TypeVar("T")

MAX_ATTEMPTS = 8
"""How often a write is tried that keeps losing races before its caller is told."""


MAX_SAME_VIOLATIONS = 3
"""How often a write may break one constraint; who lost a race sees the winner's rows when it runs again."""


class ConcurrentWrite(Exception):
    """A concurrent write got in between; the whole function may be run again.

    ``constraint`` is the one that the write would have broken, if it was stopped by one.
    """

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ConstraintViolation(Exception):
    """A write breaks a constraint whenever it is run: a rule let through what the database must refuse."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"The constraint is broken each time, so no race was lost: {constraint}")


ReadJson = Callable[[Statement, Mapping[str, Any]], Awaitable[bytes | None]]
"""Returns the single JSON text of a planned statement."""


class Transaction(ABC):
    """One transaction; its statements see each other's effects, nobody else does before the commit."""

    @abstractmethod
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        """Return the rows, of the type that the statement declares."""

    @abstractmethod
    async def execute(self, statement: Statement, **values: Any) -> int:
        """Return how many rows were changed."""

    @abstractmethod
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement with each set of values."""

    @abstractmethod
    async def update_exactly(self, statement: Statement, number: int = 1, /, **values: Any) -> None:
        """Change exactly so many rows.

        Raises:
            LostRace: there were more or fewer; the next statement may raise it, or the end.
        """

    @abstractmethod
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        """Return the single JSON text of a planned statement."""

    async def last_json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        """Return the single JSON text of a planned statement after which nothing comes but the commit."""
        return await self.json(statement, values)

    async def row(self, statement: Statement[RowT], **values: Any) -> RowT | None:
        """Return the first row, or None if there is none."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None

    async def one(self, statement: Statement[RowT], **values: Any) -> RowT:
        """Return the only row of a statement that always has one.

        Raises:
            LookupError: there was none, or more than one.
        """
        rows = await self.rows(statement, **values)
        if len(rows) != 1:
            raise LookupError(f"The statement returned {len(rows)} rows instead of one.")
        return rows[0]


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How many connections work and how many are idle, and how many requests wait for one."""

    busy: int
    idle: int
    waiting: int


@dataclass(slots=True)
class RetryCounter:
    """What is counted of a database, over all organizations: writes that were run again."""

    retries: int = 0


class Database(ABC):
    """An open database, with the rows of every organization.

    Opened by the command line, closed when the server stops.
    """

    dialect: Dialect
    retry_counter: RetryCounter

    @abstractmethod
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        """Return the single JSON text of a planned statement, from one snapshot."""

    @abstractmethod
    async def rows(self, statement: Statement[RowT], **values: Any) -> list[RowT]:
        """Return the rows, of the type that the statement declares, from one snapshot."""

    @abstractmethod
    def for_organization(self, organization_id: UUID) -> "Database":
        """Return it as one organization sees it: on PostgreSQL the rows of the others aren't there.

        Whatever is asked on behalf of a caller is asked of this.
        """

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a write; commit when the block ends, roll back when it raises."""

    @abstractmethod
    def pool_stats(self) -> PoolStats:
        """Return what is going on at this moment."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        on_refusal: Callable[[Transaction, Refusal], Awaitable[T]] | None = None,
    ) -> T:
        """Run ``work`` in one transaction; a race that it lost runs it again from the start.

        A refusal rolls everything back. ``on_refusal`` may read the answer to it first, while the
        transaction still holds the locks under which the rule was checked.

        Raises:
            Refusal: a rule said no and there was no ``on_refusal`` to answer it.
            Unavailable: the database was not reached, or the race was lost every time.
            ConstraintBroken: it was no race that was lost.
        """
        broken: Counter[str] = Counter()
        for attempt in range(MAX_ATTEMPTS):
            try:
                return await self._attempt(work, on_refusal)
            except ConcurrentWrite as race:
                lost = race
                _note(race, broken)
                self.retry_counter.retries += attempt + 1 < MAX_ATTEMPTS
                await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise Unavailable("Too many changes at the same time. Nothing was changed; try again.") from lost

    async def _attempt(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        on_refusal: Callable[[Transaction, Refusal], Awaitable[T]] | None,
    ) -> T:
        try:
            async with self.transaction() as transaction:
                try:
                    return await work(transaction)
                except Refusal as refusal:
                    if on_refusal is None:
                        raise
                    raise _RolledBack(await on_refusal(transaction, refusal)) from None
        except _RolledBack as rolled_back:
            return rolled_back.answer  # type: ignore[no-any-return]


def _note(race: ConcurrentWrite, broken: Counter[str]) -> None:
    if race.constraint is not None:
        broken[race.constraint] += 1
        if broken[race.constraint] == MAX_SAME_VIOLATIONS:
            raise ConstraintViolation(race.constraint) from race


class _RolledBack(Exception):
    def __init__(self, answer: Any) -> None:
        self.answer = answer
