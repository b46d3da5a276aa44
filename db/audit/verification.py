"""Verifying an organization's audit rows against their seals, and saying where they first differ."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, func, select

from db import models
from db.audit.seals import AUDIT, GENESIS_HASH, SEAL, WAITING, entry_hash
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of

VERIFY_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What was found out about one organization.

    ``sealed`` rows are as they were sealed, ``waiting`` are not sealed yet. ``head`` is the last seal, and
    ``fault`` says what is wrong first; then the head is the last seal before that.
    """

    organization: str
    sealed: int
    unsealed: int
    head: str
    error: str | None = None


async def verify_seals(database: Database) -> AsyncIterator[VerificationResult]:
    """Yield a verdict on each organization, the oldest first."""
    for organization in await database.rows(_ORGANIZATIONS):
        yield await _verified(database, organization)


async def has_seal(database: Database, head: str) -> bool:
    """Say whether a head that was told before is a seal still."""
    sequence, _, hash_ = head.partition("-")
    if not sequence.isdecimal() or int(sequence) >= 2**63:
        return False
    return bool(await database.rows(_HAS_SEAL, sequence=int(sequence), hash=hash_))


async def _verified(database: Database, organization: Any) -> VerificationResult:
    sequence, hash_, fault = 0, GENESIS_HASH, None
    async with aclosing(_sealed(database, organization.id)) as rows:
        async for row in rows:
            fault = _fault(row, sequence, hash_)
            if fault is not None:
                break
            sequence, hash_ = row.sequence, row.hash
    fault = fault or await _stray(database, organization.id)
    [waiting] = await database.rows(_COUNT_WAITING, organization_id=organization.id)
    return VerificationResult(organization.name, sequence, waiting.number, f"{sequence}-{hash_}", fault)


async def _sealed(database: Database, organization_id: UUID) -> AsyncGenerator[Any, None]:
    rows, after = None, 0
    while rows is None or len(rows) == VERIFY_PAGE_SIZE:
        rows = await database.rows(_SEALED, organization_id=organization_id, after=after)
        for row in rows:
            yield row
            after = row.sequence


def _fault(row: Any, sequence: int, hash_: str) -> str | None:
    if row.sequence != sequence + 1:
        return f"Seal {sequence + 1} is gone."
    if row.id is None:
        return f"Entry his_{row.audit_id} was removed; it was sealed as number {row.sequence}."
    if entry_hash(row, hash_) != row.hash:
        return f"Entry {_named(row)} or its seal {row.sequence} was changed."
    return None


async def _stray(database: Database, organization_id: UUID) -> str | None:
    """Say which row has neither a seal nor waits for one, or waits though it is gone."""
    if slipped_in := await database.rows(_SLIPPED_IN, organization_id=organization_id):
        return f"Entry {_named(slipped_in[0])} was slipped in."
    if gone := await database.rows(_GONE, organization_id=organization_id):
        return f"Entry his_{gone[0].audit_id} was removed before it was sealed."
    return None


def _named(row: Any) -> str:
    return f"his_{row.id} ({row.action}, {row.at:%Y-%m-%d %H:%M} UTC)"


_organization = table_of(models.Organization).c
_has_row = and_(AUDIT.organization_id == SEAL.organization_id, AUDIT.id == SEAL.audit_id)
_waits = and_(WAITING.organization_id == AUDIT.organization_id, WAITING.audit_id == AUDIT.id)

_ORGANIZATIONS = Statement(
    select(_organization.id, _organization.name).order_by(_organization.created_at, _organization.id)
)
_HAS_SEAL = Statement(
    select(SEAL.sequence).where(
        SEAL.sequence == bindparam("sequence", type_=BigInteger()), SEAL.hash == bindparam("hash")
    )
)
_SEALED = Statement(
    select(SEAL.sequence, SEAL.audit_id, SEAL.hash, *AUDIT)
    .outerjoin_from(models.AuditSeal, models.Audit, _has_row)
    .where(
        SEAL.organization_id == bindparam("organization_id", type_=SEAL.organization_id.type),
        SEAL.sequence > bindparam("after", type_=BigInteger()),
    )
    .order_by(SEAL.sequence)
    .limit(VERIFY_PAGE_SIZE)
)
_SLIPPED_IN = Statement(
    select(AUDIT.id, AUDIT.action, AUDIT.at)
    .outerjoin_from(models.Audit, models.AuditSeal, _has_row)
    .outerjoin(models.UnsealedAudit, _waits)
    .where(
        AUDIT.organization_id == bindparam("organization_id"),
        SEAL.audit_id.is_(None),
        WAITING.audit_id.is_(None),
    )
    .order_by(AUDIT.id)
    .limit(1)
)
_GONE = Statement(
    select(WAITING.audit_id)
    .outerjoin_from(models.UnsealedAudit, models.Audit, _waits)
    .where(WAITING.organization_id == bindparam("organization_id"), AUDIT.id.is_(None))
    .order_by(WAITING.audit_id)
    .limit(1)
)
_COUNT_WAITING = Statement(
    select(func.count().label("number"))
    .select_from(models.UnsealedAudit)
    .where(WAITING.organization_id == bindparam("organization_id"))
)
