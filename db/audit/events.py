"""Events in the one order in which everybody is told of them; what was read once gets no predecessor later.

Positions alone are no such order on PostgreSQL, where a change that took a lower one may be committed later.
There events are in the order of their transactions, then of their positions, and an event is read once it is
settled: no transaction is left that is as old as its own and could still commit an event before it. So a
write that runs long, anywhere on the server, holds back the events of those that began after it.

SQLite has one writer at a time: positions are in the order of commits, and every event is settled.
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from db import models
from db.models.ddl.transaction_id import SnapshotXmin
from db.sql.column_types import Id
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of

EVENTS_PAGE_SIZE = 500
"""How many events are read at once."""

_ID = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_HIGHEST = 2**63 - 1


class EventPosition(NamedTuple):
    """Where an event stands in the order."""

    transaction: int
    position: int

    def __str__(self) -> str:
        """Return the id under which clients know the event."""
        return f"{self.transaction}-{self.position}"

    @classmethod
    def parse(cls, event_id: str) -> Self:
        """Return the place of the event with this id.

        Raises:
            ValueError: no event can have it.
        """
        match = _ID.fullmatch(event_id)
        if match is None or max(map(int, match.groups())) > _HIGHEST:
            raise ValueError("This is no event id.")
        return cls(*map(int, match.groups()))


START = EventPosition(0, 0)
"""The place before the first event."""


class Topic(NamedTuple):
    """What one listens to: an opportunity, or all of an organization."""

    organization_id: UUID
    opportunity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an opportunity or below it; what it was is read when it is told."""

    position: EventPosition
    organization_id: UUID
    opportunity_id: UUID

    @property
    def topics(self) -> tuple[Topic, Topic]:
        """Those who listen to one of these are told."""
        return Topic(self.organization_id), Topic(self.organization_id, self.opportunity_id)


async def latest_position(database: Database) -> EventPosition:
    """Return the place of the last event that is settled, of all organizations."""
    rows = await database.rows(_NEWEST)
    return _place(rows[0]) if rows else START


async def events_after(database: Database, place: EventPosition, topic: Topic | None = None) -> list[Event]:
    """Return at most ``EVENTS_PAGE_SIZE`` next events in their order: of a topic, or of all organizations."""
    values: dict[str, Any] = {"after_transaction": place.transaction, "after_position": place.position}
    statement = _NEXT
    if topic is not None:
        values |= topic._asdict()
        statement = _NEXT_OF_ORGANIZATION if topic.opportunity_id is None else _NEXT_OF_OPPORTUNITY
    rows = await database.rows(statement, **values)
    return [Event(_place(row), row.organization_id, row.opportunity_id) for row in rows]


def is_visible(event: Any) -> ColumnElement[bool]:
    """Return whether all events before this one are known; ``event`` are the columns of its row."""
    return event.transaction_id < SnapshotXmin()  # type: ignore[no-any-return]


def _place(row: Any) -> EventPosition:
    return EventPosition(row.transaction_id, row.position)


_EVENT = table_of(models.Event).c
_ORDER = (_EVENT.transaction_id, _EVENT.position)
_SETTLED = select(*_ORDER, _EVENT.organization_id, _EVENT.opportunity_id).where(is_visible(_EVENT))


def _next(*conditions: ColumnElement[bool]) -> Statement:
    after = tuple_(
        bindparam("after_transaction", type_=BigInteger()), bindparam("after_position", type_=BigInteger())
    )
    events = _SETTLED.where(tuple_(*_ORDER) > after, *conditions)
    return Statement(events.order_by(*_ORDER).limit(EVENTS_PAGE_SIZE))


_OF_ORGANIZATION = _EVENT.organization_id == bindparam("organization_id", type_=Id())
_OF_OPPORTUNITY = _EVENT.opportunity_id == bindparam("opportunity_id", type_=Id())

_NEWEST = Statement(_SETTLED.order_by(*(column.desc() for column in _ORDER)).limit(1))
_NEXT = _next()
_NEXT_OF_ORGANIZATION = _next(_OF_ORGANIZATION)
_NEXT_OF_OPPORTUNITY = _next(_OF_ORGANIZATION, _OF_OPPORTUNITY)
