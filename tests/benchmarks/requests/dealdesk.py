"""Request templates of this project."""

from typing import Any

from tests.benchmarks.requests.templates import Parameters, RequestTemplates, graphql

_MONEY = "{ amount currencyCode }"
_OPPORTUNITY = f"""
    id name state estimatedRevenue {_MONEY} estimatedCloseDate
    account {{ id name }}
    owner {{ id name }}
"""
_QUOTE = f"id number revision state total {_MONEY} effectiveTo"
_LINES = f"lines(first: 20) {{ nodes {{ id name quantity total {_MONEY} }} }}"


def _quotes(selection: str) -> str:
    return f"quotes(first: 20) {{ nodes {{ {selection} }} }}"


def _pipeline(selection: str) -> str:
    return f"""
        query Pipeline($ownerId: ID!) {{
            opportunities(
                first: 50
                filter: {{ ownerId: {{ eq: $ownerId }}, state: {{ in: [OPEN] }} }}
                orderBy: [{{ field: ESTIMATED_CLOSE_DATE, direction: ASC }}]
            ) {{ nodes {{ {selection} }} }}
        }}
    """


def _opportunity(parameters: Parameters) -> Any:
    return {"id": f"opp_{parameters['opportunityId']}"}


def _owner(parameters: Parameters) -> Any:
    return {"ownerId": f"usr_{parameters['ownerId']}"}


def _page(parameters: Parameters) -> Any:
    return {"first": parameters["first"], "after": parameters.get("after")}


def _closing_of_quotes(parameters: Parameters) -> Any:
    return {"input": {"quotes": {"ofOpportunity": f"opp_{parameters['opportunityId']}"}, "reason": "LOST"}}


def _closing(parameters: Parameters) -> Any:
    return {"input": {"opportunityId": f"opp_{parameters['opportunityId']}", "outcome": {"won": {}}}}


TEMPLATES: RequestTemplates = {
    "W1": (
        graphql(
            f"""
            query Opportunity($id: ID!) {{
                opportunity(id: $id) {{ {_OPPORTUNITY} {_quotes(_QUOTE)} }}
            }}
            """,
            _opportunity,
        ),
    ),
    "W2": (graphql(_pipeline(_OPPORTUNITY + _quotes(_QUOTE)), _owner),),
    "W3": (graphql(_pipeline(_OPPORTUNITY + _quotes(f"{_QUOTE} {_LINES}")), _owner),),
    "W4": (
        graphql(
            f"""
            mutation CloseOpportunity($input: CloseOpportunityInput!) {{
                closeOpportunity(input: $input) {{
                    ... on ActiveQuotesError {{
                        code
                        blockingQuotes(first: 20) {{
                            nodes {{
                                id number revision name state total {_MONEY}
                                effectiveFrom effectiveTo isExpired
                            }}
                        }}
                    }}
                }}
            }}
            """,
            _closing,
        ),
    ),
    "W5": (
        graphql(
            """
            mutation CloseQuotes($input: CloseQuotesInput!) {
                closeQuotes(input: $input) {
                    ... on CloseQuotesSuccess {
                        quotes: closedQuotes(first: 20) { nodes { id number revision state } }
                    }
                }
            }
            """,
            _closing_of_quotes,
        ),
        graphql(
            f"""
            mutation CloseOpportunity($input: CloseOpportunityInput!) {{
                closeOpportunity(input: $input) {{
                    ... on CloseOpportunitySuccess {{
                        opportunity {{ id state closedOn actualRevenue {_MONEY} }}
                    }}
                }}
            }}
            """,
            _closing,
        ),
    ),
    "W6": (
        graphql(
            f"""
            query Page($first: Int!, $after: String) {{
                opportunities(
                    first: $first after: $after orderBy: [{{ field: CREATED_AT, direction: ASC }}]
                ) {{
                    nodes {{ id name state estimatedRevenue {_MONEY} createdAt }}
                    pageInfo {{ hasNextPage endCursor }}
                }}
            }}
            """,
            _page,
        ),
    ),
    "W7": (
        graphql(
            f"""
            query StateTotals {{
                dealAnalytics(groupBy: STATE) {{ state count revenue {_MONEY} estimatedRevenue {_MONEY} }}
            }}
            """,
            lambda _parameters: {},
        ),
    ),
    # A page of 50,000 rows exceeds the limit; the last row of the first half has the same cursor.
    "cursor": (
        graphql(
            """
            query Cursor($halfway: DateTime!) {
                opportunities(
                    last: 1
                    filter: { createdAt: { lte: $halfway } }
                    orderBy: [{ field: CREATED_AT, direction: ASC }]
                ) { pageInfo { endCursor } }
            }
            """,
            lambda parameters: {"halfway": parameters["halfway"]},
        ),
    ),
}
