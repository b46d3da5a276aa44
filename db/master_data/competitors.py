"""Create competitors."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import AuditAction
from db.domain.caller import Caller
from db.domain.errors import Path, RuleViolation
from db.domain.validation import Problems, validate_text
from db.guards.idempotency import idempotent
from db.master_data.audited_insert import insert_audited
from db.sql.database import Transaction
from db.sql.statements import Statement, insert_statement
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCompetitor:
    """Create a competitor."""

    name: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedCompetitor:
    """The competitor that was created."""

    competitor_id: UUID


_NAME: Path = ("input", "name")
_competitor = table_of(models.Competitor).c

_FIND_BY_NAME = Statement(
    select(_competitor.id).where(
        _competitor.organization_id == bindparam("organization_id"), _competitor.name == bindparam("name")
    )
)
_INSERT = insert_statement(models.Competitor)


@idempotent("createCompetitor")
async def create_competitor(
    transaction: Transaction, caller: Caller, command: CreateCompetitor
) -> CreatedCompetitor:
    """Create a competitor.

    Raises:
        RuleViolation: the name is taken or invalid; the code says which.
    """
    problems = Problems()
    name = validate_text(problems, "name", command.name, _NAME)
    problems.raise_first()
    if await transaction.rows(_FIND_BY_NAME, organization_id=caller.organization_id, name=name):
        raise RuleViolation(
            "COMPETITOR_NAME_TAKEN",
            "There is a competitor with this name already. Send another name.",
            _NAME,
        )
    competitor_id = await insert_audited(
        transaction, caller, _INSERT, {"name": name}, AuditAction.COMPETITOR_CREATED
    )
    return CreatedCompetitor(competitor_id)
