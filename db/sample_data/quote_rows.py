"""An offer of the sample as rows: the quote with its lines, its close activity, the contract it won."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlmodel import SQLModel

from db import models
from db.domain.enums import QuoteLineKind, QuoteState, QuoteStatusReason
from db.sample_data.declared.spec import Offer
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


def total(offer: Offer) -> Decimal:
    """Return the sum of the lines, each rounded half up to two places."""
    amounts = (line.quantity * line.unit_price for line in offer.lines)
    return sum((amount.quantize(Decimal("0.01"), ROUND_HALF_UP) for amount in amounts), Decimal("0.00"))


def offer_rows(offer: Offer, opportunity: models.Opportunity, setting: LoadContext) -> Iterator[SQLModel]:
    """Return the rows that an offer on an opportunity becomes."""
    quote = _quote(offer, opportunity, setting)
    yield quote
    for columns in _lines(offer, quote):
        yield models.QuoteLine(**setting.keys(), quote_id=quote.id, **columns)
    if offer.decided is not None:
        yield _close(quote, opportunity, offer.decided, setting)
    if offer.reason == QuoteStatusReason.WON:
        yield from _contract(offer, quote, setting)


def _quote(offer: Offer, opportunity: models.Opportunity, setting: LoadContext) -> models.Quote:
    calendar = setting.calendar
    return models.Quote(
        **setting.keys(),
        opportunity_id=opportunity.id,
        number=f"QUO-{offer.number}",
        revision=offer.revision,
        name=offer.name,
        state=_STATES[offer.reason],
        status_reason=offer.reason,
        currency_code=opportunity.currency_code,
        total=total(offer),
        effective_from=calendar.day(offer.created),
        effective_to=calendar.day(offer.created - offer.valid_for),
        created_at=calendar.instant(offer.created),
        updated_at=calendar.instant(offer.created if offer.decided is None else offer.decided),
    )


def _lines(offer: Offer, quote: models.Quote) -> Iterator[dict[str, Any]]:
    for position, line in enumerate(offer.lines, start=1):
        yield {
            "position": position,
            "kind": QuoteLineKind.PROJECT if line.billing else QuoteLineKind.PRODUCT,
            "name": line.name,
            "billing_method": line.billing,
            "not_to_exceed": line.limit,
            "customer_budget": line.budget,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "currency_code": quote.currency_code,
        }


def _close(
    quote: models.Quote, opportunity: models.Opportunity, decided: int, setting: LoadContext
) -> models.QuoteClose:
    return models.QuoteClose(
        **setting.keys(),
        quote_id=quote.id,
        reason=quote.status_reason,
        closed_on=setting.calendar.day(decided),
        closed_by_id=opportunity.owner_id,
        created_at=quote.updated_at,
    )


def _contract(offer: Offer, quote: models.Quote, setting: LoadContext) -> Iterator[SQLModel]:
    contract = models.ProjectContract(
        **setting.keys(),
        quote_id=quote.id,
        opportunity_id=quote.opportunity_id,
        name=quote.name,
        currency_code=quote.currency_code,
        total=quote.total,
        created_at=quote.updated_at,
    )
    yield contract
    for columns in _lines(offer, quote):
        yield models.ProjectContractLine(**setting.keys(), project_contract_id=contract.id, **columns)
