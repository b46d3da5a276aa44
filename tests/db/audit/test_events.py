import asyncio
import random
from typing import Any
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
NUMBER = Statement(select(CurrentXid().label("number")))
NUMBER_AS_ELSEWHERE = Statement(update(models.Event).values(transaction_id=10**12))

WRITERS = 8
WRITES = 30
"""Of each writer."""


async def test_events_are_read_in_the_order_in_which_they_were_written(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    first, second = await deals.opportunity(), await deals.opportunity()
    await write(deals, first, second)
    await write(deals, first)

    assert subjects(await events_after(database, START)) == [first, second, first]


async def test_an_event_is_not_read_before_it_is_committed(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    opportunity_id = await deals.opportunity()
    async with database.transaction() as transaction:
        await add(transaction, deals, opportunity_id)
        assert await events_after(database, START) == []

    assert subjects(await events_after(database, START)) == [opportunity_id]


async def test_events_of_a_restored_dump_come_first_once_it_is_migrated(
    postgresql: Database, postgresql_url: str
) -> None:
    deals = await OrganizationBuilder.create(postgresql)
    before, after = await deals.opportunity(), await deals.opportunity()
    await write(deals, before)
    async with postgresql.transaction() as transaction:
        await transaction.execute(NUMBER_AS_ELSEWHERE)
    assert (await is_current(postgresql_url), await events_after(postgresql, START)) == (False, [])

    await migrate(postgresql_url)
    await write(deals, after)

    assert subjects(await events_after(postgresql, START)) == [before, after]
    assert await is_current(postgresql_url)


async def test_an_event_waits_for_the_lower_position_of_an_older_transaction(postgresql: Database) -> None:
    deals = await OrganizationBuilder.create(postgresql)
    slow, quick = await deals.opportunity(), await deals.opportunity()
    async with postgresql.transaction() as transaction:
        await add(transaction, deals, slow)
        await write(deals, quick)
        assert await events_after(postgresql, START) == []
        assert await latest_position(postgresql) == START

    assert subjects(await events_after(postgresql, START)) == [slow, quick]


async def test_a_lower_position_that_is_committed_later_is_read_after_a_higher_one(
    postgresql: Database,
) -> None:
    deals = await OrganizationBuilder.create(postgresql)
    of_older, of_younger = await deals.opportunity(), await deals.opportunity()
    async with postgresql.transaction() as younger:
        async with postgresql.transaction() as older:
            await older.rows(NUMBER)
            await add(younger, deals, of_younger)
            await add(older, deals, of_older)
        [first] = await events_after(postgresql, START)
    [second] = await events_after(postgresql, first.position)

    assert subjects([first, second]) == [of_older, of_younger]
    assert first.position.position > second.position.position


async def test_following_concurrent_writers_meets_every_committed_event_once(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    opportunity_id = await deals.opportunity()
    place, followed = START, list[Event]()
    writers = asyncio.gather(*(write_at_random(deals, opportunity_id) for _ in range(WRITERS)))
    while not writers.done() or place != await latest_position(database):
        followed += await events_after(database, place)
        place = followed[-1].position if followed else place

    positions = [event.position.position for event in followed]
    assert sorted(positions) == [row.position for row in (await deals.dump())["event"]]
    assert len(positions) == sum(await writers)


async def test_the_newest_place_has_no_event_after_it(database: Database) -> None:
    assert await latest_position(database) == START
    deals = await OrganizationBuilder.create(database)
    opportunity_id = await deals.opportunity()
    await write(deals, opportunity_id, opportunity_id)

    newest = await latest_position(database)

    assert newest == (await events_after(database, START))[-1].position
    assert await events_after(database, newest) == []


async def test_a_topic_has_the_events_of_its_opportunity_or_organization_alone(database: Database) -> None:
    deals, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    first, second, foreign = await deals.opportunity(), await deals.opportunity(), await others.opportunity()
    await write(deals, first, second, first)
    await write(others, foreign)

    async def read(*topic: UUID) -> list[UUID]:
        return subjects(await events_after(database, START, Topic(*topic)))

    assert await read(deals.organization_id) == [first, second, first]
    assert await read(deals.organization_id, second) == [second]
    assert await read(deals.organization_id, foreign) == []
    assert await read(others.organization_id) == [foreign]


async def test_an_event_has_the_topics_in_which_it_is_read(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    await write(deals, await deals.opportunity())
    [event] = await events_after(database, START)

    for topic in event.topics:
        assert await events_after(database, START, topic) == [event]


async def test_reading_goes_on_after_a_page(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    await write(deals, *([await deals.opportunity()] * (EVENTS_PAGE_SIZE + 1)))

    page = await events_after(database, START)
    rest = await events_after(database, page[-1].position)

    assert [len(page), len(rest)] == [EVENTS_PAGE_SIZE, 1]
    assert page[-1].position < rest[0].position


def test_the_id_of_an_event_tells_its_place() -> None:
    assert str(EventPosition(731, 42)) == "731-42"
    assert EventPosition.parse("731-42") == EventPosition(731, 42)


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1-2-3", "1-x", " 1-2", "1-9223372036854775808", "1" * 20 + "-1", "٣-1"]
)
def test_a_text_that_is_no_event_id_has_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="is no event id"):
        EventPosition.parse(text)


async def write(deals: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    async with deals.database.transaction() as transaction:
        await add(transaction, deals, *opportunity_ids)


async def add(transaction: Transaction, deals: OrganizationBuilder, *opportunity_ids: UUID) -> None:
    event = {"organization_id": deals.organization_id, "kind": "QUOTES_CLOSED", "at": NOW}
    for opportunity_id in opportunity_ids:
        await transaction.execute(INSERT, opportunity_id=opportunity_id, **event)


async def write_at_random(deals: OrganizationBuilder, opportunity_id: UUID) -> int:
    """Write events in transactions that overlap, some of which are rolled back; return how many stay."""
    written = 0
    for _ in range(WRITES):
        number = random.randint(1, 3)
        try:
            async with deals.database.transaction() as transaction:
                await write_slowly(transaction, deals, opportunity_id, number)
            written += number
        except RolledBack:
            continue
    return written


async def write_slowly(
    transaction: Transaction, deals: OrganizationBuilder, opportunity_id: UUID, number: int
) -> None:
    await transaction.rows(NUMBER)
    for _ in range(number):
        await asyncio.sleep(random.choice((0, 0, 0.002)))
        await add(transaction, deals, opportunity_id)
    if random.random() < 0.1:
        raise RolledBack


class RolledBack(Exception):
    pass


def subjects(events: list[Any]) -> list[UUID]:
    return [event.opportunity_id for event in events]
