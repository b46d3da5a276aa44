"""``updateQuote``: edit a draft and its lines in one call."""

from datetime import date
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.quotes import update
from db.sql.database import Transaction
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import (
    CLEARED,
    EXPECTED_VERSION,
    IDEMPOTENCY_KEY,
    UNCHANGED,
    changed_fields,
    parse_id,
)
from schema.mutations.payload import Payload
from schema.mutations.quotes.line_inputs import QuoteLinesInput
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.quote import Quote

_AMOUNTS = ("QUANTITY", "UNIT_PRICE", "NOT_TO_EXCEED_LIMIT", "CUSTOMER_BUDGET")


@strawberry.input(description="Which draft to change, and how.")
class UpdateQuoteInput:
    """The input of ``updateQuote``."""

    quote_id: strawberry.ID = strawberry.field(description="The draft.")
    name: str | None = strawberry.field(
        description=f"The quote's name; 1 to 200 characters. {UNCHANGED}", default=strawberry.UNSET
    )
    effective_from: date | None = strawberry.field(
        description=f"The first day of validity. {CLEARED}", default=strawberry.UNSET
    )
    effective_to: date | None = strawberry.field(
        description=f"The last day of validity. {CLEARED}", default=strawberry.UNSET
    )
    lines: QuoteLinesInput | None = strawberry.field(
        description=f"How to change its lines. {UNCHANGED}", default=None
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> update.UpdateQuote:
        """Return the command.

        Raises:
            NotFound: an id can't belong to a quote or line.
        """
        lines = self.lines or QuoteLinesInput()
        return update.UpdateQuote(
            quote_id=parse_id("quo", "quote", self.quote_id, ("input", "quoteId")),
            changes=changed_fields(
                update.QuoteChanges, self, "name", clearable=("effective_from", "effective_to")
            ),
            add_lines=lines.added(),
            change_lines=lines.changed(),
            remove_lines=lines.removed(),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class UpdateQuoteSuccess:
    """The draft has the values of the input."""

    quote: Quote = by_param("quote_id", "The draft, changed; at its old version if nothing differed.")


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
            "NAME_WITH_FORBIDDEN_CHARACTER",
            "EFFECTIVE_FROM_OUT_OF_RANGE",
            "EFFECTIVE_TO_OUT_OF_RANGE",
            "EFFECTIVE_DATES_REVERSED",
            *(f"{amount}_OUT_OF_RANGE" for amount in _AMOUNTS),
            *(f"{amount}_TOO_PRECISE" for amount in _AMOUNTS),
            "PROJECT_DETAIL_OF_A_PRODUCT",
            "LIMIT_OF_A_FIXED_PRICE",
            "LINE_NAMED_TWICE",
            "LINE_TOTAL_OUT_OF_RANGE",
            "QUOTE_TOTAL_OUT_OF_RANGE",
            "QUOTE_DELETED",
        ),
    ),
]


async def update_quote(transaction: Transaction, caller: Caller, input_: UpdateQuoteInput) -> Payload:
    """Edit a draft."""
    updated = await update.update_quote(transaction, caller, input_.to_command())
    return Payload(UpdateQuoteSuccess, {"quote_id": updated.quote_id})
