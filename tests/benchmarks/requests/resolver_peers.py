"""Request templates of the peers with resolvers, which share the schema ``node/schema.graphql``."""

from typing import Any

from tests.benchmarks.requests.templates import Parameters, RequestTemplates, graphql

_OPPORTUNITY = """
    id name state estimatedRevenue currencyCode estimatedCloseDate
    account { id name }
    owner { id name }
"""
_QUOTE = "id number revision state total currencyCode effectiveTo"
_LINES = "lines { id name quantity total currencyCode }"


def _pipeline(selection: str) -> str:
    return f"""
        query Pipeline($ownerId: ID!) {{
            openOpportunities(ownerId: $ownerId, first: 50) {{ {selection} }}
        }}
    """


def _only(*names: str) -> Any:
    def variables(parameters: Parameters) -> Parameters:
        return {name: parameters.get(name) for name in names}

    return variables


TEMPLATES: RequestTemplates = {
    "W1": (
        graphql(
            f"""
            query Opportunity($opportunityId: ID!) {{
                opportunity(id: $opportunityId) {{ {_OPPORTUNITY} quotes {{ {_QUOTE} }} }}
            }}
            """,
            _only("opportunityId"),
        ),
    ),
    "W2": (graphql(_pipeline(f"{_OPPORTUNITY} quotes {{ {_QUOTE} }}"), _only("ownerId")),),
    "W3": (graphql(_pipeline(f"{_OPPORTUNITY} quotes {{ {_QUOTE} {_LINES} }}"), _only("ownerId")),),
    "W4": (
        graphql(
            """
            mutation CloseOpportunity($opportunityId: ID!) {
                closeOpportunity(opportunityId: $opportunityId) {
                    ... on ActiveQuotes {
                        code
                        blockingQuotes {
                            id number revision name state total currencyCode
                            effectiveFrom effectiveTo isExpired
                        }
                    }
                }
            }
            """,
            _only("opportunityId"),
        ),
    ),
    "W5": (
        graphql(
            """
            mutation CloseQuotes($opportunityId: ID!) {
                closeQuotes(opportunityId: $opportunityId) { quotes { id number revision state } }
            }
            """,
            _only("opportunityId"),
        ),
        graphql(
            """
            mutation CloseOpportunity($opportunityId: ID!) {
                closeOpportunity(opportunityId: $opportunityId) {
                    ... on ClosedOpportunity {
                        opportunity { id state closedOn actualRevenue currencyCode }
                    }
                }
            }
            """,
            _only("opportunityId"),
        ),
    ),
    "W6": (
        graphql(
            """
            query Page($first: Int!, $after: String) {
                opportunities(first: $first, after: $after) {
                    nodes { id name state estimatedRevenue currencyCode createdAt }
                    pageInfo { hasNextPage endCursor }
                }
            }
            """,
            _only("first", "after"),
        ),
    ),
    "W7": (
        graphql(
            """
            query StateTotals {
                stateTotals {
                    state count
                    revenue { amount currencyCode }
                    estimatedRevenue { amount currencyCode }
                }
            }
            """,
            _only(),
        ),
    ),
}
