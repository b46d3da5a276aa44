"""The common part of the inputs that name one quote and nothing else to change."""

import strawberry

from db.guards.preconditions import QUOTE_ID
from db.quotes.transitions import QuoteRef
from schema.mutations.inputs import parse_id


class QuoteRefInput:
    """The base of such inputs. Each of them declares these fields again, with a description of its quote."""

    quote_id: strawberry.ID
    expected_version: int | None
    idempotency_key: str | None

    def to_command(self) -> QuoteRef:
        """Return the command.

        Raises:
            NotFound: the id can't belong to a quote.
        """
        return QuoteRef(
            quote_id=parse_id("quo", "quote", self.quote_id, QUOTE_ID),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )
