"""``closeQuotes``: all active and draft quotes of an opportunity at once, or some by their ids."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from db.domain.enums import QuoteCloseReason
from db.quotes import close
from db.sql.array_param import InArray
from schema.filters.list_specs import QUOTES
from schema.leaf_types.enums import graphql_enum
from schema.mutations.errors import (
    CloseQuotesRejectedError,
    NotFoundError,
    OperationError,
    QuoteCloseFailure,
    encode_failures,
)
from schema.mutations.run import IDEMPOTENCY_KEY, parse_id, parse_ids, run_mutation
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import items_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.quote import Quote


class BulkFailurePolicy(StrEnum):
    """What becomes of the others when one can't be closed."""

    REJECT_ALL = "REJECT_ALL"
    CLOSE_OTHERS = "CLOSE_OTHERS"


graphql_enum(
    BulkFailurePolicy,
    "What becomes of the others when one can't be closed.",
    {
        "REJECT_ALL": "All or nothing: none is closed.",
        "CLOSE_OTHERS": "The others are closed; the answer has a failure for each that was not.",
    },
)


@strawberry.input(one_of=True, description="Which quotes to close: exactly one of these.")
class QuotesToCloseInput:
    """An opportunity's quotes, or quotes by id."""

    of_opportunity: strawberry.ID | None = strawberry.field(
        description="All active and draft quotes of this opportunity.", default=strawberry.UNSET
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        description="These quotes, 1 to 100; each must be active or a draft.", default=strawberry.UNSET
    )


@strawberry.input(description="How to close which quotes.")
class CloseQuotesInput:
    """The input of ``closeQuotes``."""

    quotes: QuotesToCloseInput = strawberry.field(description="Which quotes to close.")
    reason: QuoteCloseReason = strawberry.field(
        description="Why they are closed.", default=QuoteCloseReason.LOST
    )
    closed_on: date | None = strawberry.field(
        description="The day of closing, from a quote's creation to today; today (UTC) unless sent.",
        default=None,
    )
    description: str | None = strawberry.field(
        description="What is to be said about it; up to 2,000 characters.", default=None
    )
    on_failure: BulkFailurePolicy = strawberry.field(
        description="What becomes of the others when one can't be closed.",
        default=BulkFailurePolicy.REJECT_ALL,
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close.CloseQuotes:
        """Return what the rule is asked.

        Raises:
            NotFound: the id can't be that of an opportunity.
        """
        return close.CloseQuotes(
            **_which(self.quotes),
            reason=self.reason,
            closed_on=self.closed_on,
            description=self.description,
            close_others=self.on_failure is BulkFailurePolicy.CLOSE_OTHERS,
            idempotency_key=self.idempotency_key,
        )


def _which(quotes: QuotesToCloseInput) -> dict[str, Any]:
    if isinstance(quotes.of_opportunity, str):
        path = ("input", "quotes", "ofOpportunity")
        return {"of_opportunity": parse_id("opp", "opportunity", quotes.of_opportunity, path)}
    return {"ids": parse_ids("quo", quotes.ids or ())}


@planned_type
class CloseQuotesSuccess:
    """The quotes were closed."""

    closed_quotes: Connection[Quote] = connection(
        QUOTES, "The quotes that were closed.", lambda _, row: InArray(row.id, "quote_ids")
    )
    failures: list[QuoteCloseFailure] = items_param(
        "failures", "One for each quote that was not closed; only with CLOSE_OTHERS."
    )


CloseQuotesResult = Annotated[
    CloseQuotesSuccess | CloseQuotesRejectedError | NotFoundError | OperationError,
    strawberry.union("CloseQuotesResult", description="What `closeQuotes` came to."),
]


async def close_quotes(info: Info, input: CloseQuotesInput) -> CloseQuotesResult:  # noqa: A002 - GraphQL's word
    """Close quotes of open opportunities."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: close.close_quotes(transaction, caller, input.to_command()),
        CloseQuotesSuccess,
        lambda closed: {
            "quote_ids": closed.closed_quote_ids,
            "failures": encode_failures(closed.failures),
        },
    )
