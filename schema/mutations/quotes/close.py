"""``closeQuotes``: close all active and draft quotes of an opportunity, or some by their ids."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.domain.enums import QuoteCloseReason
from db.quotes import close
from db.sql.array_param import InArray
from db.sql.database import Transaction
from schema.filters.list_specs import QUOTES
from schema.leaf_types.enums import graphql_enum
from schema.mutations.errors import (
    CloseQuotesRejectedError,
    NotFoundError,
    OperationError,
    QuoteCloseFailure,
    describe_result,
)
from schema.mutations.inputs import CLOSE_DESCRIPTION, IDEMPOTENCY_KEY, parse_id, parse_ids
from schema.mutations.payload import Payload, encode_failures
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import items_param
from schema.types.node import planned_type
from schema.types.quote import Quote


class BulkFailurePolicy(StrEnum):
    """What happens to the others if one can't be closed."""

    REJECT_ALL = "REJECT_ALL"
    CLOSE_OTHERS = "CLOSE_OTHERS"


graphql_enum(
    BulkFailurePolicy,
    "What happens to the others if one can't be closed.",
    {
        "REJECT_ALL": "All or nothing: none is closed.",
        "CLOSE_OTHERS": "The others are closed; the result has a failure for each that was not.",
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


@strawberry.input(description="Which quotes to close, and how.")
class CloseQuotesInput:
    """The input of ``closeQuotes``."""

    quotes: QuotesToCloseInput = strawberry.field(description="Which quotes to close.")
    reason: QuoteCloseReason = strawberry.field(
        description="Why they are closed.", default=QuoteCloseReason.LOST
    )
    closed_on: date | None = strawberry.field(
        description="The closing date, from each quote's creation to today; today (UTC) if left out.",
        default=None,
    )
    description: str | None = strawberry.field(description=CLOSE_DESCRIPTION, default=None)
    on_failure: BulkFailurePolicy = strawberry.field(
        description="What happens to the others if one can't be closed.",
        default=BulkFailurePolicy.REJECT_ALL,
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> close.CloseQuotes:
        """Return the command.

        Raises:
            NotFound: the id can't belong to an opportunity.
        """
        opportunity_id, ids = self.quotes.of_opportunity, self.quotes.ids
        path = ("input", "quotes", "ofOpportunity")
        return close.CloseQuotes(
            of_opportunity=(
                parse_id("opp", "opportunity", opportunity_id, path)
                if isinstance(opportunity_id, str)
                else None
            ),
            ids=parse_ids("quo", ids) if isinstance(ids, list) else None,
            reason=self.reason,
            closed_on=self.closed_on,
            description=self.description,
            close_others=self.on_failure is BulkFailurePolicy.CLOSE_OTHERS,
            idempotency_key=self.idempotency_key,
        )


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
    strawberry.union(
        "CloseQuotesResult",
        description=describe_result(
            "closeQuotes",
            "NO_QUOTES",
            "TOO_MANY_QUOTES",
            "CLOSED_ON_IN_FUTURE",
            "CLOSED_ON_OUT_OF_RANGE",
            "DESCRIPTION_TOO_LONG",
        ),
    ),
]


async def close_quotes(transaction: Transaction, caller: Caller, input_: CloseQuotesInput) -> Payload:
    """Close quotes of open opportunities."""
    closed = await close.close_quotes(transaction, caller, input_.to_command())
    return Payload(
        CloseQuotesSuccess,
        {"quote_ids": closed.closed_quote_ids, "failures": encode_failures(closed.failures)},
    )
