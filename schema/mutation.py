"""The root type of mutations; ``schema.mutations.run`` executes its fields."""

import strawberry

from schema.mutations.master_data.accounts import (
    CreateAccountResult,
    UpdateAccountResult,
    create_account,
    update_account,
)
from schema.mutations.master_data.competitors import CreateCompetitorResult, create_competitor
from schema.mutations.master_data.status_reasons import (
    CreateStatusReasonResult,
    RetireStatusReasonResult,
    create_status_reason,
    retire_status_reason,
)
from schema.mutations.opportunities.close import CloseOpportunityResult, close_opportunity
from schema.mutations.opportunities.close_many import CloseOpportunitiesResult, close_opportunities
from schema.mutations.opportunities.create_update import (
    CreateOpportunityResult,
    UpdateOpportunityResult,
    create_opportunity,
    update_opportunity,
)
from schema.mutations.opportunities.reopen import ReopenOpportunityResult, reopen_opportunity
from schema.mutations.quotes.activate import ActivateQuoteResult, activate_quote
from schema.mutations.quotes.close import CloseQuotesResult, close_quotes
from schema.mutations.quotes.create import (
    CreateQuoteResult,
    DeleteDraftQuoteResult,
    create_quote,
    delete_draft_quote,
)
from schema.mutations.quotes.revise import ReviseQuoteResult, revise_quote
from schema.mutations.quotes.update import UpdateQuoteResult, update_quote
from schema.mutations.quotes.win import WinQuoteResult, win_quote
from schema.mutations.run import mutation_field


@strawberry.type(
    description="What can be changed. Each mutation takes one input and returns a union: success or an error."
)
class Mutation:
    """One field per mutation."""

    create_opportunity: CreateOpportunityResult = mutation_field(
        create_opportunity, "Creates an open opportunity of an account."
    )
    update_opportunity: UpdateOpportunityResult = mutation_field(
        update_opportunity,
        "Changes an open opportunity: puts it on hold, changes its owner or its estimates. A closed one is"
        " read-only: reopen it, change it, close it again.",
    )
    close_opportunity: CloseOpportunityResult = mutation_field(
        close_opportunity,
        "Closes an open opportunity as won or lost. Active quotes block it: the error names each of them."
        " Drafts don't block and stay drafts.",
    )
    close_opportunities: CloseOpportunitiesResult = mutation_field(
        close_opportunities,
        "Closes up to 100 open opportunities with the same outcome, by default all or nothing; the result"
        " has the reason for each that can't be closed.",
    )
    reopen_opportunity: ReopenOpportunityResult = mutation_field(
        reopen_opportunity,
        "Opens a won or lost opportunity again: its outcome is cleared, the closing stays in its history as"
        " canceled, its quotes stay as they are.",
    )
    create_quote: CreateQuoteResult = mutation_field(
        create_quote, "Creates a draft on an open opportunity, empty or with the lines of another quote."
    )
    update_quote: UpdateQuoteResult = mutation_field(
        update_quote,
        "Edits a draft of an open opportunity, including its lines. Only drafts are editable.",
    )
    delete_draft_quote: DeleteDraftQuoteResult = mutation_field(
        delete_draft_quote,
        "Deletes a draft of an open opportunity for good. An active quote can only be closed.",
    )
    activate_quote: ActivateQuoteResult = mutation_field(
        activate_quote,
        "Activates a draft of an open opportunity. From then on it blocks closing the opportunity.",
    )
    revise_quote: ReviseQuoteResult = mutation_field(
        revise_quote,
        "Closes an active quote as revised, or takes a closed one, and creates a draft of its next revision."
        " No other mutation revises a quote.",
    )
    win_quote: WinQuoteResult = mutation_field(
        win_quote,
        "Wins an active quote: closes the opportunity's other active and draft quotes as lost and creates a"
        " draft contract from it, all at once.",
    )
    close_quotes: CloseQuotesResult = mutation_field(
        close_quotes,
        "Closes all active and draft quotes of an opportunity, or those with the given ids, at once.",
    )
    create_account: CreateAccountResult = mutation_field(create_account, "Creates an account, a customer.")
    update_account: UpdateAccountResult = mutation_field(update_account, "Changes an account.")
    create_competitor: CreateCompetitorResult = mutation_field(
        create_competitor, "Creates a competitor that opportunities can be lost to."
    )
    create_status_reason: CreateStatusReasonResult = mutation_field(
        create_status_reason, "Adds a status reason of the organization for won or lost opportunities."
    )
    retire_status_reason: RetireStatusReasonResult = mutation_field(
        retire_status_reason,
        "Retires a status reason for good: new closings can't use it, old ones keep it.",
    )
