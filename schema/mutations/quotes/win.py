"""``winQuote``: the customer accepted an offer."""

from datetime import date
from typing import Annotated

import strawberry

from db.quotes import win
from db.sql.array_param import InArray
from schema.filters.list_specs import QUOTES
from schema.mutations.errors import NotFoundError, OperationError, StaleVersionError
from schema.mutations.run import EXPECTED_VERSION, IDEMPOTENCY_KEY, describe_result, parse_id, run_mutation
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.relations import by_param
from schema.request.context import Info
from schema.types.node import planned_type
from schema.types.quote import ProjectContract, Quote


@strawberry.input(description="Which quote the customer accepted.")
class WinQuoteInput:
    """The input of ``winQuote``."""

    quote_id: strawberry.ID = strawberry.field(
        description="The quote; it is active, and no other quote of its opportunity is won."
    )
    closed_on: date | None = strawberry.field(
        description="The day of the win, from the quote's creation to today; today (UTC) unless sent.",
        default=None,
    )
    description: str | None = strawberry.field(
        description="What is to be said about it; up to 2,000 characters.", default=None
    )
    expected_version: int | None = strawberry.field(description=EXPECTED_VERSION, default=None)
    idempotency_key: str | None = strawberry.field(description=IDEMPOTENCY_KEY, default=None)

    def to_command(self) -> win.WinQuote:
        """Return what the rule is asked.

        Raises:
            NotFound: the id can't be that of a quote.
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
            "CLOSED_ON_BEFORE_CREATION",
            "DESCRIPTION_TOO_LONG",
        ),
    ),
]


async def win_quote(info: Info, input: WinQuoteInput) -> WinQuoteResult:  # noqa: A002 - GraphQL's word
    """Win an active quote."""
    return await run_mutation(  # type: ignore[no-any-return]
        info,
        lambda transaction, caller: win.win_quote(transaction, caller, input.to_command()),
        WinQuoteSuccess,
        lambda won: {
            "quote_id": won.quote_id,
            "project_contract_id": won.project_contract_id,
            "quote_ids": won.closed_quote_ids,
        },
    )
