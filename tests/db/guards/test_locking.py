"""The order of the locks on opportunities: always by id, so that no two writes deadlock.

``Database.write`` runs a deadlocked write again and so hides it. These tests therefore count the retries.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import column, func, select, table, text

from db.connect import open_database
from db.domain.caller import Caller
from db.domain.enums import OpportunityState
from db.domain.ids import new_id
from db.guards.locking import lock_opportunities, lock_opportunity, lock_quotes
from db.opportunities.close_many import CloseOpportunities, close_opportunities
from db.quotes.close import CloseQuotes, close_quotes
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder
from tests.db.races.race import Operation
from tests.reliability.support.interleaving import Writer, run_interleaved

NUMBER = 12
"""The number of opportunities that one write locks."""

ROUNDS = 3
"""Without ORDER BY, a hash table can return the lowest id first by chance."""

WAIT_TIMEOUT_SECONDS = 20

OpportunityWithQuote = tuple[UUID, UUID]
"""The ids of an opportunity and of its draft quote."""

Write = Callable[[Caller, Sequence[OpportunityWithQuote], Transaction], Awaitable[object]]


@pytest.fixture
async def scanning(postgresql_url: str) -> AsyncIterator[Database]:
    """A database that without ORDER BY reads its rows in the order in which they were stored.

    An index on the ids would return them in order by chance, and so hide that ORDER BY is missing.
    """
    database = await open_database(postgresql_url)
    try:
        async with database.transaction() as transaction:
            await transaction.rows(_SCAN_TABLES)
    finally:
        await database.close()
    database = await open_database(postgresql_url)
    try:
        yield database
    finally:
        await database.close()


async def stored_opportunities(builder: OrganizationBuilder, number: int) -> list[OpportunityWithQuote]:
    """Store opportunities with a quote, the highest id first; return them, the lowest id first."""
    ids = sorted(new_id() for _ in range(number))
    quote_ids = {id_: await builder.quote(await builder.opportunity(id=id_)) for id_ in reversed(ids)}
    return [(id_, quote_ids[id_]) for id_ in ids]


def closing_opportunities(
    caller: Caller, of: Sequence[OpportunityWithQuote], transaction: Transaction
) -> Awaitable[object]:
    ids = tuple(opportunity_id for opportunity_id, _ in of)
    closing = CloseOpportunities(opportunity_ids=ids, outcome=OpportunityState.LOST, close_others=True)
    return close_opportunities(transaction, caller, closing)


def closing_quotes(
    caller: Caller, of: Sequence[OpportunityWithQuote], transaction: Transaction
) -> Awaitable[object]:
    ids = tuple(quote_id for _, quote_id in of)
    return close_quotes(transaction, caller, CloseQuotes(ids=ids, close_others=True))


def locking_opportunities(
    caller: Caller, of: Sequence[OpportunityWithQuote], transaction: Transaction
) -> Awaitable[object]:
    return lock_opportunities(transaction, caller, [opportunity_id for opportunity_id, _ in of])


def locking_opportunities_of_quotes(
    caller: Caller, of: Sequence[OpportunityWithQuote], transaction: Transaction
) -> Awaitable[object]:
    return lock_quotes(transaction, caller, [quote_id for _, quote_id in of])


WRITES: list[Write] = [
    closing_opportunities,
    closing_quotes,
    locking_opportunities,
    locking_opportunities_of_quotes,
]


@pytest.mark.parametrize("step", [1, -1], ids=["ascending", "descending"])
@pytest.mark.parametrize("write", WRITES)
async def test_a_write_locks_opportunities_in_the_order_of_their_ids(
    scanning: Database, write: Write, step: int
) -> None:
    builder = await OrganizationBuilder.create(scanning)
    for _ in range(ROUNDS):
        stored = await stored_opportunities(builder, NUMBER)
        first_is_locked, other_waits = asyncio.Event(), asyncio.Event()

        async def one_by_one(transaction: Transaction) -> None:
            """Lock the lowest id, wait until the other write waits for it, and lock the others."""
            for opportunity_id, _ in stored:  # noqa: B023 - runs within the round
                await lock_opportunity(transaction, builder.caller, opportunity_id)
                first_is_locked.set()  # noqa: B023 - runs within the round
                await other_waits.wait()  # noqa: B023 - runs within the round

        async with asyncio.TaskGroup() as group:
            group.create_task(scanning.write(one_by_one))
            await first_is_locked.wait()
            group.create_task(scanning.write(partial(write, builder.caller, stored[::step])))
            await until_a_write_waits(scanning)
            other_waits.set()

        assert scanning.retry_counter.retries == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (closing_opportunities, closing_opportunities),
        (closing_quotes, closing_quotes),
        (closing_opportunities, closing_quotes),
        (closing_quotes, closing_opportunities),
    ],
)
async def test_writes_with_the_same_ids_in_opposite_orders_do_not_deadlock(
    scanning: Database, one: Write, other: Write
) -> None:
    builder = await OrganizationBuilder.create(scanning)
    stored = await stored_opportunities(builder, 2)
    operations: list[Operation] = [
        partial(one, builder.caller, stored[::-1]),
        partial(other, builder.caller, stored),
    ]
    writers = [Writer(scanning) for _ in operations]

    writes = [writer.write(operation) for writer, operation in zip(writers, operations, strict=True)]
    await run_interleaved(scanning, writers, writes, InTurns())

    assert scanning.retry_counter.retries == 0


class InTurns:
    """A schedule in which the writes take turns, statement by statement."""

    def __init__(self) -> None:
        self._last = -1

    def choose(self, able: Sequence[int]) -> int:
        """Return the write that did not run last, if it can run."""
        self._last = next((each for each in able if each != self._last), able[0])
        return self._last

    def block(self) -> None:
        """Ignore it: turns follow the writes, not their locks."""


async def until_a_write_waits(database: Database) -> None:
    async with asyncio.timeout(WAIT_TIMEOUT_SECONDS):
        while not (await database.rows(_WAITING))[0].number:  # noqa: ASYNC110 - PostgreSQL does not report it
            await asyncio.sleep(0.002)


_SCAN_TABLES = Statement(
    text(
        "DO $$ BEGIN"
        " EXECUTE format('ALTER DATABASE %I SET enable_indexscan = off', current_database());"
        " EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());"
        " END $$"
    )
)
_activity = table("pg_stat_activity", column("datname"), column("wait_event_type"))
_WAITING = Statement(
    select(func.count().label("number"))
    .select_from(_activity)
    .where(_activity.c.datname == func.current_database(), _activity.c.wait_event_type == "Lock")
)
