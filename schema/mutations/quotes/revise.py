"""``reviseQuote``: replace a quote by a draft of its next revision."""

from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.quotes import revise
from db.sql.database import Transaction
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY
from schema.mutations.payload import Payload
from schema.mutations.quotes.quote_ref_input import QuoteRefInput
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.quote import Quote


@strawberry.input(description="Which quote to revise.")
class ReviseQuoteInput(QuoteRefInput):
    """The input of ``reviseQuote``."""

    quote_id: strawberry.ID = strawberry.field(
        description="The quote; it is active or closed, and no other revision of its number is a draft or"
        " active."
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)


@planned_type
class ReviseQuoteSuccess:
    """The quote was revised."""

    draft: Quote = by_param(
        "draft_id", "The new draft: the same number and lines, one revision after the number's highest."
    )
    revised_quote: Quote = by_param("quote_id", "The quote that was revised, closed.")


ReviseQuoteResult = Annotated[
    ReviseQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "ReviseQuoteResult",
        description=describe_result(
            "reviseQuote",
            "QUOTE_NOT_REVISABLE",
            "OPPORTUNITY_CLOSED",
            "ANOTHER_REVISION_LIVE",
            "QUOTE_DELETED",
        ),
    ),
]


async def revise_quote(transaction: Transaction, caller: Caller, input_: ReviseQuoteInput) -> Payload:
    """Revise an active or closed quote."""
    revised = await revise.revise_quote(transaction, caller, input_.to_command())
    return Payload(ReviseQuoteSuccess, {"quote_id": revised.quote_id, "draft_id": revised.draft_id})
