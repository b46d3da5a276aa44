"""``reviseQuote``: a quote is replaced by a draft, one revision on."""

from typing import Annotated

import strawberry

from db.quotes import revise
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
from schema.mutations.quotes.quote_ref_input import QuoteRefInput
from schema.mutations.run import EXPECTED_VERSION, IDEMPOTENCY_KEY, describe_result, run_mutation
from schema.planner.fields.relations import by_param
from schema.request.context import Info
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


async def revise_quote(info: Info, input: ReviseQuoteInput) -> ReviseQuoteResult:  # noqa: A002 - GraphQL's word
    """Revise an active or closed quote."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: revise.revise_quote(transaction, caller, input.to_command()),
        ReviseQuoteSuccess,
        lambda revised: {"quote_id": revised.quote_id, "draft_id": revised.draft_id},
    )
