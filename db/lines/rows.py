"""The lines of a quote as rows: read, copied, replaced."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from db import models
from db.domain.caller import Caller
from db.domain.ids import new_id
from db.sql.array_param import InArray
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

Line = dict[str, Any]
"""A line's columns by name: its ``id``, its ``position`` on the quote from 1, and its content."""

_CONTENT = (
    "kind",
    "name",
    "billing_method",
    "not_to_exceed",
    "customer_budget",
    "quantity",
    "unit_price",
)


async def read_lines(transaction: Transaction, caller: Caller, quote_id: UUID) -> list[Line]:
    """Return the lines of a quote in their order."""
    rows = await transaction.rows(_READ, organization_id=caller.organization_id, quote_id=quote_id)
    return [row._asdict() for row in rows]


def copy_lines(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with the same content and positions under new ids."""
    return [{**line, "id": new_id()} for line in lines]


def audit_values(lines: Iterable[Line]) -> dict[str, Any]:
    """Return what lines hold by the names that a history has for it, such as ``lines.2.quantity``."""
    return {f"lines.{line['position']}.{name}": line[name] for line in lines for name in _CONTENT}


async def insert_lines(
    transaction: Transaction, caller: Caller, lines: Iterable[Line], *, quote_id: UUID, currency_code: str
) -> None:
    """Insert lines of a quote in its currency."""
    quote = {
        "organization_id": caller.organization_id,
        "quote_id": quote_id,
        "currency_code": currency_code,
    }
    await transaction.execute_many(_INSERT, [{**line, **quote} for line in lines])


async def replace_lines(
    transaction: Transaction, caller: Caller, quote: Any, before: Sequence[Line], after: Sequence[Line]
) -> None:
    """Make the lines of a quote those of ``after``, in which none of ``before`` stands farther behind."""
    stood = {line["id"]: line for line in before}
    stays = {line["id"] for line in after}
    key = {"organization_id": caller.organization_id}
    await transaction.execute(_DELETE, **key, ids=[id_ for id_ in stood if id_ not in stays])
    # From the front on: a line moves to a place that was left before.
    changed = [line for line in after if line["id"] in stood and line != stood[line["id"]]]
    await transaction.execute_many(_UPDATE, [{**line, **key, "line_id": line["id"]} for line in changed])
    added = [line for line in after if line["id"] not in stood]
    await insert_lines(transaction, caller, added, quote_id=quote.id, currency_code=quote.currency_code)


_line = table_of(models.QuoteLine)
_of_organization = _line.c.organization_id == bindparam("organization_id")
_of_quote = _line.c.quote_id == bindparam("quote_id")

_READ = Statement(
    select(_line.c.id, _line.c.position, *(_line.c[name] for name in _CONTENT))
    .where(_of_organization, _of_quote)
    .order_by(_line.c.position)
)
_INSERT = insert_statement(models.QuoteLine)
_UPDATE = Statement(
    update(_line)
    .where(_of_organization, _line.c.id == bindparam("line_id"))
    .values({name: bindparam(name) for name in ("position", *_CONTENT)})
)
_DELETE = Statement(delete(_line).where(_of_organization, InArray(_line.c.id, "ids")))
