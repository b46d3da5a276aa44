"""Rows of a sample quote: the quote with its lines, its close activity, and the contract of a won quote."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlmodel import SQLModel

from db import models
from db.domain.enums import QuoteLineKind, QuoteState, QuoteStatusReason
from db.domain.ids import new_id
from db.sample_data.declared.spec import Quote
from db.sample_data.load_context import LoadContext

_STATES = {
    QuoteStatusReason.DRAFT_IN_PROGRESS: QuoteState.DRAFT,
    QuoteStatusReason.ACTIVE_IN_PROGRESS: QuoteState.ACTIVE,
    QuoteStatusReason.OPEN: QuoteState.ACTIVE,
    QuoteStatusReason.WON: QuoteState.WON,
    QuoteStatusReason.LOST: QuoteState.CLOSED,
    QuoteStatusReason.CANCELED: QuoteState.CLOSED,
    QuoteStatusReason.REVISED: QuoteState.CLOSED,
}


def quote_total(spec: Quote) -> Decimal:
    """Return the sum of the line totals, each rounded half up to two decimals."""
    totals = (line.quantity * line.unit_price for line in spec.lines)
    return sum((total.quantize(Decimal("0.01"), ROUND_HALF_UP) for total in totals), Decimal("0.00"))


def quote_rows(spec: Quote, opportunity: models.Opportunity, context: LoadContext) -> Iterator[SQLModel]:
    """Yield the rows of a quote."""
    calendar = context.calendar
    updated_days_ago = spec.created_days_ago if spec.closed_days_ago is None else spec.closed_days_ago
    quote = models.Quote(
        organization_id=context.organization_id,
        id=new_id(),
        opportunity_id=opportunity.id,
        number=f"QUO-{spec.number}",
        revision=spec.revision,
        name=spec.name,
        state=_STATES[spec.status_reason],
        status_reason=spec.status_reason,
        currency_code=opportunity.currency_code,
        total=quote_total(spec),
        effective_from=calendar.day(spec.created_days_ago),
        effective_to=calendar.day(spec.created_days_ago - spec.valid_days),
        created_at=calendar.instant(spec.created_days_ago),
        updated_at=calendar.instant(updated_days_ago),
    )
    yield quote
    for columns in _line_columns(spec, quote):
        yield models.QuoteLine(
            organization_id=context.organization_id, id=new_id(), quote_id=quote.id, **columns
        )
    if spec.closed_days_ago is not None:
        yield models.QuoteClose(
            organization_id=context.organization_id,
            id=new_id(),
            quote_id=quote.id,
            reason=quote.status_reason,
            closed_on=calendar.day(spec.closed_days_ago),
            closed_by_id=opportunity.owner_id,
            created_at=quote.updated_at,
        )
    if spec.status_reason == QuoteStatusReason.WON:
        contract = models.ProjectContract(
            organization_id=context.organization_id,
            id=new_id(),
            quote_id=quote.id,
            opportunity_id=quote.opportunity_id,
            name=quote.name,
            currency_code=quote.currency_code,
            total=quote.total,
            created_at=quote.updated_at,
        )
        yield contract
        for columns in _line_columns(spec, quote):
            yield models.ProjectContractLine(
                organization_id=context.organization_id,
                id=new_id(),
                project_contract_id=contract.id,
                **columns,
            )


def _line_columns(spec: Quote, quote: models.Quote) -> Iterator[dict[str, Any]]:
    for position, line in enumerate(spec.lines, start=1):
        yield {
            "position": position,
            "kind": QuoteLineKind.PROJECT if line.billing_method else QuoteLineKind.PRODUCT,
            "name": line.name,
            "billing_method": line.billing_method,
            "not_to_exceed": line.not_to_exceed,
            "customer_budget": line.customer_budget,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "currency_code": quote.currency_code,
        }
