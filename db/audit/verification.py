"""Verify the audit entries of each organization against their seals, and report the first difference."""

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, func, select, union

from db import models
from db.audit.seals import GENESIS_HASH, AuditRow, entry_hash
from db.domain.errors import DealdeskError
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of

VERIFY_PAGE_SIZE = 1000
"""Seals read at once."""


_HEAD = re.compile(
    r"(?:org_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-)?(0|[1-9][0-9]{0,17})-([0-9a-f]{64})"
)


class InvalidHead(DealdeskError):
    """A text is not a head."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a head. Write it as `dealdesk audit verify` printed it:"
            " org_<id of the organization>-<sequence>-<64 hexadecimal digits>."
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of an organization's audit log at some time; sequence 0 if there was none.

    Heads of earlier versions do not name their organization. They are as strict, because the hash covers the
    organization's id; only a head with the sequence 0 then proves nothing, for every log begins with it.
    """

    organization_id: UUID | None
    sequence: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the head that a text names.

        Raises:
            InvalidHead: the text has another form.
        """
        match = _HEAD.fullmatch(text)
        if match is None:
            raise InvalidHead(text)
        return cls(UUID(match[1]) if match[1] else None, int(match[2]), match[3])

    def __str__(self) -> str:
        prefix = "" if self.organization_id is None else f"org_{self.organization_id}-"
        return f"{prefix}{self.sequence}-{self.hash}"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The state of one organization's audit log.

    ``sealed`` entries equal their seals, ``unsealed`` ones wait for a seal. ``head`` is the last seal.
    ``error`` describes the first difference; ``head`` is then the last seal before it. ``found_heads`` are
    those of the given heads that are intact seals of this log.
    """

    organization: str
    sealed: int
    unsealed: int
    head: Head
    error: str | None = None
    found_heads: frozenset[Head] = field(default=frozenset())


@dataclass(slots=True)
class _Chain:
    """A chain up to its last intact seal, what is wrong with the next one, and the heads on the way."""

    organization_id: UUID
    heads: Collection[Head]
    sequence: int = 0
    hash: str = GENESIS_HASH
    error: str | None = None
    found_heads: set[Head] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.advance(self.sequence, self.hash)

    def advance(self, sequence: int, hash_: str) -> None:
        """Take the next seal, which is intact."""
        self.sequence, self.hash = sequence, hash_
        for organization_id in (None, self.organization_id):
            head = Head(organization_id, sequence, hash_)
            if head in self.heads:
                self.found_heads.add(head)


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
_MISSING_ORGANIZATIONS = Statement(
    union(
        *(
            select(table.organization_id).where(
                ~select(_organization.id).where(_organization.id == table.organization_id).exists()
            )
            for table in (_seal, _audit, _unsealed)
        )
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


async def verify_seals(database: Database, heads: Collection[Head] = ()) -> AsyncIterator[VerificationResult]:
    """Yield the result of each organization, the oldest first, then of those that were removed.

    ``heads`` of earlier verifications are compared with the seals of their organization on the way.
    """
    existing = [(row.id, row.name, None) for row in await database.rows(_ORGANIZATIONS)]
    removed_ids = [row.organization_id for row in await database.rows(_MISSING_ORGANIZATIONS)]
    missing = [(each, f"org_{each}", "Its organization was removed.") for each in removed_ids]
    for organization_id, name, removed in (*existing, *missing):
        chain = await _verify_chain(database, organization_id, frozenset(heads))
        error = chain.error or await _unchained_entry(database, organization_id) or removed
        [unsealed] = await database.rows(_COUNT_UNSEALED, organization_id=organization_id)
        head = Head(organization_id, chain.sequence, chain.hash)
        yield VerificationResult(
            name, chain.sequence, unsealed.number, head, error, frozenset(chain.found_heads)
        )


async def _verify_chain(database: Database, organization_id: UUID, heads: Collection[Head]) -> _Chain:
    chain = _Chain(organization_id, heads)
    page: list[_SealWithEntry] | None = None
    while page is None or len(page) == VERIFY_PAGE_SIZE:
        page = await database.rows(_SEALS_AFTER, organization_id=organization_id, after=chain.sequence)
        for row in page:
            if row.sequence != chain.sequence + 1:
                chain.error = f"Seal {chain.sequence + 1} is missing."
            elif row.entry is None:
                chain.error = f"Entry his_{row.audit_id} was removed; it was sealed as number {row.sequence}."
            elif entry_hash(row.entry, chain.hash) != row.hash:
                chain.error = f"Entry {_name(row.entry)} or its seal {row.sequence} was changed."
            if chain.error:
                return chain
            chain.advance(row.sequence, row.hash)
    return chain


async def _unchained_entry(database: Database, organization_id: UUID) -> str | None:
    """Describe an entry that has no seal and does not wait for one, or that waits but is gone."""
    if inserted := await database.rows(_INSERTED, organization_id=organization_id):
        return f"Entry {_name(inserted[0])} was inserted without being queued for sealing."
    if removed := await database.rows(_REMOVED_UNSEALED, organization_id=organization_id):
        return f"Entry his_{removed[0].audit_id} was removed before it was sealed."
    return None


def _name(row: AuditRow) -> str:
    return f"his_{row.id} ({row.action}, {row.at:%Y-%m-%d %H:%M} UTC)"
