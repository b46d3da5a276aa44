"""Insert the rows of a pipeline that are not stored yet."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from sqlalchemy import bindparam
from sqlmodel import col, select

from db import models
from db.audit.log import append_audit_as
from db.domain.enums import OpportunityState, SeededReason
from db.importers.pipeline.records import (
    PIPELINE_FILE,
    QUOTE_NUMBER_PREFIX,
    TEAMS_FILE,
    Pipeline,
    PipelineOpportunity,
    placeholder_email,
    same_address,
)
from db.importers.pipeline.references import References, insert_references
from db.importers.pipeline.row_mapper import opportunity_rows
from db.importers.report import EntityKind, ImportSummary, RejectedRow
from db.importers.target import ImportTarget
from db.master_data.bulk_insert import insert_rows
from db.opportunities.audit_backfill import reconstruct_audit
from db.sql.database import Transaction
from db.sql.statements import Statement

_BATCH_SIZE = 400
"""Opportunities inserted between two reports of progress."""

_STORED_REFERENCES = Statement(
    select(models.Opportunity.external_reference).where(
        col(models.Opportunity.organization_id) == bindparam("organization_id"),
        col(models.Opportunity.external_reference).is_not(None),
    )
)
_STORED_QUOTE_NUMBERS = Statement(
    select(models.Quote.number).where(
        col(models.Quote.organization_id) == bindparam("organization_id"),
        col(models.Quote.number).startswith(QUOTE_NUMBER_PREFIX),
    )
)
_STORED_USERS = Statement(
    select(models.User.email, models.User.name).where(
        col(models.User.organization_id) == bindparam("organization_id")
    )
)


async def write_pipeline(
    transaction: Transaction, pipeline: Pipeline, *, now: datetime, progress: Callable[[int, int], None]
) -> ImportSummary:
    """Insert the rows that are not stored yet, and return the summary."""
    target = await ImportTarget.open(transaction, new_organization_name=pipeline.name, now=now)
    target.summary.row_counts.update(pipeline.files.row_counts)
    target.summary.rejected.extend(pipeline.files.rejected)
    target.summary.unreadable.extend(pipeline.files.unreadable)
    pipeline = await _without_other_persons(target, pipeline)
    opportunities = await _select_new(target, pipeline)
    references = await insert_references(
        target, pipeline, with_no_account=not all(opportunity.account for opportunity in opportunities)
    )
    total = len(pipeline.opportunities)
    progress(total - len(opportunities), total)
    for start in range(0, len(opportunities), _BATCH_SIZE):
        await _insert_opportunities(target, references, opportunities[start : start + _BATCH_SIZE])
        progress(total - len(opportunities[start + _BATCH_SIZE :]), total)
    return target.summary


async def _without_other_persons(target: ImportTarget, pipeline: Pipeline) -> Pipeline:
    """Reject the agents who would become a stored user with another name, or report to one."""
    rows = await target.transaction.rows(_STORED_USERS, organization_id=target.organization_id)
    stored = dict(rows)
    agents = {}
    for agent in pipeline.agents.values():
        for name in (agent.name, agent.manager):
            if (other := stored.get(placeholder_email(name), name)) != name:
                rejected = RejectedRow(TEAMS_FILE, agent.line, same_address(name, other))
                target.summary.rejected.append(rejected)
                break
        else:
            agents[agent.name] = agent
    return replace(pipeline, agents=agents)


async def _select_new(target: ImportTarget, pipeline: Pipeline) -> list[PipelineOpportunity]:
    """Leave out stored opportunities.

    Reject those of rejected agents, and those whose quote number another quote already has.
    """
    rows = await target.transaction.rows(_STORED_REFERENCES, organization_id=target.organization_id)
    stored = {reference for (reference,) in rows}
    rows = await target.transaction.rows(_STORED_QUOTE_NUMBERS, organization_id=target.organization_id)
    taken = {number for (number,) in rows}

    def reject(opportunity: PipelineOpportunity, reason: str) -> None:
        target.summary.rejected.append(RejectedRow(PIPELINE_FILE, opportunity.line, reason))

    new = []
    for opportunity in pipeline.opportunities.values():
        if opportunity.reference in stored:
            target.summary.existing[EntityKind.OPPORTUNITY] += 1
        elif opportunity.agent.name not in pipeline.agents:
            reject(opportunity, f"sales_agent {opportunity.agent.name!r} is unknown.")
        elif opportunity.closed_on is None and opportunity.quote_number in taken:
            reject(opportunity, f"Another opportunity already has a quote {opportunity.quote_number}.")
        else:
            new.append(opportunity)
    return new


async def _insert_opportunities(
    target: ImportTarget, references: References, opportunities: Sequence[PipelineOpportunity]
) -> None:
    groups = [opportunity_rows(opportunity, target, references) for opportunity in opportunities]
    await insert_rows(target.transaction, chain.from_iterable(groups))
    open_reason_id = references.status_reasons[SeededReason.IN_PROGRESS]
    audit = chain.from_iterable(reconstruct_audit(rows, open_reason_id) for rows in groups)
    await append_audit_as(target.transaction, audit)
    states = Counter(opportunity.stage.state for opportunity in opportunities)
    target.summary.opportunities_by_state.update(states)
    target.summary.imported[EntityKind.OPPORTUNITY] += len(opportunities)
    target.summary.imported[EntityKind.QUOTE] += states[OpportunityState.OPEN]
    for opportunity in opportunities:
        target.summary.corrections.update(opportunity.corrections)
