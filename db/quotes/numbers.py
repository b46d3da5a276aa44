"""The numbers of quotes: unique in an organization, given in turn unless the caller brings one."""

from sqlalchemy import BigInteger, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects import postgresql

from db import models
from db.domain.caller import Caller
from db.domain.errors import RuleViolation
from db.sql.database import Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

_PREFIX = "QUO-"
_BEFORE_FIRST = 1000
_MOST_DIGITS = 9


async def next_number(transaction: Transaction, caller: Caller) -> str:
    """Return the number after the last one given, or after the highest one that is there.

    Who asks next waits until this transaction ends; a number that a caller has brought is passed over.
    """
    number = await _claim(transaction, caller)
    while await _is_taken(transaction, caller, number):
        number = await _claim(transaction, caller)
    return number


async def check_number_free(transaction: Transaction, caller: Caller, number: str) -> None:
    """Check that no quote of the organization has the number.

    Raises:
        RuleViolation: one has it.
    """
    if await _is_taken(transaction, caller, number):
        raise RuleViolation(
            "QUOTE_NUMBER_TAKEN",
            f"There is a quote {number} already. Send another number, or none to be given the next one.",
            ("input", "number"),
        )


async def _claim(transaction: Transaction, caller: Caller) -> str:
    key = {"organization_id": caller.organization_id}
    claimed = await transaction.rows(_CLAIM, **key)
    if not claimed:
        await transaction.execute(_BEGIN, **key)
        claimed = await transaction.rows(_CLAIM, **key)
    return f"{_PREFIX}{claimed[0].last_number}"


async def _is_taken(transaction: Transaction, caller: Caller, number: str) -> bool:
    return bool(await transaction.rows(_TAKEN, organization_id=caller.organization_id, number=number))


_numbering = table_of(models.QuoteNumbering)
_quote = table_of(models.Quote).c

_CLAIM = Statement(
    update(_numbering)
    .where(_numbering.c.organization_id == bindparam("organization_id"))
    .values(last_number=_numbering.c.last_number + 1)
    .returning(_numbering.c.last_number)
)
_TAKEN = Statement(
    select(_quote.id)
    .where(_quote.organization_id == bindparam("organization_id"), _quote.number == bindparam("number"))
    .limit(1)
)
_highest = func.max(cast(func.substr(_quote.number, len(_PREFIX) + 1), BigInteger))
_given = (
    _quote.organization_id == bindparam("organization_id", type_=_quote.organization_id.type),
    _quote.number > _PREFIX,
    _quote.number < "QUO.",  # what follows whatever begins with the prefix
    func.rtrim(_quote.number, "0123456789") == _PREFIX,
    func.length(_quote.number) <= len(_PREFIX) + _MOST_DIGITS,
)
_BEGIN = Statement(
    postgresql.insert(_numbering)
    .from_select(
        ["organization_id", "last_number"],
        select(
            bindparam("organization_id", type_=_quote.organization_id.type),
            func.coalesce(_highest, literal(_BEFORE_FIRST)),
        ).where(*_given),
    )
    .on_conflict_do_nothing()
)
