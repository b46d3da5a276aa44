import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import select, update

from db import models
from db.audit.events import (
    EVENTS_PAGE_SIZE,
    START,
    Event,
    EventPosition,
    Topic,
    events_after,
    latest_position,
)
from db.migrations.runner import is_current, migrate
from db.models.ddl.transaction_id import CurrentXid
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from tests.builders import NOW, OrganizationBuilder

INSERT = insert_statement(models.Event)
TAKE_TRANSACTION_ID = Statement(select(CurrentXid().label("transaction_id")))
SET_FOREIGN_TRANSACTION_IDS = Statement(update(models.Event).values(transaction_id=10**12))

WRITERS = 8
WRITES_PER_WRITER = 30


async def test_events_are_in_the_order_of_their_writes(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    first, second = await builder.opportunity(), await builder.opportunity()
    await write(builder, first, second)
    await write(builder, first)

    assert opportunity_ids(await events_after(database, START)) == [first, second, first]


async def test_an_uncommitted_event_is_not_visible(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity_id = await builder.opportunity()
    async with database.transaction() as transaction:
        await add(transaction, builder, opportunity_id)
        assert await events_after(database, START) == []

    assert opportunity_ids(await events_after(database, START)) == [opportunity_id]


async def test_migrating_a_restored_dump_moves_its_events_first(
    postgresql: Database, postgresql_url: str
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    before, after = await builder.opportunity(), await builder.opportunity()
    await write(builder, before)
    async with postgresql.transaction() as transaction:
        await transaction.execute(SET_FOREIGN_TRANSACTION_IDS)
    assert (await is_current(postgresql_url), await events_after(postgresql, START)) == (False, [])

    await migrate(postgresql_url)
    await write(builder, after)

    assert opportunity_ids(await events_after(postgresql, START)) == [before, after]
    assert await is_current(postgresql_url)


async def test_an_event_is_not_visible_while_an_older_transaction_runs(postgresql: Database) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    slow, quick = await builder.opportunity(), await builder.opportunity()
    async with postgresql.transaction() as transaction:
        await add(transaction, builder, slow)
        await write(builder, quick)
        assert await events_after(postgresql, START) == []
        assert await latest_position(postgresql) == START

    assert opportunity_ids(await events_after(postgresql, START)) == [slow, quick]


async def test_a_lower_position_of_a_younger_transaction_comes_second(
    postgresql: Database,
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    by_older, by_younger = await builder.opportunity(), await builder.opportunity()
    async with postgresql.transaction() as younger:
        async with postgresql.transaction() as older:
            await older.rows(TAKE_TRANSACTION_ID)
            await add(younger, builder, by_younger)
            await add(older, builder, by_older)
        [first] = await events_after(postgresql, START)
    [second] = await events_after(postgresql, first.position)

    assert opportunity_ids([first, second]) == [by_older, by_younger]
    assert first.position.position > second.position.position


async def test_following_concurrent_writers_reads_every_committed_event_once(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    opportunity_id = await builder.opportunity()
    position, followed = START, list[Event]()
    writers = asyncio.gather(*(write_at_random(builder, opportunity_id) for _ in range(WRITERS)))
    while not writers.done() or position != await latest_position(database):
        followed += await events_after(database, position)
        position = followed[-1].position if followed else position

    positions = [event.position.position for event in followed]
    assert sorted(positions) == [row.position for row in (await builder.dump())["event"]]
    assert len(positions) == sum(await writers)


async def test_no_event_comes_after_the_latest_position(database: Database) -> None:
    assert await latest_position(database) == START
    builder = await OrganizationBuilder.create(database)
    opportunity_id = await builder.opportunity()
    await write(builder, opportunity_id, opportunity_id)

    newest = await latest_position(database)

    assert newest == (await events_after(database, START))[-1].position
    assert await events_after(database, newest) == []


async def test_a_topic_has_only_events_of_its_opportunity_or_organization(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    first, second, foreign = (
        await builder.opportunity(),
        await builder.opportunity(),
        await others.opportunity(),
    )
    await write(builder, first, second, first)
    await write(others, foreign)

    async def read(*topic: UUID) -> list[UUID]:
        return opportunity_ids(await events_after(database, START, Topic(*topic)))

    assert await read(builder.organization_id) == [first, second, first]
    assert await read(builder.organization_id, second) == [second]
    assert await read(builder.organization_id, foreign) == []
    assert await read(others.organization_id) == [foreign]


async def test_an_event_names_the_topics_that_contain_it(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await write(builder, await builder.opportunity())
    [event] = await events_after(database, START)

    for topic in event.topics:
        assert await events_after(database, START, topic) == [event]


async def test_events_are_read_in_pages(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    await write(builder, *([await builder.opportunity()] * (EVENTS_PAGE_SIZE + 1)))

    page = await events_after(database, START)
    rest = await events_after(database, page[-1].position)

    assert [len(page), len(rest)] == [EVENTS_PAGE_SIZE, 1]
    assert page[-1].position < rest[0].position


def test_an_event_id_is_the_text_of_a_position() -> None:
    assert str(EventPosition(731, 42)) == "731-42"
    assert EventPosition.parse("731-42") == EventPosition(731, 42)


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1-2-3", "1-x", " 1-2", "1-9223372036854775808", "1" * 20 + "-1", "٣-1"]
)
def test_parsing_another_text_raises(text: str) -> None:
    with pytest.raises(ValueError, match="is no event id"):
        EventPosition.parse(text)


async def write(builder: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    async with builder.database.transaction() as transaction:
        await add(transaction, builder, *opportunity_ids)


async def add(transaction: Transaction, builder: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    event = {"organization_id": builder.organization_id, "kind": "QUOTES_CLOSED", "at": NOW}
    for opportunity_id in opportunity_ids:
        await transaction.execute(INSERT, opportunity_id=opportunity_id, **event)


async def write_at_random(builder: OrganizationBuilder, opportunity_id: UUID) -> int:
    """Write events in overlapping transactions and roll some back; return the number of committed events."""
    written = 0
    for _ in range(WRITES_PER_WRITER):
        count = random.randint(1, 3)
        try:
            async with builder.database.transaction() as transaction:
                await write_slowly(transaction, builder, opportunity_id, count)
            written += count
        except RolledBack:
            continue
    return written


async def write_slowly(
    transaction: Transaction, builder: OrganizationBuilder, opportunity_id: UUID, count: int
) -> None:
    await transaction.rows(TAKE_TRANSACTION_ID)
    for _ in range(count):
        await asyncio.sleep(random.choice((0, 0, 0.002)))
        await add(transaction, builder, opportunity_id)
    if random.random() < 0.1:
        raise RolledBack


class RolledBack(Exception):
    pass


def opportunity_ids(events: list[Event]) -> list[UUID]:
    return [event.opportunity_id for event in events]
