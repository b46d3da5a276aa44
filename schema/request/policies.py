"""Who may use which root field. Whatever is asked for is asked through one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLObjectType, GraphQLSchema

from db.domain.caller import Role

FORBIDDEN = "FORBIDDEN"
"""The code of every refusal to a role."""


class IncompletePoliciesError(TypeError):
    """A root field has no policy, or a policy no root field."""


@dataclass(frozen=True)
class Policies:
    """The least role for each root field, by root type and field; nobody may use a field that is not here."""

    minimum_roles: Mapping[str, Mapping[str, Role]]

    def roles(self, root: str, field: str) -> tuple[Role, ...]:
        """Return the roles that may use a root field, from the least."""
        least = self.minimum_roles.get(root, {}).get(field)
        return () if least is None else least.and_higher

    def allows(self, role: Role, root: str, field: str) -> bool:
        """Say whether a role may use a root field; anybody may look at the schema itself."""
        return field.startswith("__") or role in self.roles(root, field)

    def refusal(self, role: Role, root: str, field: str) -> str:
        """Return what somebody is told who may not use a root field."""
        return (
            f"{field} is for the roles {', '.join(self.roles(root, field))}; yours is {role}."
            " Ask somebody who has one of them, or for another role."
        )

    def check(self, schema: GraphQLSchema) -> None:
        """Check that they are complete.

        Raises:
            IncompletePoliciesError: they are not; the message names the first field.
        """
        there = {(root.name, name) for root in _roots(schema) for name in root.fields}
        named = {(root, name) for root, fields in self.minimum_roles.items() for name in fields}
        for root, name in sorted(there - named):
            raise IncompletePoliciesError(f"{root}.{name} has no policy: say in POLICIES whose it is.")
        for root, name in sorted(named - there):
            raise IncompletePoliciesError(f"POLICIES has {root}.{name}, which is no field: take it out.")

    def describe(self, schema: GraphQLSchema) -> None:
        """Say in the description of each root field that is not for everybody, whose it is."""
        for root in _roots(schema):
            for name, field in root.fields.items():
                roles = self.roles(root.name, name)
                if roles != tuple(Role):
                    field.description = f"{field.description} Roles: {', '.join(roles)}."


def _roots(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        if root is not None:
            yield root


POLICIES = Policies(
    {
        "Query": {
            "viewer": Role.READER,
            "node": Role.READER,
            "nodes": Role.READER,
            "opportunity": Role.READER,
            "opportunities": Role.READER,
            "quote": Role.READER,
            "quotes": Role.READER,
            "accounts": Role.READER,
            "competitors": Role.READER,
            "statusReasons": Role.READER,
            "users": Role.READER,
            "dealAnalytics": Role.READER,
            "latestEventId": Role.READER,
        },
        "Mutation": {
            "createOpportunity": Role.SALES,
            "updateOpportunity": Role.SALES,
            "closeOpportunity": Role.SALES,
            "createQuote": Role.SALES,
            "updateQuote": Role.SALES,
            "deleteDraftQuote": Role.SALES,
            "activateQuote": Role.SALES,
            "reviseQuote": Role.SALES,
            "winQuote": Role.SALES,
            "closeQuotes": Role.SALES,
            "createAccount": Role.SALES,
            "updateAccount": Role.SALES,
            "closeOpportunities": Role.MANAGER,
            "reopenOpportunity": Role.MANAGER,
            "createCompetitor": Role.MANAGER,
            "createStatusReason": Role.ADMIN,
            "retireStatusReason": Role.ADMIN,
        },
        "Subscription": {
            "opportunityChanged": Role.READER,
            "opportunitiesChanged": Role.READER,
        },
    }
)
"""A reader reads, analytics included. Sales people work on accounts, deals and their quotes. What undoes a
closing or closes many deals at once is their manager's, and so is the list of competitors. The reasons by
which everybody's closings are counted are the administrator's.
"""
