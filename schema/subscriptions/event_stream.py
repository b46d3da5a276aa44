"""Executes one subscription: the plan of its field reads each event of its topic."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from graphql.execution.values import get_argument_values

from db.audit.events import START, EventPosition, Topic
from db.domain.caller import Caller
from db.sql.statements import Statement
from schema.planner.errors import BadInput, InvalidArguments, locate
from schema.planner.global_ids import decode_id
from schema.planner.plan.planner import Plan
from schema.request.operation import Operation
from schema.subscriptions.event_feed import EventFeed


@dataclass(frozen=True, slots=True)
class SubscriptionResponse:
    """The response to a subscription for one event: the event's id and the JSON."""

    id: str
    body: bytes


class ReadBudget(Protocol):
    """What a subscription may read."""

    def check(self) -> None:
        """Raise RateLimited if the subscriber may not read another event yet."""

    def read(self, statement: Statement, values: Mapping[str, object]) -> Awaitable[bytes | None]:
        """Return the JSON text that a planned statement selects, and charge the subscriber for it."""


async def subscribe(
    operation: Operation, feed: EventFeed, caller: Callable[[], Caller], after: str, budget: ReadBudget
) -> AsyncGenerator[SubscriptionResponse, None]:
    """Yield a response for each event of the subscription's topic.

    Args:
        operation: the subscription; validation permits exactly one root field.
        feed: the event feed.
        caller: returns the caller of the moment.
        after: the id of the last known event; it replaces the argument of that name unless it is empty.
        budget: admits the reads of the events and charges the subscriber for them.

    Raises:
        InvalidArguments: arguments have invalid values.
        Unavailable, TooManySubscribers, ServerStopping: as ``EventFeed.events`` raises them.
        RateLimited: the subscriber's reads have kept the database busy for too long.
        TimedOut: the read of an event took too long.
    """
    [field] = operation.root_fields()
    arguments = get_argument_values(field.definition, field.nodes[0], operation.collector.variables)
    reader = _EventReader(operation, feed, caller, await operation.plan(field), budget)
    reader.bind(START)  # raises for invalid filter values before anything is read
    try:
        opportunity_id = decode_id("opp", arguments["id"]) if "id" in arguments else None
        topic = Topic(operation.caller.organization_id, opportunity_id)
        position = _parse_position(after or arguments.get("after"))
        async with aclosing(feed.events(topic, position)) as events:
            async for event in events:
                text = await reader.read(event.position)
                if text is not None:
                    body = b'{"data":{"%s":%s}}' % (field.key.encode(), text)
                    yield SubscriptionResponse(str(event.position), body)
    except InvalidArguments:
        raise
    except BadInput as error:
        raise InvalidArguments([locate(error, field.nodes, [field.key])]) from error


@dataclass(frozen=True, slots=True)
class _EventReader:
    operation: Operation
    feed: EventFeed
    caller: Callable[[], Caller]
    plan: Plan
    budget: ReadBudget

    async def read(self, position: EventPosition) -> bytes | None:
        """Return the event as JSON, or None if the filter excludes it.

        Subscribers whose statement and values are equal share one read.
        """
        statement, values = self.plan.statement, self.bind(position)
        database = self.operation.database
        parameters = statement.compiled(database.dialect).bind(values)
        hashable = (tuple(each) if isinstance(each, list) else each for each in parameters)
        self.budget.check()
        return await self.feed.reads.do(
            self.operation.caller.organization_id,
            (statement, *hashable),
            lambda: self.budget.read(statement, values),
        )

    def bind(self, position: EventPosition) -> Mapping[str, Any]:
        variables = self.operation.collector.variables
        return self.plan.values(variables, self.caller(), {"position": position.position})


def _parse_position(event_id: str | None) -> EventPosition | None:
    try:
        return None if event_id is None else EventPosition.parse(event_id)
    except ValueError as error:
        raise BadInput(f"{error} Send eventId as it was returned.") from error
