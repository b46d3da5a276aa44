"""Sealing audit rows: each gets a hash of itself and of all that its organization had sealed before.

So a row that is changed, removed or slipped in later is found by whoever computes the hashes again. Rows are
sealed some at a time, soon after they were committed, by whatever program comes first.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import and_, bindparam, delete, literal_column, select

from db import models
from db.sql.array_param import InArray
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

SEAL_PAGE_SIZE = 200
"""How many rows are sealed in one transaction: on SQLite nobody else writes meanwhile."""

GENESIS_HASH = "0" * 64
"""What stands for the hash before the first one."""

AUDIT = table_of(models.Audit).c
WAITING = table_of(models.UnsealedAudit).c
SEAL = table_of(models.AuditSeal).c


async def seal_entries(database: Database) -> int:
    """Seal whatever waits, of all organizations, and return how many rows those were."""
    sealed = 0
    while await database.rows(_ANY):  # a read first: mostly nothing waits, and nobody is held up to find out
        page = await database.write(_seal_page)
        sealed += page
        if not page:  # another program was quicker
            break
    return sealed


def entry_hash(row: Any, previous: str) -> str:
    """Return the hash of an audit row after the one before it, the same on both databases."""
    at = row.at.replace(tzinfo=None).isoformat(timespec="microseconds")
    ids = (row.organization_id, row.id, row.user_id, row.subject_id, row.opportunity_id)
    content = [previous, *map(str, ids), row.action, row.details, at]
    return sha256(orjson.dumps(content)).hexdigest()


async def _seal_page(transaction: Transaction) -> int:
    rows = await transaction.rows(_PAGE)
    for organization_id, its in groupby(rows, attrgetter("organization_id")):
        await _seal_rows(transaction, organization_id, list(its))
    return len(rows)


async def _seal_rows(transaction: Transaction, organization_id: UUID, rows: Sequence[Any]) -> None:
    last = await transaction.row(_LAST, organization_id=organization_id)
    seals = _seals(rows, *((last.sequence, last.hash) if last else (0, GENESIS_HASH)))
    await transaction.execute_many(_INSERT, list(seals))
    ids = [row.id for row in rows]
    await transaction.execute(_DELETE, organization_id=organization_id, audit_ids=ids)


def _seals(rows: Sequence[Any], sequence: int, hash_: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        sequence, hash_ = sequence + 1, entry_hash(row, hash_)
        key = {"organization_id": row.organization_id, "sequence": sequence}
        yield {**key, "audit_id": row.id, "hash": hash_}


_is_its_row = and_(AUDIT.organization_id == WAITING.organization_id, AUDIT.id == WAITING.audit_id)

# PostgreSQL only knows how many rows waited a while ago, and thinking that they were many, it reads all audit
# rows to find the few. So a subquery is asked of each, and the number of a page is in its statement.
_is_there = select(AUDIT.id).where(_is_its_row).scalar_subquery().is_not(None)

_ANY = Statement(select(WAITING.audit_id).where(_is_there).limit(1))
# Two programs at once lock the same rows: the second one waits, and finds them gone.
_page = (
    select(WAITING.organization_id, WAITING.audit_id)
    .where(_is_there)
    .order_by(WAITING.organization_id, WAITING.audit_id)
    .limit(literal_column(str(SEAL_PAGE_SIZE)))
    .with_for_update()
    .subquery("page")
)
_PAGE = Statement(
    select(*AUDIT)
    .join_from(
        _page,
        models.Audit,
        and_(AUDIT.organization_id == _page.c.organization_id, AUDIT.id == _page.c.audit_id),
    )
    .order_by(_page.c.organization_id, _page.c.audit_id)
)
_LAST = Statement(
    select(SEAL.sequence, SEAL.hash)
    .where(SEAL.organization_id == bindparam("organization_id"))
    .order_by(SEAL.sequence.desc())
    .limit(1)
)
_INSERT = insert_statement(models.AuditSeal)
_DELETE = Statement(
    delete(models.UnsealedAudit).where(
        WAITING.organization_id == bindparam("organization_id"), InArray(WAITING.audit_id, "audit_ids")
    )
)
