"""Verify the audit entries of each organization against their seals, and report the first difference."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, func, select

from db import models
from db.audit.seals import GENESIS_HASH, AuditRow, entry_hash
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of

VERIFY_PAGE_SIZE = 1000
"""Seals read at once."""


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The state of one organization's audit log.

    ``sealed`` entries equal their seals, ``unsealed`` ones wait for a seal. ``head`` is the last seal, as
    sequence and hash. ``error`` describes the first difference; ``head`` is then the last seal before it.
    """

    organization: str
    sealed: int
    unsealed: int
    head: str
    error: str | None = None


class _SealWithEntry(NamedTuple):
    """A seal, and the columns of its entry, which are None if the entry was removed."""

    sequence: int
    audit_id: UUID
    hash: str
    organization_id: UUID | None
    id: UUID | None
    user_id: UUID | None
    action: str | None
    subject_id: UUID | None
    opportunity_id: UUID | None
    details: str | None
    at: datetime | None

    @property
    def entry(self) -> AuditRow | None:
        return None if self.id is None else AuditRow._make(self[3:])


_organization = table_of(models.Organization).c
_audit = table_of(models.Audit).c
_unsealed = table_of(models.UnsealedAudit).c
_seal = table_of(models.AuditSeal).c
_is_sealed = and_(_audit.organization_id == _seal.organization_id, _audit.id == _seal.audit_id)
_is_unsealed = and_(_unsealed.organization_id == _audit.organization_id, _unsealed.audit_id == _audit.id)

_ORGANIZATIONS = Statement(
    select(_organization.id, _organization.name).order_by(_organization.created_at, _organization.id)
)
_FIND_SEAL = Statement(
    select(_seal.sequence).where(
        _seal.sequence == bindparam("sequence", type_=BigInteger()), _seal.hash == bindparam("hash")
    )
)
_SEALS_AFTER = Statement(
    select(_seal.sequence, _seal.audit_id, _seal.hash, *_audit)
    .outerjoin_from(models.AuditSeal, models.Audit, _is_sealed)
    .where(
        _seal.organization_id == bindparam("organization_id", type_=_seal.organization_id.type),
        _seal.sequence > bindparam("after", type_=BigInteger()),
    )
    .order_by(_seal.sequence)
    .limit(VERIFY_PAGE_SIZE),
    _SealWithEntry,
)
_INSERTED = Statement(
    select(*_audit)
    .outerjoin_from(models.Audit, models.AuditSeal, _is_sealed)
    .outerjoin(models.UnsealedAudit, _is_unsealed)
    .where(
        _audit.organization_id == bindparam("organization_id"),
        _seal.audit_id.is_(None),
        _unsealed.audit_id.is_(None),
    )
    .order_by(_audit.id)
    .limit(1),
    AuditRow,
)
_REMOVED_UNSEALED = Statement(
    select(_unsealed.audit_id)
    .outerjoin_from(models.UnsealedAudit, models.Audit, _is_unsealed)
    .where(_unsealed.organization_id == bindparam("organization_id"), _audit.id.is_(None))
    .order_by(_unsealed.audit_id)
    .limit(1)
)
_COUNT_UNSEALED = Statement(
    select(func.count().label("number"))
    .select_from(models.UnsealedAudit)
    .where(_unsealed.organization_id == bindparam("organization_id"))
)


async def verify_seals(database: Database) -> AsyncIterator[VerificationResult]:
    """Yield the result of each organization, the oldest first."""
    for organization in await database.rows(_ORGANIZATIONS):
        sequence, hash_, error = await _verify_chain(database, organization.id)
        error = error or await _unchained_entry(database, organization.id)
        [unsealed] = await database.rows(_COUNT_UNSEALED, organization_id=organization.id)
        yield VerificationResult(organization.name, sequence, unsealed.number, f"{sequence}-{hash_}", error)


async def has_seal(database: Database, head: str) -> bool:
    """Return whether the head of an earlier verification is still a seal of any organization."""
    sequence, _, hash_ = head.partition("-")
    if not sequence.isdecimal() or int(sequence) >= 2**63:
        return False
    return bool(await database.rows(_FIND_SEAL, sequence=int(sequence), hash=hash_))


async def _verify_chain(database: Database, organization_id: UUID) -> tuple[int, str, str | None]:
    """Return the sequence and hash of the last intact seal, and what is wrong with the next one."""
    sequence, hash_ = 0, GENESIS_HASH
    page: list[_SealWithEntry] | None = None
    while page is None or len(page) == VERIFY_PAGE_SIZE:
        page = await database.rows(_SEALS_AFTER, organization_id=organization_id, after=sequence)
        for row in page:
            if row.sequence != sequence + 1:
                return sequence, hash_, f"Seal {sequence + 1} is missing."
            if row.entry is None:
                error = f"Entry his_{row.audit_id} was removed; it was sealed as number {row.sequence}."
                return sequence, hash_, error
            if entry_hash(row.entry, hash_) != row.hash:
                return sequence, hash_, f"Entry {_name(row.entry)} or its seal {row.sequence} was changed."
            sequence, hash_ = row.sequence, row.hash
    return sequence, hash_, None


async def _unchained_entry(database: Database, organization_id: UUID) -> str | None:
    """Describe an entry that has no seal and does not wait for one, or that waits but is gone."""
    if inserted := await database.rows(_INSERTED, organization_id=organization_id):
        return f"Entry {_name(inserted[0])} was inserted without being queued for sealing."
    if removed := await database.rows(_REMOVED_UNSEALED, organization_id=organization_id):
        return f"Entry his_{removed[0].audit_id} was removed before it was sealed."
    return None


def _name(row: AuditRow) -> str:
    return f"his_{row.id} ({row.action}, {row.at:%Y-%m-%d %H:%M} UTC)"
