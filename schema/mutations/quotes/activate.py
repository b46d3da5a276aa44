"""``activateQuote``: offer a draft to the customer."""

from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.quotes import activate
from db.sql.database import Transaction
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY
from schema.mutations.payload import Payload
from schema.mutations.quotes.quote_ref_input import QuoteRefInput
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.quote import Quote


@strawberry.input(description="Which draft to activate.")
class ActivateQuoteInput(QuoteRefInput):
    """The input of ``activateQuote``."""

    quote_id: strawberry.ID = strawberry.field(description="The draft; it has at least one line.")
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)


@planned_type
class ActivateQuoteSuccess:
    """The quote was activated."""

    quote: Quote = by_param("quote_id", "The quote, active.")


ActivateQuoteResult = Annotated[
    ActivateQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "ActivateQuoteResult",
        description=describe_result(
            "activateQuote", "QUOTE_NOT_DRAFT", "OPPORTUNITY_CLOSED", "QUOTE_WITHOUT_LINES"
        ),
    ),
]


async def activate_quote(transaction: Transaction, caller: Caller, input_: ActivateQuoteInput) -> Payload:
    """Activate a draft."""
    activated = await activate.activate_quote(transaction, caller, input_.to_command())
    return Payload(ActivateQuoteSuccess, {"quote_id": activated.quote_id})
