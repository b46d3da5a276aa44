"""The root of all writes."""

import strawberry

from schema.mutations.master_data.accounts import create_account, update_account
from schema.mutations.master_data.competitors import create_competitor
from schema.mutations.master_data.status_reasons import create_status_reason, retire_status_reason
from schema.mutations.opportunities.close import close_opportunity
from schema.mutations.opportunities.close_many import close_opportunities
from schema.mutations.opportunities.create_update import create_opportunity, update_opportunity
from schema.mutations.opportunities.reopen import reopen_opportunity
from schema.mutations.quotes.activate import activate_quote
from schema.mutations.quotes.close import close_quotes
from schema.mutations.quotes.create import create_quote, delete_draft_quote
from schema.mutations.quotes.revise import revise_quote
from schema.mutations.quotes.update import update_quote
from schema.mutations.quotes.win import win_quote


@strawberry.type(
    description="What can be changed: each takes one input and answers a union; errors are data."
)
class Mutation:
    """One field a mutation."""

    create_opportunity = strawberry.mutation(
        create_opportunity, description="Creates an open opportunity of one account."
    )
    update_opportunity = strawberry.mutation(
        update_opportunity,
        description="Changes an open opportunity: puts it on hold, hands it over, estimates it anew. A"
        " closed one is read-only: reopen it, change it, close it again.",
    )
    close_opportunity = strawberry.mutation(
        close_opportunity,
        description="Closes an open opportunity as won or lost. Active quotes block it: the refusal names"
        " each of them. Drafts don't block and stay drafts.",
    )
    close_opportunities = strawberry.mutation(
        close_opportunities,
        description="Closes up to 100 open opportunities alike, all or nothing unless asked otherwise; what"
        " keeps one of them open is told for each.",
    )
    reopen_opportunity = strawberry.mutation(
        reopen_opportunity,
        description="Opens a won or lost opportunity again: its outcome is cleared, the closing stays in its"
        " history as canceled, its quotes stay as they are.",
    )
    create_quote = strawberry.mutation(
        create_quote,
        description="Creates a draft on an open opportunity, empty or with the lines of another quote.",
    )
    update_quote = strawberry.mutation(
        update_quote,
        description="Edits a draft of an open opportunity, its lines included. Only drafts are editable.",
    )
    delete_draft_quote = strawberry.mutation(
        delete_draft_quote,
        description="Deletes a draft of an open opportunity for good. Any other quote can only be closed.",
    )
    activate_quote = strawberry.mutation(
        activate_quote,
        description="Activates a draft of an open opportunity. From then on it blocks closing that.",
    )
    revise_quote = strawberry.mutation(
        revise_quote,
        description="Closes an active quote as revised, or takes a closed one, and drafts its next revision."
        " Only this does; nothing else ever revises a quote.",
    )
    win_quote = strawberry.mutation(
        win_quote,
        description="Wins an active quote: the opportunity's other active and draft quotes are closed as"
        " lost, and a draft contract is made of it, all at once.",
    )
    close_quotes = strawberry.mutation(
        close_quotes,
        description="Closes all active and draft quotes of an opportunity, or those with the ids, at once.",
    )
    create_account = strawberry.mutation(create_account, description="Creates an account, a customer.")
    update_account = strawberry.mutation(update_account, description="Changes an account.")
    create_competitor = strawberry.mutation(
        create_competitor, description="Creates a competitor, who lost deals may be said to have gone to."
    )
    create_status_reason = strawberry.mutation(
        create_status_reason,
        description="Adds a reason of the organization's own for won or for lost opportunities.",
    )
    retire_status_reason = strawberry.mutation(
        retire_status_reason,
        description="Retires a status reason for good: new closings can't have it, old ones keep it.",
    )
