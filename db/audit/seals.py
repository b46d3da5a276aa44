"""Seal audit entries: chain each to all earlier entries of its organization with a hash.

Recomputing the hashes reveals an entry that was changed, removed or inserted later. Entries are sealed in
pages, shortly after their commit, by any program that runs ``seal_entries``.
"""

from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import and_, bindparam, delete, literal_column, select

from db import models
from db.sql.array_param import InArray
from db.sql.database import Database, Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of

SEAL_PAGE_SIZE = 200
"""Entries sealed in one transaction, which blocks every other write on SQLite."""

GENESIS_HASH = "0" * 64
"""The previous hash of an organization's first entry."""


class AuditRow(NamedTuple):
    """A row of the audit table."""

    organization_id: UUID
    id: UUID
    user_id: UUID
    action: str
    subject_id: UUID
    opportunity_id: UUID | None
    details: str
    at: datetime


class _LastSeal(NamedTuple):
    sequence: int
    hash: str


_audit = table_of(models.Audit).c
_unsealed = table_of(models.UnsealedAudit).c
_seal = table_of(models.AuditSeal).c

# A subquery per queued entry, and the page size as a literal: PostgreSQL's statistics of the queue are stale,
# and if it expects a long queue it scans the whole audit table.
_has_entry = (
    select(_audit.id)
    .where(and_(_audit.organization_id == _unsealed.organization_id, _audit.id == _unsealed.audit_id))
    .scalar_subquery()
    .is_not(None)
)
# Two programs lock the same rows: the second one waits, and then finds them gone.
_page = (
    select(_unsealed.organization_id, _unsealed.audit_id)
    .where(_has_entry)
    .order_by(_unsealed.organization_id, _unsealed.audit_id)
    .limit(literal_column(str(SEAL_PAGE_SIZE)))
    .with_for_update()
    .subquery("page")
)
_ANY_UNSEALED = Statement(select(_unsealed.audit_id).where(_has_entry).limit(1))
_LOCK_PAGE = Statement(
    select(*_audit)
    .join_from(
        _page,
        models.Audit,
        and_(_audit.organization_id == _page.c.organization_id, _audit.id == _page.c.audit_id),
    )
    .order_by(_page.c.organization_id, _page.c.audit_id),
    AuditRow,
)
_LAST_SEAL = Statement(
    select(_seal.sequence, _seal.hash)
    .where(_seal.organization_id == bindparam("organization_id"))
    .order_by(_seal.sequence.desc())
    .limit(1),
    _LastSeal,
)
_INSERT_SEAL = insert_statement(models.AuditSeal)
_DELETE_UNSEALED = Statement(
    delete(models.UnsealedAudit).where(
        _unsealed.organization_id == bindparam("organization_id"), InArray(_unsealed.audit_id, "audit_ids")
    )
)


async def seal_entries(database: Database) -> int:
    """Seal every unsealed entry of all organizations and return their number."""
    sealed = 0
    while await database.rows(_ANY_UNSEALED):  # a read, so that an empty queue never waits for the writer
        page = await database.write(_seal_page)
        sealed += page
        if not page:  # another program has sealed them
            break
    return sealed


def entry_hash(row: AuditRow, previous: str) -> str:
    """Return the SHA-256 of an entry and the hash before it, in hex; the same on both databases."""
    at = row.at.replace(tzinfo=None).isoformat(timespec="microseconds")
    ids = (row.organization_id, row.id, row.user_id, row.subject_id, row.opportunity_id)
    content = [previous, *map(str, ids), row.action, row.details, at]
    return sha256(orjson.dumps(content)).hexdigest()


async def _seal_page(transaction: Transaction) -> int:
    rows = await transaction.rows(_LOCK_PAGE)
    for organization_id, group in groupby(rows, lambda row: row.organization_id):
        last = await transaction.row(_LAST_SEAL, organization_id=organization_id)
        sequence, hash_ = (last.sequence, last.hash) if last else (0, GENESIS_HASH)
        seals = []
        for row in group:
            sequence, hash_ = sequence + 1, entry_hash(row, hash_)
            seals.append(
                {
                    "organization_id": organization_id,
                    "sequence": sequence,
                    "audit_id": row.id,
                    "hash": hash_,
                }
            )
        await transaction.execute_many(_INSERT_SEAL, seals)
        audit_ids = [seal["audit_id"] for seal in seals]
        await transaction.execute(_DELETE_UNSEALED, organization_id=organization_id, audit_ids=audit_ids)
    return len(rows)
