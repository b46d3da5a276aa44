"""Landing what the CSV files say: only what isn't there already."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from db import models
from db.audit.log import append_audit_as
from db.domain.enums import OpportunityState, SeededReason
from db.importers.pipeline.parser import PIPELINE, Deal, Pipeline
from db.importers.pipeline.references import ImportTarget, References, insert_references
from db.importers.pipeline.report import EntityKind, ImportSummary, RejectedRow
from db.importers.pipeline.row_mapper import NUMBER_PREFIX, quote_number, rows_of
from db.master_data.organizations import create_organization, find_default_user, insert_rows
from db.opportunities.audit_backfill import reconstruct_audit
from db.sql.database import Transaction
from db.sql.statements import Statement

_BATCH = 400
"""How many deals are inserted between two reports of progress."""


async def write_pipeline(
    transaction: Transaction, pipeline: Pipeline, *, now: datetime, progress: Callable[[int, int], None]
) -> ImportSummary:
    """Insert what isn't there yet, and return what was done."""
    summary = ImportSummary(rejected=list(pipeline.rejected))
    organization_id = await _organization(transaction, pipeline, now, summary)
    to = ImportTarget(transaction, organization_id, now, summary)
    deals = await _new_deals(to, pipeline.deals)
    ground = await insert_references(to, pipeline, with_no_account=not all(deal.account for deal in deals))
    total = len(pipeline.deals)
    progress(total - len(deals), total)
    for start in range(0, len(deals), _BATCH):
        await _insert(to, ground, deals[start : start + _BATCH])
        progress(total - len(deals[start + _BATCH :]), total)
    return summary


async def _organization(
    transaction: Transaction, pipeline: Pipeline, now: datetime, summary: ImportSummary
) -> UUID:
    served = await find_default_user(transaction)
    if served:
        summary.existing[EntityKind.ORGANIZATION] += 1
        return served.organization_id
    summary.imported[EntityKind.ORGANIZATION] += 1
    return await create_organization(transaction, pipeline.name, now=now)


async def _new_deals(to: ImportTarget, deals: Mapping[str, Deal]) -> list[Deal]:
    """Pass over what is there, and refuse the few whose quote's number somebody gave to another quote."""
    there = await _texts(to, _REFERENCES)
    taken = await _texts(to, _NUMBERS)
    new = []
    for deal in deals.values():
        if deal.reference in there:
            to.summary.existing[EntityKind.OPPORTUNITY] += 1
        elif deal.closed_on is None and quote_number(deal) in taken:
            to.summary.rejected.append(_number_taken(deal))
        else:
            new.append(deal)
    return new


def _number_taken(deal: Deal) -> RejectedRow:
    return RejectedRow(PIPELINE, deal.line, f"Another opportunity has a quote {quote_number(deal)} already.")


async def _texts(to: ImportTarget, statement: Statement) -> set[str]:
    return {text for (text,) in await to.transaction.rows(statement, organization=to.organization_id)}


async def _insert(to: ImportTarget, ground: References, deals: Sequence[Deal]) -> None:
    landing = [rows_of(deal, to, ground) for deal in deals]
    await insert_rows(to.transaction, chain.from_iterable(landing))
    open_reason_id = ground.reasons[SeededReason.IN_PROGRESS]
    await append_audit_as(
        to.transaction, (act for rows in landing for act in reconstruct_audit(rows, open_reason_id))
    )
    states = Counter(deal.state for deal in deals)
    to.summary.opportunities_by_state.update(states)
    to.summary.imported[EntityKind.OPPORTUNITY] += len(deals)
    to.summary.imported[EntityKind.QUOTE] += states[OpportunityState.OPEN]
    to.summary.corrections.update(quirk for deal in deals for quirk in deal.corrections)


_REFERENCES = Statement(
    select(models.Opportunity.external_reference).where(
        col(models.Opportunity.organization_id) == bindparam("organization"),
        col(models.Opportunity.external_reference).is_not(None),
    )
)
_NUMBERS = Statement(
    select(models.Quote.number).where(
        col(models.Quote.organization_id) == bindparam("organization"),
        col(models.Quote.number).startswith(NUMBER_PREFIX),
    )
)
