"""Build rows for the tests of decisions, which need no database: valid by default."""

from decimal import Decimal
from typing import Any

from db.domain.caller import Caller, Role
from db.domain.enums import QuoteLineKind
from db.domain.ids import new_id
from db.guards.locking import LockedOpportunity, LockedQuote, OpportunityRow, QuoteRow
from db.lines.line import Line
from tests.builders import A_MONTH_AGO, NOW

CALLER = Caller(new_id(), new_id(), Role.SALES, NOW)


def locked_opportunity(**columns: Any) -> LockedOpportunity:
    """Return an open opportunity of a month ago, estimated at 5,000.00 EUR."""
    row = LockedOpportunity(new_id(), "OPEN", new_id(), Decimal("5000.00"), "EUR", 1, A_MONTH_AGO)
    return row._replace(**columns)


def opportunity_row(**columns: Any) -> OpportunityRow:
    """Return the same with all columns that can change."""
    row = OpportunityRow(
        id=new_id(),
        name="Harbour crane retrofit",
        description=None,
        account_id=new_id(),
        owner_id=new_id(),
        contracting_unit_id=new_id(),
        currency_code="EUR",
        state="OPEN",
        status_reason_id=new_id(),
        estimated_revenue=Decimal("5000.00"),
        estimated_close_date=None,
        actual_revenue=None,
        closed_on=None,
        close_id=None,
        version=1,
    )
    return row._replace(**columns)


def quote_row(state: str = "ACTIVE", **columns: Any) -> QuoteRow:
    """Return a quote of a month ago over 1,000.00 EUR."""
    row = QuoteRow(
        id=new_id(),
        opportunity_id=new_id(),
        number="QUO-1042",
        revision=0,
        name="Cranes and crew",
        state=state,
        status_reason=f"{state}_IN_PROGRESS",
        currency_code="EUR",
        total=Decimal("1000.00"),
        effective_from=None,
        effective_to=None,
        version=1,
        created_at=A_MONTH_AGO,
    )
    return row._replace(**columns)


def locked_quote(quote: QuoteRow, *, has_lines: bool = True, **opportunity: Any) -> LockedQuote:
    """Return a quote with its opportunity, to which the columns belong."""
    return LockedQuote(quote, locked_opportunity(id=quote.opportunity_id, **opportunity), has_lines)


def line(position: int = 1, **fields: Any) -> Line:
    """Return a line with one product at 1,000.00."""
    content = {"kind": QuoteLineKind.PRODUCT, "name": "Crane", "unit_price": Decimal("1000.00")}
    return Line(id=new_id(), position=position, **{"quantity": Decimal("1.00"), **content, **fields})
