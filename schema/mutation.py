"""The root of all writes."""

import strawberry

from schema.closing import close_opportunity
from schema.quoting import close_quotes


@strawberry.type(
    description="What can be changed: each takes one input and answers a union; errors are data."
)
class Mutation:
    """One field a mutation."""

    close_opportunity = strawberry.mutation(
        close_opportunity,
        description="Closes an open opportunity as won or lost. Active quotes block it: the refusal names"
        " each of them. Drafts don't block and stay drafts.",
    )
    close_quotes = strawberry.mutation(
        close_quotes,
        description="Closes all active and draft quotes of an opportunity, or those with the ids, at once.",
    )
