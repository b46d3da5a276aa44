"""The tables, as SQLModel classes. The GraphQL types of the same names are in ``schema.types``."""

from db.models.audit import Audit, Event, Idempotency
from db.models.audit_seal import AuditSeal, UnsealedAudit
from db.models.credential import ApiToken, Identity
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
