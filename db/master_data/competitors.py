"""Competitors: who a lost deal may have gone to."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, select

from db import models
from db.audit.log import Action, Change, audit, created
from db.domain.caller import Caller
from db.domain.errors import RuleViolation
from db.domain.ids import new_id
from db.domain.validation import text_within_limits
from db.guards.idempotency import Mutation
from db.sql.database import Transaction
from db.sql.statements import Statement, insertion
from db.sql.tables import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetitorDraft:
    """A new competitor."""

    name: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class CompetitorCreated:
    """A new competitor."""

    competitor_id: UUID


async def create_competitor(
    transaction: Transaction, caller: Caller, draft: CompetitorDraft
) -> CompetitorCreated:
    """Create a competitor.

    Raises:
        RuleViolation: the name is taken; or another rule about what was sent, and the code says which.
    """
    draft = replace(draft, name=text_within_limits("name", draft.name, _NAME))
    return await _CREATE_COMPETITOR.once(
        transaction, caller, draft, lambda: _create(transaction, caller, draft.name)
    )


async def _create(transaction: Transaction, caller: Caller, name: str) -> CompetitorCreated:
    if await transaction.rows(_NAMED, organization_id=caller.organization_id, name=name):
        raise RuleViolation(
            "COMPETITOR_NAME_TAKEN",
            "There is a competitor with this name already. Send another name.",
            _NAME,
        )
    competitor_id = new_id()
    key = {"organization_id": caller.organization_id, "id": competitor_id}
    await transaction.execute(_INSERT, **key, name=name, version=1, created_at=caller.now)
    change = Change(Action.COMPETITOR_CREATED, competitor_id, None, created({"name": name}))
    await audit(transaction, caller, [change])
    return CompetitorCreated(competitor_id)


_CREATE_COMPETITOR = Mutation("createCompetitor", CompetitorCreated)
_NAME = ("input", "name")
_competitor = table_of(models.Competitor).c

_NAMED = Statement(
    select(_competitor.id).where(
        _competitor.organization_id == bindparam("organization_id"), _competitor.name == bindparam("name")
    )
)
_INSERT = insertion(models.Competitor)
