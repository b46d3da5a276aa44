"""Event feed: read the events of all organizations in one stable order, without gaps.

Positions alone are no such order on PostgreSQL: a transaction that took a lower position may commit later.
Events are therefore ordered by transaction id, then by position, and an event is visible once no running
transaction is as old as its own, so that no event can appear before it. A long transaction anywhere on the
server delays the events of all transactions that began after it.

SQLite has one writer at a time: positions are in commit order, and every committed event is visible.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self
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
"""Most events that one read returns."""

_EVENT_ID = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_MAX_INTEGER = 2**63 - 1


class EventPosition(NamedTuple):
    """The position of an event in the order of the feed."""

    transaction_id: int
    position: int

    def __str__(self) -> str:
        """Return the event id that clients see."""
        return f"{self.transaction_id}-{self.position}"

    @classmethod
    def parse(cls, event_id: str) -> Self:
        """Return the position of the event with this id.

        Raises:
            ValueError: the text has not the form of an event id.
        """
        match = _EVENT_ID.fullmatch(event_id)
        if match is None or max(map(int, match.groups())) > _MAX_INTEGER:
            raise ValueError("This is no event id.")
        return cls(*map(int, match.groups()))


START = EventPosition(0, 0)
"""The position before the first event."""


class Topic(NamedTuple):
    """What a subscriber follows: one opportunity, or a whole organization."""

    organization_id: UUID
    opportunity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an opportunity or of something below it."""

    position: EventPosition
    organization_id: UUID
    opportunity_id: UUID

    @property
    def topics(self) -> tuple[Topic, Topic]:
        """The topics whose subscribers receive the event."""
        return Topic(self.organization_id), Topic(self.organization_id, self.opportunity_id)


class _EventRow(NamedTuple):
    transaction_id: int
    position: int
    organization_id: UUID
    opportunity_id: UUID


def is_visible(transaction_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that no event can appear before the events of this transaction any more."""
    return transaction_id < SnapshotXmin()


_event = table_of(models.Event).c
_order = (_event.transaction_id, _event.position)
_visible = select(*_order, _event.organization_id, _event.opportunity_id).where(
    is_visible(_event.transaction_id)
)
_after = tuple_(*_order) > tuple_(
    bindparam("after_transaction", type_=BigInteger()), bindparam("after_position", type_=BigInteger())
)
_next = _visible.where(_after).order_by(*_order).limit(EVENTS_PAGE_SIZE)
_next_of_organization = _next.where(_event.organization_id == bindparam("organization_id", type_=Id()))
_next_of_opportunity = _next_of_organization.where(
    _event.opportunity_id == bindparam("opportunity_id", type_=Id())
)

_latest = _visible.order_by(*(column.desc() for column in _order)).limit(1)
_LATEST = Statement(_latest, _EventRow)
_LATEST_OF_ORGANIZATION = Statement(
    _latest.where(_event.organization_id == bindparam("organization_id", type_=Id())), _EventRow
)
_NEXT = Statement(_next, _EventRow)
_NEXT_OF_ORGANIZATION = Statement(_next_of_organization, _EventRow)
_NEXT_OF_OPPORTUNITY = Statement(_next_of_opportunity, _EventRow)


async def latest_position(database: Database, organization_id: UUID | None = None) -> EventPosition:
    """Return the position of the last visible event of one organization or of all, or ``START``."""
    if organization_id is None:
        rows = await database.rows(_LATEST)
    else:
        rows = await database.rows(_LATEST_OF_ORGANIZATION, organization_id=organization_id)
    return _position(rows[0]) if rows else START


async def events_after(
    database: Database, position: EventPosition, topic: Topic | None = None
) -> list[Event]:
    """Return the next visible events in order, at most ``EVENTS_PAGE_SIZE``.

    Without a topic, these are the events of all organizations.
    """
    values: dict[str, object] = {
        "after_transaction": position.transaction_id,
        "after_position": position.position,
    }
    statement = _NEXT
    if topic is not None:
        values |= topic._asdict()
        statement = _NEXT_OF_ORGANIZATION if topic.opportunity_id is None else _NEXT_OF_OPPORTUNITY
    rows = await database.rows(statement, **values)
    return [Event(_position(row), row.organization_id, row.opportunity_id) for row in rows]


def _position(row: _EventRow) -> EventPosition:
    return EventPosition(row.transaction_id, row.position)
