"""The GraphQL schema, put together: types, scalars, and plans behind every field."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition

from schema.leaf_types.scalars import SCALARS
from schema.mutation import Mutation
from schema.mutations.arguments import Mutator
from schema.planner.plan.catalog import Catalog
from schema.query import Query
from schema.request.fallback_resolvers import install_fallback_resolvers
from schema.request.policies import POLICIES, Policies
from schema.subscription import Subscription
from schema.types.history import (
    OpportunityHistoryEntry,
    ProjectContractHistoryEntry,
    QuoteHistoryEntry,
)
from schema.types.quote import ProjectContract, ProjectContractLine, QuoteClose, QuoteLine


@dataclass(frozen=True)
class DealdeskSchema:
    """The schema as graphql-core runs it, the sources of its fields, and who may use the root fields."""

    graphql: GraphQLSchema
    catalog: Catalog
    policies: Policies
    strawberry: strawberry.Schema

    @cached_property
    def mutators(self) -> dict[str, Mutator]:
        """How each mutation is called, by its GraphQL name."""
        names = self.strawberry.config.name_converter
        definition = get_object_definition(Mutation, strict=True)
        return {names.get_graphql_name(field): Mutator.of(field, names) for field in definition.fields}

    def sdl(self) -> str:
        """Return the contract: the schema definition, sorted."""
        return print_schema(lexicographic_sort_schema(self.graphql)) + "\n"


def build_schema(policies: Policies = POLICIES) -> DealdeskSchema:
    """Build the schema.

    Raises:
        UnplannedFieldError: a field has no source.
        IncompletePoliciesError: a root field has no policy, or a policy no root field.
    """
    declared = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[
            *(QuoteLine, QuoteClose, ProjectContract, ProjectContractLine),
            *(OpportunityHistoryEntry, QuoteHistoryEntry, ProjectContractHistoryEntry),
        ],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    graphql = declared._schema  # noqa: SLF001 - what Strawberry builds for graphql-core
    policies.check(graphql)
    policies.describe(graphql)
    _mark_one_of(graphql)
    _describe_inputs(graphql)
    _drop_null_defaults(graphql)
    install_fallback_resolvers(graphql)
    return DealdeskSchema(graphql, Catalog.from_schema(declared), policies, declared)


def _mark_one_of(schema: GraphQLSchema) -> None:
    """Tell graphql-core which inputs take exactly one field; Strawberry checks it, but only when running."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            type_.is_one_of = type_.extensions["strawberry-definition"].is_one_of


def _describe_inputs(schema: GraphQLSchema) -> None:
    """Describe every mutation's one argument by its type."""
    mutations: Any = schema.mutation_type
    for field in mutations.fields.values():
        sent = field.args["input"]
        sent.description = get_named_type(sent.type).description


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Let what may be left out be just that: a default of null says nothing, and hides what was sent."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            _drop(type_.fields.values())
        elif isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                _drop(field.args.values())


def _drop(inputs: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    for each in inputs:
        if each.default_value is None or (each.default is not None and each.default.value is None):
            each.default_value, each.default = Undefined, None
