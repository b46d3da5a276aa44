"""Subscriptions listened to in the background, and what they are told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import orjson
from graphql import OperationType

from db import models
from db.sql.statements import insertion
from schema.execution.executor import Executor, Request
from schema.execution.response import Answer
from tests.builders import NOW, Deals

ALL = "subscription($after: String) { opportunitiesChanged(after: $after) { eventId opportunity { id } } }"
"""Every event of the organization, with its opportunity's id."""

CLOSE = (
    "mutation($id: ID!) { closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename } }"
)

PATIENCE = 20.0
"""Seconds until a test that hears nothing fails."""

_EVENT = insertion(models.Event)


class Listener:
    """Hears the answers to one subscription."""

    def __init__(self, answers: AsyncGenerator[Answer, None]) -> None:
        self.answers: list[Any] = []
        self._coming = answers
        self._more = asyncio.Event()

    @property
    def events(self) -> list[Any]:
        """What was told, without the wrapping."""
        return [event for answer in self.answers for event in answer["data"].values()]

    async def listen(self) -> None:
        """Hear answers until they end."""
        async for answer in self._coming:
            self.answers.append(orjson.loads(answer.body))
            self._more.set()

    async def hears(self, number: int) -> list[Any]:
        """Wait for so many events, and return all that were told."""
        async with asyncio.timeout(PATIENCE):
            while len(self.answers) < number:
                await self._more.wait()
                self._more.clear()
        return self.events

    async def hears_of(self, number: int) -> list[UUID]:
        """Wait for so many events, and return the opportunities of all that were told."""
        events = await self.hears(number)
        return [UUID(event["opportunity"]["id"].removeprefix("opp_")) for event in events]


@asynccontextmanager
async def listening(
    executor: Executor, deals: Deals, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncIterator[Listener]:
    """Listen while the block runs; it begins when the listener has been taken in, or refused."""
    listener = Listener(answers(executor, deals, query, last=last, **variables))
    present = executor.feed.listeners
    task = asyncio.create_task(listener.listen())
    await until(lambda: executor.feed.listeners > present or task.done())
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)


def answers(
    executor: Executor, deals: Deals, query: str = ALL, *, last: str = "", **variables: Any
) -> AsyncGenerator[Answer, None]:
    """Subscribe on behalf of the organization's caller."""
    request = Request(query, variables, operations=frozenset(OperationType), id="r1")
    return executor.answers(request, lambda: deals.caller, last)


async def happen(executor: Executor, deals: Deals, *opportunity_ids: UUID) -> None:
    """Write one event for each, in one transaction."""
    event = {"organization_id": deals.organization_id, "kind": "QUOTES_CLOSED", "at": NOW}
    async with deals.database.transaction() as transaction:
        for opportunity_id in opportunity_ids:
            await transaction.execute(_EVENT, opportunity_id=opportunity_id, **event)
    executor.feed.stir()
