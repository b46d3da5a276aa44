"""Mutations that name one thing by an id: every place in every input where an id can be sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from tests.schema.support.client import cached_schema
from tests.schema.support.coverings import FullSelection, full_selections

NAMED = {
    "accountId": "Account",
    "parentAccountId": "Account",
    "ownerId": "User",
    "contractingUnitId": "ContractingUnit",
    "competitorId": "Competitor",
    "statusReasonId": "StatusReason",
    "opportunityId": "Opportunity",
    "opportunityIds": "Opportunity",
    "ofOpportunity": "Opportunity",
    "quoteId": "Quote",
    "copyLinesFrom": "Quote",
    "ids": "Quote",
    "remove": "QuoteLine",
    "id": "QuoteLine",
}
"""What each field of an input that takes ids names."""

_SCALARS = {"String": "Crane", "Int": 1, "Boolean": True, "Decimal": "1.00", "Date": "2026-11-20"}

Way = tuple[str, ...]
"""Names of input fields, each within the one before."""


@dataclass(frozen=True, slots=True)
class IdArgument:
    """A mutation and the place in its input where the id is sent."""

    mutation: str
    way: Way

    def __str__(self) -> str:
        return ".".join((self.mutation, *self.way))

    @property
    def type_name(self) -> str:
        """The type of what is named."""
        return NAMED[self.way[-1]]

    def document(self, payload: FullSelection) -> str:
        """Return the mutation with what is asked of its payload."""
        return (
            f"mutation($input: {_input_type(self.mutation)}!) {{ {self.mutation}(input: $input) {payload} }}"
        )

    def input(self, id_: str, own: dict[str, str]) -> Any:
        """Return the least that can be sent with the id; all other ids are ``own`` ones, by type."""
        return _least("input", _input_type(self.mutation), own, self.way, id_)


def id_arguments() -> list[IdArgument]:
    """Return all of them."""
    mutation: Any = cached_schema().graphql.mutation_type
    return [IdArgument(name, way) for name in mutation.fields for way in _ways(_input_type(name))]


def least_input(mutation: str, own: dict[str, str]) -> Any:
    """Return the least that can be sent to a mutation; ids are ``own`` ones, by type."""
    return _least("input", _input_type(mutation), own, None, "")


def payloads() -> dict[str, FullSelection]:
    """Return for each mutation all that any answer to it holds."""
    mutation: Any = cached_schema().graphql.mutation_type
    tables = cached_schema().catalog.tables
    types = [
        *map(cached_schema().graphql.get_type, tables),
        *(field.type for field in mutation.fields.values()),
    ]
    covering = full_selections(cached_schema().graphql, types)[len(tables) :]
    return dict(zip(mutation.fields, covering, strict=True))


def _input_type(mutation: str) -> Any:
    root: Any = cached_schema().graphql.mutation_type
    return get_named_type(root.fields[mutation].args["input"].type)


def _ways(type_: GraphQLInputObjectType) -> Iterator[Way]:
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if named.name == "ID":
            yield (name,)
        elif isinstance(named, GraphQLInputObjectType):
            yield from ((name, *way) for way in _ways(named))


def _least(field: str, type_: Any, own: dict[str, str], way: Way | None, id_: str) -> Any:
    """Return the least value of a field's type. ``way`` leads on to the id, and is None off the way."""
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return [_least(field, type_.of_type, own, way, id_)]
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: _least(name, type_.fields[name].type, own, way[1:] if way and way[0] == name else None, id_)
            for name in _sent(type_, way)
        }
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if type_.name == "ID":
        return own[NAMED[field]] if way is None else id_
    return _SCALARS[type_.name]


def _sent(type_: GraphQLInputObjectType, way: Way | None) -> list[str]:
    on_way = [way[0]] if way else []
    if type_.is_one_of:
        return on_way or [next(iter(type_.fields))]
    return [name for name, field in type_.fields.items() if name in on_way or is_required_input_field(field)]
