"""What every mutation of one quote takes, about which no more needs to be said."""

import strawberry

from db.quotes.transitions import QUOTE_ID, QuoteRef
from schema.mutations.run import parse_id


class QuoteRefInput:
    """The base of their inputs; each declares these fields, so that it can describe its quote."""

    quote_id: strawberry.ID
    expected_version: int | None
    idempotency_key: str | None

    def to_command(self) -> QuoteRef:
        """Return what the rule is asked.

        Raises:
            NotFound: the id can't be that of a quote.
        """
        return QuoteRef(
            quote_id=parse_id("quo", "quote", self.quote_id, QUOTE_ID),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )
