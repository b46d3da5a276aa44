"""Insert one row together with its audit entry."""

from collections.abc import Mapping
from uuid import UUID

from db.audit.log import AuditAction, AuditEntry, append_audit, diff_created
from db.domain.caller import Caller
from db.domain.ids import new_id
from db.sql.database import Transaction
from db.sql.statements import Statement


async def insert_audited(
    transaction: Transaction,
    caller: Caller,
    insert: Statement,
    values: Mapping[str, object],
    action: AuditAction,
) -> UUID:
    """Insert a row at version 1 into the caller's organization, append its audit entry, and return its id."""
    row_id = new_id()
    await transaction.execute(
        insert,
        organization_id=caller.organization_id,
        id=row_id,
        version=1,
        created_at=caller.now,
        **values,
    )
    await append_audit(transaction, caller, [AuditEntry(action, row_id, None, diff_created(values))])
    return row_id
