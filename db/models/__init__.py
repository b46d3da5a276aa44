"""The tables. ``models.Opportunity`` is the table; the GraphQL type of that name lives in ``schema``."""

from sqlmodel import SQLModel

from db.models.audit import Audit, Event, Idempotency
from db.models.audit_seal import AuditSeal, UnsealedAudit, await_seals
from db.models.credential import ApiToken, Identity
from db.models.ddl.row_security import keep_organizations_apart
from db.models.opportunity import Opportunity, OpportunityClose
from db.models.organization import (
    Account,
    Competitor,
    ContractingUnit,
    Organization,
    StatusReason,
    User,
)
from db.models.quote import (
    ProjectContract,
    ProjectContractLine,
    Quote,
    QuoteClose,
    QuoteLine,
    QuoteNumbering,
)

__all__ = [
    "Account",
    "ApiToken",
    "Audit",
    "AuditSeal",
    "Competitor",
    "ContractingUnit",
    "Event",
    "Idempotency",
    "Identity",
    "Opportunity",
    "OpportunityClose",
    "Organization",
    "ProjectContract",
    "ProjectContractLine",
    "Quote",
    "QuoteClose",
    "QuoteLine",
    "QuoteNumbering",
    "StatusReason",
    "UnsealedAudit",
    "User",
]

await_seals(SQLModel.metadata)
keep_organizations_apart(SQLModel.metadata)
