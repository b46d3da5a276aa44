"""Rounds of acts on the same deal, all at the same time."""

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
"""How those are refused who come too late; all of them, where every act is tried often."""

BATCH_SIZE = 20
"""Acts, of some rounds: enough to keep every connection busy."""


@asynccontextmanager
async def open_twice(url: str) -> AsyncIterator[list[Database]]:
    """Open the database twice: in SQLite each has a writer, and these contend as two processes do."""
    databases = [await open_database(url) for _ in range(2)]
    try:
        yield databases
    finally:
        for database in databases:
            await database.close()


async def run_concurrently(
    builder: OrganizationBuilder, writes: Sequence[Write], acts: Sequence[Operation]
) -> list[object]:
    """Return what everybody was told."""
    async with builder.database.transaction() as transaction:
        await transaction.rows(Statement(text("ANALYZE")))  # plans made for empty tables would be kept
    answers: list[object] = []
    for start in range(0, len(acts), BATCH_SIZE):
        batch = acts[start : start + BATCH_SIZE]
        answers += await asyncio.gather(*(outcome_of(random.choice(writes), act) for act in batch))
    return answers


async def outcome_of(write: Write, act: Operation) -> object:
    try:
        return await write(act)
    except (Refusal, ConcurrentWrite) as refusal:
        return refusal
