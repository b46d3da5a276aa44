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
from db.sql.statements import Statement

T = TypeVar("T")

ATTEMPTS = 8
"""How often a write is tried that keeps losing races before its caller is told."""


SAME_CONSTRAINT = 3
"""How often a write may break one constraint; who lost a race sees the winner's rows when it runs again."""


class LostRace(Exception):
    """A concurrent write got in between; the whole function may be run again.

    ``constraint`` is the one that the write would have broken, if it was stopped by one.
    """

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class ConstraintBroken(Exception):
    """A write breaks a constraint whenever it is run: a rule let through what the database must refuse."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"The constraint is broken each time, so no race was lost: {constraint}")


ReadJson = Callable[[Statement, Mapping[str, Any]], Awaitable[bytes | None]]
"""Returns the single JSON text of a planned statement."""


class Transaction(ABC):
    """One transaction; its statements see each other's effects, nobody else does before the commit."""

    @abstractmethod
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        """Return the rows as named tuples."""

    @abstractmethod
    async def execute(self, statement: Statement, **values: Any) -> int:
        """Return how many rows were changed."""

    @abstractmethod
    async def execute_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement with each set of values."""

    @abstractmethod
    async def change(self, statement: Statement, number: int = 1, /, **values: Any) -> None:
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

    async def row(self, statement: Statement, **values: Any) -> Any:
        """Return the only row, or None."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None


@dataclass(frozen=True, slots=True)
class Load:
    """How many connections work and how many are idle, and how many requests wait for one."""

    busy: int
    idle: int
    waiting: int


@dataclass(slots=True)
class Tally:
    """What is counted of a database, over all organizations: writes that were run again."""

    retries: int = 0


class Database(ABC):
    """An open database, with the rows of every organization.

    Opened by the command line, closed when the server stops.
    """

    dialect: Dialect
    tally: Tally

    @abstractmethod
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        """Return the single JSON text of a planned statement, from one snapshot."""

    @abstractmethod
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        """Return the rows as named tuples, from one snapshot."""

    @abstractmethod
    def of(self, organization_id: UUID) -> "Database":
        """Return it as one organization sees it: on PostgreSQL the rows of the others aren't there.

        Whatever is asked on behalf of a caller is asked of this.
        """

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a write; commit when the block ends, roll back when it raises."""

    @abstractmethod
    def load(self) -> Load:
        """Return what is going on at this moment."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        refused: Callable[[Transaction, Refusal], Awaitable[T]] | None = None,
    ) -> T:
        """Run ``work`` in one transaction; a race that it lost runs it again from the start.

        A refusal rolls everything back. ``refused`` may read the answer to it first, while the
        transaction still holds the locks under which the rule was checked.

        Raises:
            Refusal: a rule said no and there was no ``refused`` to answer it.
            Unavailable: the database was not reached, or the race was lost every time.
            ConstraintBroken: it was no race that was lost.
        """
        broken: Counter[str] = Counter()
        for attempt in range(ATTEMPTS):
            try:
                return await self._attempt(work, refused)
            except LostRace as race:
                lost = race
                _note(race, broken)
                self.tally.retries += attempt + 1 < ATTEMPTS
                await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise Unavailable("Too many changes at the same time. Nothing was changed; try again.") from lost

    async def _attempt(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        refused: Callable[[Transaction, Refusal], Awaitable[T]] | None,
    ) -> T:
        try:
            async with self.transaction() as transaction:
                try:
                    return await work(transaction)
                except Refusal as refusal:
                    if refused is None:
                        raise
                    raise _RolledBack(await refused(transaction, refusal)) from None
        except _RolledBack as rolled_back:
            return rolled_back.answer  # type: ignore[no-any-return]


def _note(race: LostRace, broken: Counter[str]) -> None:
    if race.constraint is not None:
        broken[race.constraint] += 1
        if broken[race.constraint] == SAME_CONSTRAINT:
            raise ConstraintBroken(race.constraint) from race


class _RolledBack(Exception):
    def __init__(self, answer: Any) -> None:
        self.answer = answer
