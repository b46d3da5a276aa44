"""A subscription: each event of its topic is read by the plan of its one field, and told."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from db.audit.events import START, EventPosition, Topic
from db.domain.caller import Caller
from schema.execution.fast_path import Field
from schema.planner.errors import BadInput
from schema.planner.global_ids import decode_id
from schema.planner.plan.planner import Plan
from schema.request.context import Context
from schema.request.operation import Operation
from schema.subscriptions.event_feed import EventFeed


@dataclass(frozen=True, slots=True)
class SubscriptionResponse:
    """The answer to a subscription for one event."""

    id: str
    body: bytes


async def subscribe(
    reader: Operation, feed: EventFeed, caller: Callable[[], Caller], after: str
) -> AsyncGenerator[SubscriptionResponse, None]:
    """Yield the answers to a subscription; ``after`` goes before its argument of that name.

    Raises:
        BadInput: an argument can't be used.
        Unavailable, TooManyListeners, Stopped: as ``EventFeed.events`` raises them.
    """
    field = _field(reader)
    sent = _arguments(reader, field)
    reading = _Reading(reader, feed, caller, reader.plan(field))
    reading.values(START)  # whether a filter's values can be used is told before anything happens
    key = str(field.path.key).encode()
    topic, position = _topic(reader, sent), _place(after or sent.get("after"))
    async with aclosing(feed.events(topic, position)) as events:
        async for event in events:
            text = await reading.text(event.position)
            if text is not None:
                yield SubscriptionResponse(str(event.position), b'{"data":{"%s":%s}}' % (key, text))


@dataclass(frozen=True, slots=True)
class _Reading:
    reader: Operation
    feed: EventFeed
    caller: Callable[[], Caller]
    plan: Plan

    async def text(self, position: EventPosition) -> bytes | None:
        """Return what is told of the event; listeners whose statements are equal read once together."""
        statement, values = self.plan.statement, self.values(position)
        database = self.reader.database
        parameters = statement.compiled(database.dialect).bind(values)
        values_of = (tuple(each) if isinstance(each, list) else each for each in parameters)
        key = (self.reader.caller.organization_id, statement, *values_of)
        return await self.feed.reads.do(key, lambda: database.json(statement, values))

    def values(self, position: EventPosition) -> dict[str, Any]:
        variables = self.reader.collector.variables
        return self.plan.values(variables, self.caller(), {"position": position.position})


def _field(reader: Operation) -> Field:
    root: Any = reader.collector.schema.subscription_type
    # Validation has seen to it that there is one, and that no directive leaves it out.
    [(key, nodes)] = reader.collector.collect(root, [reader.operation.selection_set]).items()
    name = nodes[0].name.value
    return Field(name, nodes, root, root.fields[name].type, Path(None, key, root.name), Context(reader))


def _arguments(reader: Operation, field: Field) -> Mapping[str, Any]:
    definition = field.parent_type.fields[field.field_name]
    return get_argument_values(definition, field.field_nodes[0], reader.collector.variables)


def _topic(reader: Operation, sent: Mapping[str, Any]) -> Topic:
    opportunity_id = decode_id("opp", sent["id"]) if "id" in sent else None
    return Topic(reader.caller.organization_id, opportunity_id)


def _place(event_id: str | None) -> EventPosition | None:
    try:
        return None if event_id is None else EventPosition.parse(event_id)
    except ValueError as error:
        raise BadInput(f"{error} Send eventId as it was told.") from error
