"""Run operations on the same opportunity concurrently."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from db.connect import open_database
from db.domain.errors import Refusal
from db.sql.database import ConcurrentWrite, Database, Transaction
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder

Operation = Callable[[Transaction], Awaitable[object]]
Write = Callable[[Operation], Awaitable[object]]

EXPECTED_CODES = frozenset(
    {
        "ACTIVE_QUOTES",
        "NOT_FOUND",
        "OPPORTUNITY_ALREADY_CLOSED",
        "OPPORTUNITY_CLOSED",
        "OPPORTUNITY_OPEN",
        "QUOTES_NOT_CLOSABLE",
        "QUOTE_NOT_ACTIVE",
        "QUOTE_NOT_DRAFT",
        "QUOTE_NOT_REVISABLE",
    }
)
"""The codes of the refusals that concurrent operations cause; with many rounds, all of them occur."""

BATCH_SIZE = 20
"""Operations that run at the same time, enough to keep every connection busy."""


@asynccontextmanager
async def open_twice(url: str) -> AsyncIterator[list[Database]]:
    """Open the database twice: on SQLite each has a writer, and they compete like two processes."""
    databases = [await open_database(url) for _ in range(2)]
    try:
        yield databases
    finally:
        for database in databases:
            await database.close()


async def run_concurrently(
    builder: OrganizationBuilder, writes: Sequence[Write], operations: Sequence[Operation]
) -> list[object]:
    """Return the outcomes and the refusals of the operations."""
    async with builder.database.transaction() as transaction:
        await transaction.rows(Statement(text("ANALYZE")))  # otherwise plans of empty tables stay
    outcomes: list[object] = []
    for start in range(0, len(operations), BATCH_SIZE):
        batch = operations[start : start + BATCH_SIZE]
        outcomes += await asyncio.gather(
            *(outcome_of(random.choice(writes), operation) for operation in batch)
        )
    return outcomes


async def outcome_of(write: Write, operation: Operation) -> object:
    try:
        return await write(operation)
    except (Refusal, ConcurrentWrite) as refusal:
        return refusal
