"""``updateQuote``: a draft with its lines is edited in one call."""

from datetime import date
from typing import Annotated, Any

import strawberry

from db.quotes import update
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
from schema.mutations.quotes.line_inputs import QuoteLinesInput
from schema.mutations.run import (
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    changed_fields,
    describe_result,
    parse_id,
    run_mutation,
)
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.quote import Quote


@strawberry.input(description="What to change of which draft.")
class UpdateQuoteInput:
    """The input of ``updateQuote``."""

    quote_id: strawberry.ID = strawberry.field(description="The draft.")
    name: str | None = strawberry.field(
        description="What is offered; 1 to 200 characters. Unchanged unless sent.", default=strawberry.UNSET
    )
    effective_from: date | None = strawberry.field(
        description="The first day it holds. Unchanged unless sent; null clears it.", default=strawberry.UNSET
    )
    effective_to: date | None = strawberry.field(
        description="The last day it holds. Unchanged unless sent; null clears it.", default=strawberry.UNSET
    )
    lines: QuoteLinesInput | None = strawberry.field(
        description="What becomes of its lines; they stay as they are unless sent.", default=None
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> update.UpdateQuote:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of a quote or line.
        """
        changes: Any = changed_fields(self, "name", clearable=("effective_from", "effective_to"))
        return update.UpdateQuote(
            quote_id=parse_id("quo", "quote", self.quote_id, ("input", "quoteId")),
            changes=changes,
            **(self.lines.to_command() if self.lines else {}),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class UpdateQuoteSuccess:
    """The draft is as it was asked for."""

    quote: Quote = by_param("quote_id", "The draft, changed; at its old version where nothing differed.")


_OF_AMOUNTS = ("QUANTITY", "UNIT_PRICE", "NOT_TO_EXCEED_LIMIT", "CUSTOMER_BUDGET")

UpdateQuoteResult = Annotated[
    UpdateQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "UpdateQuoteResult",
        description=describe_result(
            "updateQuote",
            "QUOTE_NOT_DRAFT",
            "OPPORTUNITY_CLOSED",
            "NAME_EMPTY",
            "NAME_TOO_LONG",
            "EFFECTIVE_DATES_REVERSED",
            *(f"{amount}_OUT_OF_RANGE" for amount in _OF_AMOUNTS),
            *(f"{amount}_TOO_PRECISE" for amount in _OF_AMOUNTS),
            "PROJECT_DETAIL_OF_A_PRODUCT",
            "LIMIT_OF_A_FIXED_PRICE",
            "LINE_NAMED_TWICE",
            "LINE_TOTAL_OUT_OF_RANGE",
            "QUOTE_TOTAL_OUT_OF_RANGE",
            "QUOTE_DELETED",
        ),
    ),
]


async def update_quote(info: Info, input: UpdateQuoteInput) -> UpdateQuoteResult:  # noqa: A002 - GraphQL's word
    """Edit a draft."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: update.update_quote(transaction, caller, input.to_command()),
        UpdateQuoteSuccess,
        lambda updated: {"quote_id": updated.quote_id},
    )
