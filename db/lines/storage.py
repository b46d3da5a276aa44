"""The stored lines of a quote: read, insert, replace."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from db import models
from db.domain.caller import Caller
from db.guards.locking import QuoteRow
from db.lines.line import CONTENT_COLUMNS, Line
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

_line = table_of(models.QuoteLine)
_of_organization = _line.c.organization_id == bindparam("organization_id")

_READ = Statement(
    select(*(_line.c[name] for name in ("id", "position", *CONTENT_COLUMNS)))
    .where(_of_organization, _line.c.quote_id == bindparam("quote_id"))
    .order_by(_line.c.position)
)
_INSERT = insert_statement(models.QuoteLine)
_UPDATE = Statement(
    update(_line)
    .where(_of_organization, _line.c.id == bindparam("line_id"))
    .values({name: bindparam(name) for name in ("position", *CONTENT_COLUMNS)})
)
_DELETE = Statement(delete(_line).where(_of_organization, InArray(_line.c.id, "ids")))


async def read_lines(transaction: Transaction, caller: Caller, quote_id: UUID) -> list[Line]:
    """Return the lines of a quote, ordered by position."""
    rows = await transaction.rows(_READ, organization_id=caller.organization_id, quote_id=quote_id)
    return [Line(**row._asdict()) for row in rows]


async def insert_lines(
    transaction: Transaction, caller: Caller, lines: Iterable[Line], *, quote_id: UUID, currency_code: str
) -> None:
    """Insert lines of a quote, in the currency of the quote."""
    quote = {
        "organization_id": caller.organization_id,
        "quote_id": quote_id,
        "currency_code": currency_code,
    }
    await transaction.execute_many(_INSERT, [{**line.columns(), **quote} for line in lines])


async def replace_lines(
    transaction: Transaction, caller: Caller, quote: QuoteRow, before: Sequence[Line], after: Sequence[Line]
) -> None:
    """Replace the lines of a quote; a line that stays has the same position as before, or a lower one."""
    old = {line.id: line for line in before}
    kept = {line.id for line in after}
    key = {"organization_id": caller.organization_id}
    await transaction.execute(_DELETE, **key, ids=[line.id for line in before if line.id not in kept])
    # In the order of positions: each line moves to a position that is already free.
    changed = [line for line in after if line.id in old and line != old[line.id]]
    await transaction.execute_many(
        _UPDATE, [{**line.columns(), **key, "line_id": line.id} for line in changed]
    )
    added = [line for line in after if line.id not in old]
    await insert_lines(transaction, caller, added, quote_id=quote.id, currency_code=quote.currency_code)
