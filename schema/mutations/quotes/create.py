"""``createQuote`` and ``deleteDraftQuote``."""

import json
from datetime import date
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.quotes import create, delete
from db.sql.database import Transaction
from schema.mutations.errors import (
    NotFoundError,
    OperationError,
    OpportunityAlreadyClosedError,
    StaleVersionError,
    describe_result,
)
from schema.mutations.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, parse_id, parse_optional_id
from schema.mutations.payload import Payload
from schema.mutations.quotes.quote_ref_input import QuoteRefInput
from schema.planner.fields.columns import param
from schema.planner.fields.relations import by_param
from schema.planner.global_ids import encode_id
from schema.types.node import planned_type
from schema.types.opportunity import Opportunity
from schema.types.quote import Quote


@strawberry.input(description="A new quote.")
class CreateQuoteInput:
    """The input of ``createQuote``."""

    opportunity_id: strawberry.ID = strawberry.field(description="The opportunity; it is open.")
    name: str = strawberry.field(description="The quote's name; 1 to 200 characters.")
    number: str | None = strawberry.field(
        description="Unique in the organization, 1 to 200 characters; the next number, such as QUO-1044, if"
        " left out. Never changes.",
        default=None,
    )
    effective_from: date | None = strawberry.field(description="The first day of validity.", default=None)
    effective_to: date | None = strawberry.field(description="The last day of validity.", default=None)
    copy_lines_from: strawberry.ID | None = strawberry.field(
        description="A quote in the same currency whose lines are copied, in any state and of any"
        " opportunity; the quote has no lines if left out.",
        default=None,
    )
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> create.CreateQuote:
        """Return the command.

        Raises:
            NotFound: an id can't belong to an opportunity or quote.
        """
        return create.CreateQuote(
            opportunity_id=parse_id("opp", "opportunity", self.opportunity_id, ("input", "opportunityId")),
            name=self.name,
            number=self.number,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            copy_lines_from=parse_optional_id(
                "quo", "quote", self.copy_lines_from, ("input", "copyLinesFrom")
            ),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Which draft to delete.")
class DeleteDraftQuoteInput(QuoteRefInput):
    """The input of ``deleteDraftQuote``."""

    quote_id: strawberry.ID = strawberry.field(description="The draft.")
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)


@planned_type
class CreateQuoteSuccess:
    """The quote was created."""

    quote: Quote = by_param("quote_id", "The quote, a draft.")


@planned_type
class DeleteDraftQuoteSuccess:
    """The draft was deleted."""

    deleted_quote_id: strawberry.ID = param("deleted_quote_id", "The id that the draft had.")
    opportunity: Opportunity = by_param("opportunity_id", "The opportunity that it belonged to.")


CreateQuoteResult = Annotated[
    CreateQuoteSuccess | OpportunityAlreadyClosedError | NotFoundError | OperationError,
    strawberry.union(
        "CreateQuoteResult",
        description=describe_result(
            "createQuote",
            "NAME_EMPTY",
            "NAME_TOO_LONG",
            "NAME_WITH_FORBIDDEN_CHARACTER",
            "NUMBER_EMPTY",
            "NUMBER_TOO_LONG",
            "NUMBER_WITH_FORBIDDEN_CHARACTER",
            "QUOTE_NUMBER_TAKEN",
            "EFFECTIVE_FROM_OUT_OF_RANGE",
            "EFFECTIVE_TO_OUT_OF_RANGE",
            "EFFECTIVE_DATES_REVERSED",
            "QUOTE_IN_ANOTHER_CURRENCY",
            "QUOTE_DELETED",
        ),
    ),
]

DeleteDraftQuoteResult = Annotated[
    DeleteDraftQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "DeleteDraftQuoteResult",
        description=describe_result("deleteDraftQuote", "QUOTE_NOT_DRAFT", "OPPORTUNITY_CLOSED"),
    ),
]


async def create_quote(transaction: Transaction, caller: Caller, input_: CreateQuoteInput) -> Payload:
    """Create a draft."""
    created = await create.create_quote(transaction, caller, input_.to_command())
    return Payload(CreateQuoteSuccess, {"quote_id": created.quote_id})


async def delete_draft_quote(
    transaction: Transaction, caller: Caller, input_: DeleteDraftQuoteInput
) -> Payload:
    """Delete a draft."""
    deleted = await delete.delete_draft_quote(transaction, caller, input_.to_command())
    return Payload(
        DeleteDraftQuoteSuccess,
        {
            "deleted_quote_id": json.dumps(encode_id("quo", deleted.quote_id)),
            "opportunity_id": deleted.opportunity_id,
        },
    )
