"""Batch functions of the data loaders: rows for many keys, in the order of the keys."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from db.models import Account, Quote, QuoteLine, User
from tests.benchmarks.servers.orm.sessions import organization, session


async def accounts(ids: Sequence[UUID]) -> list[Account]:
    """Return accounts by their ids."""
    statement = select(Account).where(Account.organization_id == organization, col(Account.id).in_(ids))
    async with session() as database:
        found = {row.id: row for row in await database.exec(statement)}
    return [found[each] for each in ids]


async def users(ids: Sequence[UUID]) -> list[User]:
    """Return users by their ids."""
    statement = select(User).where(User.organization_id == organization, col(User.id).in_(ids))
    async with session() as database:
        found = {row.id: row for row in await database.exec(statement)}
    return [found[each] for each in ids]


async def quotes(opportunity_ids: Sequence[UUID]) -> list[list[Quote]]:
    """Return the quotes of opportunities by number."""
    statement = (
        select(Quote)
        .where(Quote.organization_id == organization, col(Quote.opportunity_id).in_(opportunity_ids))
        .order_by(col(Quote.number), col(Quote.revision))
    )
    groups: dict[UUID, list[Quote]] = defaultdict(list)
    async with session() as database:
        for row in await database.exec(statement):
            groups[row.opportunity_id].append(row)
    return [groups[each] for each in opportunity_ids]


async def lines(quote_ids: Sequence[UUID]) -> list[list[QuoteLine]]:
    """Return the lines of quotes by position."""
    statement = (
        select(QuoteLine)
        .where(QuoteLine.organization_id == organization, col(QuoteLine.quote_id).in_(quote_ids))
        .order_by(col(QuoteLine.position))
    )
    groups: dict[UUID, list[QuoteLine]] = defaultdict(list)
    async with session() as database:
        for row in await database.exec(statement):
            groups[row.quote_id].append(row)
    return [groups[each] for each in quote_ids]
