"""Authorization: the minimum role for each root field. Every operation passes through a root field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLObjectType, GraphQLSchema

from db.domain.caller import Role

FORBIDDEN = "FORBIDDEN"
"""The code of an operation or mutation that the caller's role may not run."""


class IncompletePoliciesError(TypeError):
    """A root field has no policy, or a policy names a root field that does not exist."""


@dataclass(frozen=True)
class Policies:
    """The minimum role for each root field, by root type and field. A field without one is forbidden."""

    minimum_roles: Mapping[str, Mapping[str, Role]]

    def roles(self, root: str, field: str) -> tuple[Role, ...]:
        """Return the roles that may use a root field, from the lowest."""
        minimum = self.minimum_roles.get(root, {}).get(field)
        return () if minimum is None else minimum.and_higher

    def allows(self, role: Role, root: str, field: str) -> bool:
        """Tell whether a role may use a root field. Every role may use introspection."""
        return field.startswith("__") or role in self.roles(root, field)

    def forbidden_message(self, role: Role, root: str, field: str) -> str:
        """Return the message for a caller whose role may not use a root field."""
        return (
            f"{field} is for the roles {', '.join(self.roles(root, field))}; yours is {role}."
            " Ask somebody who has one of them, or for another role."
        )

    def check(self, schema: GraphQLSchema) -> None:
        """Check that every root field has a policy and every policy a root field.

        Raises:
            IncompletePoliciesError: one is missing; the message names the first.
        """
        existing = {(root.name, name) for root in _root_types(schema) for name in root.fields}
        covered = {(root, name) for root, fields in self.minimum_roles.items() for name in fields}
        for root, name in sorted(existing - covered):
            raise IncompletePoliciesError(f"{root}.{name} has no policy: add its minimum role to POLICIES.")
        for root, name in sorted(covered - existing):
            raise IncompletePoliciesError(f"POLICIES has {root}.{name}, which is not a field: remove it.")

    def describe(self, schema: GraphQLSchema) -> None:
        """Append the roles to the description of each root field that some role may not use."""
        for root in _root_types(schema):
            for name, field in root.fields.items():
                roles = self.roles(root.name, name)
                if roles != tuple(Role):
                    field.description = f"{field.description} Roles: {', '.join(roles)}."


def _root_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
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
"""Readers read, including analytics. Sales works on accounts, opportunities and their quotes. Managers undo
closings, close many opportunities at once and maintain the competitors. Administrators maintain the status
reasons, because all closings are counted by them.
"""
