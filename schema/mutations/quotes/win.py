"""``winQuote``: win an active quote, because the customer accepted it."""

from datetime import date
from typing import Annotated

import strawberry

from db.domain.caller import Caller
from db.quotes import win
from db.sql.array_param import InArray
from db.sql.database import Transaction
from schema.filters.list_specs import QUOTES
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError, describe_result
from schema.mutations.inputs import CLOSE_DESCRIPTION, EXPECTED_VERSION, IDEMPOTENCY_KEY, parse_id
from schema.mutations.payload import Payload
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_param
from schema.types.node import planned_type
from schema.types.quote import ProjectContract, Quote


@strawberry.input(description="Which quote the customer accepted.")
class WinQuoteInput:
    """The input of ``winQuote``."""

    quote_id: strawberry.ID = strawberry.field(
        description="The quote; it is active, and no other quote of its opportunity is won."
    )
    closed_on: date | None = strawberry.field(
        description="The date of the win, from the quote's creation to today; today (UTC) if left out.",
        default=None,
    )
    description: str | None = strawberry.field(description=CLOSE_DESCRIPTION, default=None)
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> win.WinQuote:
        """Return the command.

        Raises:
            NotFound: the id can't belong to a quote.
        """
        return win.WinQuote(
            quote_id=parse_id("quo", "quote", self.quote_id, ("input", "quoteId")),
            closed_on=self.closed_on,
            description=self.description,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@planned_type
class WinQuoteSuccess:
    """The quote was won."""

    quote: Quote = by_param("quote_id", "The quote, won. Its opportunity stays open until it is closed.")
    project_contract: ProjectContract = by_param(
        "project_contract_id", "The draft contract, with the quote's lines and total."
    )
    closed_quotes: Connection[Quote] = connection(
        QUOTES,
        "The opportunity's other active and draft quotes, closed as lost.",
        lambda _, row: InArray(row.id, "quote_ids"),
    )


WinQuoteResult = Annotated[
    WinQuoteSuccess | StaleVersionError | NotFoundError | OperationError,
    strawberry.union(
        "WinQuoteResult",
        description=describe_result(
            "winQuote",
            "QUOTE_NOT_ACTIVE",
            "ANOTHER_QUOTE_WON",
            "CLOSED_ON_IN_FUTURE",
            "CLOSED_ON_OUT_OF_RANGE",
            "CLOSED_ON_BEFORE_CREATION",
            "DESCRIPTION_TOO_LONG",
        ),
    ),
]


async def win_quote(transaction: Transaction, caller: Caller, input_: WinQuoteInput) -> Payload:
    """Win an active quote."""
    won = await win.win_quote(transaction, caller, input_.to_command())
    return Payload(
        WinQuoteSuccess,
        {
            "quote_id": won.quote_id,
            "project_contract_id": won.project_contract_id,
            "quote_ids": won.closed_quote_ids,
        },
    )
