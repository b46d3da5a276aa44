"""Rounds of acts on the same deal, all at the same time."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from db.connect import open_database
from db.domain.errors import Refusal
from db.sql.database import Database, LostRace, Transaction
from db.sql.statements import Statement
from tests.builders import Deals

Act = Callable[[Transaction], Awaitable[object]]
Write = Callable[[Act], Awaitable[object]]

CODES = frozenset(
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

AT_ONCE = 20
"""Acts, of some rounds: enough to keep every connection busy."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[list[Database]]:
    """Open the database twice: in SQLite each has a writer, and these contend as two processes do."""
    databases = [await open_database(url) for _ in range(2)]
    try:
        yield databases
    finally:
        for database in databases:
            await database.close()


async def race(deals: Deals, writes: Sequence[Write], acts: Sequence[Act]) -> list[object]:
    """Return what everybody was told."""
    async with deals.database.transaction() as transaction:
        await transaction.rows(Statement(text("ANALYZE")))  # plans made for empty tables would be kept
    answers: list[object] = []
    for start in range(0, len(acts), AT_ONCE):
        batch = acts[start : start + AT_ONCE]
        answers += await asyncio.gather(*(told(random.choice(writes), act) for act in batch))
    return answers


async def told(write: Write, act: Act) -> object:
    try:
        return await write(act)
    except (Refusal, LostRace) as refusal:
        return refusal
