"""Builds the GraphQL schema: Strawberry's types with authorization, plans and mutations behind the fields."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    Undefined,
    get_named_type,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition

from schema.leaf_types.scalars import SCALARS
from schema.mutation import Mutation
from schema.mutations.run import Mutate
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

DESCRIPTION = """\
Welcome to Dealdesk: opportunities, their quotes and contracts, and the rules of closing them, for the
organization of the caller.

**Where to begin.** `viewer` shows who you are. `opportunities` lists the pipeline, `opportunity` one deal
with its `quotes` and its `history`; its `closing` previews what closing it would do and what blocks it.
`closeOpportunity` closes it as won or lost. `opportunitiesChanged` reports changes as they happen.

**Authentication.** Send the header `Authorization: Bearer <token>` with an API token or a token of your
identity provider; over WebSocket, as `Authorization` in the payload of `connection_init`. The description
of a root field names the role that it takes; without one, every role may use it.

**Errors.** What a rule refuses is data: every mutation returns a union of its success and of types with
`UserError`, whose `code` is for programs, `message` for people and `path` for the argument; nothing was
changed. The `errors` of a response are about requests that could not be run; `extensions.code` says why,
such as `BAD_USER_INPUT`.

**Paging.** Lists are connections: `first` rows, then `after` the `endCursor` of `pageInfo` while
`hasNextPage` is true; `last` and `before` page backward. `filter` and `orderBy` choose rows and their
order."""
"""The description of the schema, in Markdown: what a documentation explorer opens with."""


@dataclass(frozen=True)
class DealdeskSchema:
    """The schema: its types, the sources of their fields, its mutations by name, and who may use what."""

    graphql: GraphQLSchema
    catalog: Catalog
    mutations: Mapping[str, Mutate[Any]]
    policies: Policies

    def sdl(self) -> str:
        """Return the schema definition language of the contract, sorted."""
        return print_schema(lexicographic_sort_schema(self.graphql)) + "\n"


def build_schema(policies: Policies = POLICIES) -> DealdeskSchema:
    """Build the schema.

    Raises:
        MissingSourceError: a field has no source.
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
    graphql.description = DESCRIPTION
    policies.check(graphql)
    policies.describe(graphql)
    _mark_one_of(graphql)
    _drop_null_defaults(graphql)
    _construct_mutation_inputs(graphql)
    install_fallback_resolvers(graphql)
    return DealdeskSchema(graphql, Catalog.from_schema(declared), _mutations(declared), policies)


def _mark_one_of(schema: GraphQLSchema) -> None:
    """Let graphql-core validate @oneOf; Strawberry checks it only when it executes."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            type_.is_one_of = type_.extensions["strawberry-definition"].is_one_of


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Remove defaults of null: they say nothing, and hide whether a value was sent."""
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


def _construct_mutation_inputs(schema: GraphQLSchema) -> None:
    """Let graphql-core construct the declared classes when it coerces the inputs of mutations.

    Strawberry's ``convert_argument`` would take 140 us of CPU for a closeOpportunity, an eighth of a refused
    one; this takes 3 us.
    """
    mutations = schema.mutation_type.fields.values() if schema.mutation_type else ()
    for type_ in {each for field in mutations for each in _input_types(field.args["input"].type)}:
        constructor = _constructor(type_.extensions["strawberry-definition"].origin)
        type_.out_type = constructor  # type: ignore[method-assign, assignment]  # an option of its constructor
        for field in type_.fields.values():
            field.out_name = field.extensions["strawberry-definition"].python_name


def _input_types(type_: GraphQLType) -> Iterator[GraphQLInputObjectType]:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        yield named
        for field in named.fields.values():
            yield from _input_types(field.type)


def _constructor(class_: Callable[..., object]) -> Callable[[Mapping[str, Any]], object]:
    return lambda values: class_(**values)


def _mutations(schema: strawberry.Schema) -> dict[str, Mutate[Any]]:
    names = schema.config.name_converter
    fields = get_object_definition(Mutation, strict=True).fields
    return {names.get_graphql_name(field): field.metadata["mutate"] for field in fields}
