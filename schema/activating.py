"""``activateQuote``: a draft is offered to the customer."""

from typing import Annotated

import strawberry

from db.quotes import activate
from schema.context import Info
from schema.errors import NotFoundError, OperationError, StaleVersionError
from schema.objects import planned_type
from schema.of_one_quote import OfOneQuote
from schema.quote import Quote
from schema.reading.relations import by_given
from schema.writing import EXPECTED_VERSION, IDEMPOTENCY_KEY, came_to, perform


@strawberry.input(description="Which draft to activate.")
class ActivateQuoteInput(OfOneQuote):
    """The input of ``activateQuote``."""

    quote_id: strawberry.ID = strawberry.field(description="The draft; it has at least one line.")
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)


@planned_type
class ActivateQuoteSuccess:
    """The quote was activated."""

    quote: Quote = by_given("quote_id", "The quote, active.")


ActivateQuoteResult = Annotated[
    ActivateQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "ActivateQuoteResult",
        description=came_to("activateQuote", "QUOTE_NOT_DRAFT", "OPPORTUNITY_CLOSED", "QUOTE_WITHOUT_LINES"),
    ),
]


async def activate_quote(info: Info, input: ActivateQuoteInput) -> ActivateQuoteResult:  # noqa: A002 - GraphQL's word
    """Activate a draft."""
    return await perform(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: activate.activate_quote(transaction, caller, input.rule()),
        ActivateQuoteSuccess,
        lambda activated: {"quote_id": activated.quote_id},
    )
