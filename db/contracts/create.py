"""Create the draft contract of a won quote: a copy of its name, lines and total."""

from collections.abc import Sequence

from db import models
from db.audit.log import AuditAction, AuditEntry, diff_created
from db.domain.caller import Caller
from db.domain.enums import ContractState
from db.domain.ids import new_id
from db.guards.locking import QuoteRow
from db.lines.line import Line, audit_values, copy_lines
from db.sql.database import Transaction
from db.sql.statements import insert_statement

_INSERT = insert_statement(models.ProjectContract)
_INSERT_LINE = insert_statement(models.ProjectContractLine)


async def create_contract(
    transaction: Transaction, caller: Caller, quote: QuoteRow, lines: Sequence[Line]
) -> AuditEntry:
    """Insert the draft contract of a quote, whose opportunity is locked; return the audit entry to record."""
    contract_id = new_id()
    values = {"name": quote.name, "state": ContractState.DRAFT, "total": quote.total}
    await transaction.execute(
        _INSERT,
        organization_id=caller.organization_id,
        id=contract_id,
        quote_id=quote.id,
        opportunity_id=quote.opportunity_id,
        currency_code=quote.currency_code,
        version=1,
        created_at=caller.now,
        **values,
    )
    contract = {
        "organization_id": caller.organization_id,
        "project_contract_id": contract_id,
        "currency_code": quote.currency_code,
    }
    await transaction.execute_many(
        _INSERT_LINE, [{**line.columns(), **contract} for line in copy_lines(lines)]
    )
    created = diff_created({**values, "quote_id": quote.id, **audit_values(lines)})
    return AuditEntry(AuditAction.PROJECT_CONTRACT_CREATED, contract_id, quote.opportunity_id, created)
