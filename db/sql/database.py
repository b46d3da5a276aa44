"""The interface that both adapters implement: reads, and writes in transactions that are retried."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Dialect

from db.domain.errors import Refusal, Unavailable
from db.sql.statements import RowT, Statement

T = TypeVar("T")

MAX_ATTEMPTS = 8
"""How often a write that meets concurrent ones is tried before it fails as Unavailable."""

MAX_SAME_VIOLATIONS = 3
"""How often a write may break one constraint; an attempt after a lost race sees the other write's rows."""


class ConcurrentWrite(Exception):
    """A concurrent write came first; the whole transaction may be tried again.

    ``constraint`` names the one that the write would have broken, if a constraint stopped it.
    """

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ConstraintViolation(Exception):
    """A write breaks a constraint at every attempt: a rule let through what the database refuses."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"The write breaks a constraint at every attempt: {constraint}")


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How many connections are busy and how many are idle, and how many tasks wait for one."""

    busy: int
    idle: int
    waiting: int


@dataclass(slots=True)
class BusyTime:
    """For how many seconds the reads and transactions of a request have kept connections busy."""

    seconds: float = 0.0


@dataclass(slots=True)
class RetryCounter:
    """How many writes of a database were tried again, over all organizations."""

    retries: int = 0


ReadJson = Callable[[Statement, Mapping[str, object]], Awaitable[bytes | None]]
"""``Database.json`` or ``Transaction.json``."""


class Transaction(ABC):
    """One transaction. Its statements see each other's effects; others see them after the commit."""

    @abstractmethod
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        """Return the rows, of the type that the statement declares."""

    @abstractmethod
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        """Return the JSON text that a planned statement selects."""

    @abstractmethod
    async def execute(self, statement: Statement, **values: object) -> int:
        """Return how many rows were changed."""

    @abstractmethod
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, object]]) -> None:
        """Run the statement once for each mapping of values."""

    async def row(self, statement: Statement[RowT], **values: object) -> RowT | None:
        """Return the first row, or None if there is none."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None

    async def one(self, statement: Statement[RowT], **values: object) -> RowT:
        """Return the row of a statement that always has exactly one.

        Raises:
            LookupError: there was none, or more than one.
        """
        rows = await self.rows(statement, **values)
        if len(rows) != 1:
            raise LookupError(f"The statement returned {len(rows)} rows instead of one.")
        return rows[0]

    async def update_exactly(self, statement: Statement, number: int = 1, /, **values: object) -> None:
        """Change exactly ``number`` rows.

        Raises:
            ConcurrentWrite: the statement changed more or fewer.
        """
        if await self.execute(statement, **values) != number:
            raise ConcurrentWrite


class Database(ABC):
    """An open database. It is opened by the command line and closed when the server stops."""

    dialect: Dialect
    retry_counter: RetryCounter
    busy_time: BusyTime

    @abstractmethod
    async def json(self, statement: Statement, values: Mapping[str, object]) -> bytes | None:
        """Return the JSON text that a planned statement selects, from one snapshot."""

    @abstractmethod
    async def rows(self, statement: Statement[RowT], **values: object) -> list[RowT]:
        """Return the rows, of the type that the statement declares, from one snapshot."""

    @abstractmethod
    def for_organization(self, organization_id: UUID) -> "Database":
        """Return the database as one organization sees it, for one request; it has a busy time of its own.

        On PostgreSQL, row-level security hides the rows of other organizations.
        """

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a transaction; commit it when the block ends, roll it back when the block raises.

        Raises:
            ConcurrentWrite: a concurrent write came first.
            Unavailable: the database was not reached, or took too long.
            OutcomeUnknown: the connection was lost during the commit.
        """

    @abstractmethod
    def pool_stats(self) -> PoolStats:
        """Return how busy the connections are."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        on_refusal: Callable[[Transaction, Refusal], Awaitable[T]] | None = None,
    ) -> T:
        """Run ``work`` in a transaction; after a concurrent write, run it again from the start.

        A refusal rolls the transaction back. Before that, ``on_refusal`` may read the result that is returned
        instead, while the transaction still holds the locks under which the rule was checked.

        Raises:
            Refusal: a rule refused, and there is no ``on_refusal``.
            Unavailable: the database was not reached, or a concurrent write came first at every attempt.
            ConstraintViolation: the write broke the same constraint at several attempts.
        """
        violations: Counter[str] = Counter()
        for attempt in range(MAX_ATTEMPTS):
            try:
                return await self._attempt(work, on_refusal)
            except ConcurrentWrite as concurrent_write:
                error = concurrent_write
            if error.constraint is not None:
                violations[error.constraint] += 1
                if violations[error.constraint] == MAX_SAME_VIOLATIONS:
                    raise ConstraintViolation(error.constraint) from error
            self.retry_counter.retries += attempt + 1 < MAX_ATTEMPTS
            await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise Unavailable("Too many changes at the same time. Nothing was changed; try again.") from error

    async def _attempt(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        on_refusal: Callable[[Transaction, Refusal], Awaitable[T]] | None,
    ) -> T:
        results: list[T] = []
        try:
            async with self.transaction() as transaction:
                try:
                    return await work(transaction)
                except Refusal as refusal:
                    if on_refusal is not None:
                        results.append(await on_refusal(transaction, refusal))
                    raise  # which rolls back
        except Refusal:
            if not results:
                raise
            return results[0]
