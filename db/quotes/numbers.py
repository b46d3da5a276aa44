"""The numbers of quotes, unique in an organization: generated, unless the caller sends one."""

from sqlalchemy import BigInteger, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects import postgresql

from db import models
from db.domain.caller import Caller
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

_PREFIX = "QUO-"
_START_VALUE = 1000
_MAX_DIGITS = 9

_numbering = table_of(models.QuoteNumbering)
_quote = table_of(models.Quote).c

_INCREMENT = Statement(
    update(_numbering)
    .where(_numbering.c.organization_id == bindparam("organization_id"))
    .values(last_number=_numbering.c.last_number + 1)
    .returning(_numbering.c.last_number)
)
_FIND = Statement(
    select(_quote.id)
    .where(_quote.organization_id == bindparam("organization_id"), _quote.number == bindparam("number"))
    .limit(1)
)
_highest = func.max(cast(func.substr(_quote.number, len(_PREFIX) + 1), BigInteger))
_is_generated = (
    _quote.organization_id == bindparam("organization_id", type_=_quote.organization_id.type),
    _quote.number > _PREFIX,
    _quote.number < "QUO.",  # the successor of all strings with the prefix
    func.rtrim(_quote.number, "0123456789") == _PREFIX,
    func.length(_quote.number) <= len(_PREFIX) + _MAX_DIGITS,
)
_START = Statement(
    postgresql.insert(_numbering)
    .from_select(
        ["organization_id", "last_number"],
        select(
            bindparam("organization_id", type_=_quote.organization_id.type),
            func.coalesce(_highest, literal(_START_VALUE)),
        ).where(*_is_generated),
    )
    .on_conflict_do_nothing()
)


async def next_number(transaction: Transaction, caller: Caller) -> str:
    """Return the number after the last generated one; the first one follows the highest stored number.

    Numbers that callers have sent are skipped. Concurrent transactions wait until this one ends.
    """
    number = await _increment(transaction, caller)
    while await is_number_taken(transaction, caller, number):
        number = await _increment(transaction, caller)
    return number


async def is_number_taken(transaction: Transaction, caller: Caller, number: str) -> bool:
    """Return whether a quote of the organization has the number."""
    if "\0" in number:
        return False  # it cannot be stored, and PostgreSQL rejects it in a query too
    return bool(await transaction.rows(_FIND, organization_id=caller.organization_id, number=number))


async def _increment(transaction: Transaction, caller: Caller) -> str:
    key = {"organization_id": caller.organization_id}
    rows = await transaction.rows(_INCREMENT, **key)
    if not rows:
        await transaction.execute(_START, **key)
        rows = await transaction.rows(_INCREMENT, **key)
    return f"{_PREFIX}{rows[0].last_number}"
