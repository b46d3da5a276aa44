"""Request templates of PostGraphile: aliases give its generated fields the names of the others."""

from typing import Any

from tests.benchmarks.requests.templates import Parameters, RequestTemplates, graphql

_OPPORTUNITY = """
    id: rowId name state estimatedRevenue currencyCode estimatedCloseDate
    account: accountByOrganizationIdAndAccountId { id: rowId name }
    owner: appUserByOrganizationIdAndOwnerId { id: rowId name }
"""
_QUOTE = "id: rowId number revision state total currencyCode effectiveTo"
_LINES = """
    lines(first: 20, orderBy: [POSITION_ASC]) {
        nodes { id: rowId name quantity total currencyCode }
    }
"""


def _quotes(selection: str) -> str:
    return f"""
        quotes: quotesByOrganizationIdAndOpportunityId(first: 20, orderBy: [NUMBER_ASC, REVISION_ASC]) {{
            nodes {{ {selection} }}
        }}
    """


def _pipeline(selection: str) -> str:
    return f"""
        query Pipeline($organizationId: UUID!, $ownerId: UUID!) {{
            allOpportunities(
                first: 50
                condition: {{ organizationId: $organizationId, ownerId: $ownerId, state: "OPEN" }}
                orderBy: [ESTIMATED_CLOSE_DATE_ASC, ROW_ID_ASC]
            ) {{ nodes {{ {selection} }} }}
        }}
    """


def _of_organization(*names: str) -> Any:
    def variables(parameters: Parameters) -> Parameters:
        return {name: parameters.get(name) for name in ("organizationId", *names)}

    return variables


def _closing(parameters: Parameters) -> Parameters:
    return {
        "input": {
            "organizationId": parameters["organizationId"],
            "opportunityId": parameters["opportunityId"],
            "closedById": parameters["userId"],
        }
    }


TEMPLATES: RequestTemplates = {
    "W1": (
        graphql(
            f"""
            query Opportunity($organizationId: UUID!, $opportunityId: UUID!) {{
                opportunityByOrganizationIdAndRowId(organizationId: $organizationId, rowId: $opportunityId) {{
                    {_OPPORTUNITY} {_quotes(_QUOTE)}
                }}
            }}
            """,
            _of_organization("opportunityId"),
        ),
    ),
    "W2": (graphql(_pipeline(_OPPORTUNITY + _quotes(_QUOTE)), _of_organization("ownerId")),),
    "W3": (graphql(_pipeline(_OPPORTUNITY + _quotes(_QUOTE + _LINES)), _of_organization("ownerId")),),
    "W4": (
        graphql(
            """
            mutation CloseOpportunity($input: CloseOpportunityInput!) {
                closeOpportunity(input: $input) {
                    result {
                        code
                        blockingQuotes {
                            id: rowId number revision name state total currencyCode
                            effectiveFrom effectiveTo isExpired
                        }
                    }
                }
            }
            """,
            _closing,
        ),
    ),
    "W5": (
        graphql(
            """
            mutation CloseQuotes($input: CloseQuotesInput!) {
                closeQuotes(input: $input) { quotes: result { id: rowId number revision state } }
            }
            """,
            _closing,
        ),
        graphql(
            """
            mutation CloseOpportunity($input: CloseOpportunityInput!) {
                closeOpportunity(input: $input) {
                    result { opportunity { id: rowId state closedOn actualRevenue currencyCode } }
                }
            }
            """,
            _closing,
        ),
    ),
    "W6": (
        graphql(
            """
            query Page($organizationId: UUID!, $first: Int!, $after: Cursor) {
                allOpportunities(
                    first: $first
                    after: $after
                    condition: { organizationId: $organizationId }
                    orderBy: [CREATED_AT_ASC, ROW_ID_ASC]
                ) {
                    nodes { id: rowId name state estimatedRevenue currencyCode createdAt }
                    pageInfo { hasNextPage endCursor }
                }
            }
            """,
            _of_organization("first", "after"),
        ),
    ),
    "W7": (
        graphql(
            """
            query StateTotals($organizationId: UUID!) {
                stateTotals(organizationId: $organizationId) {
                    nodes {
                        state count
                        revenue { amount currencyCode }
                        estimatedRevenue { amount currencyCode }
                    }
                }
            }
            """,
            _of_organization(),
        ),
    ),
}
