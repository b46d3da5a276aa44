"""Every field of every mutation's input that takes an id."""

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
from tests.schema.support.full_selections import FullSelection, full_selections

ID_TYPES = {
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
"""The type of the object whose id each field of an input takes."""

_SCALARS = {"String": "Crane", "Int": 1, "Boolean": True, "Decimal": "1.00", "Date": "2026-11-20"}

Path = tuple[str, ...]
"""The names of input fields, each within the one before."""


@dataclass(frozen=True, slots=True)
class IdArgument:
    """A mutation and the path in its input where the id is sent."""

    mutation: str
    path: Path

    def __str__(self) -> str:
        return ".".join((self.mutation, *self.path))

    @property
    def type_name(self) -> str:
        """The type of the object whose id is sent."""
        return ID_TYPES[self.path[-1]]

    def document(self, payload: FullSelection) -> str:
        """Return the mutation with a selection of its payload."""
        return (
            f"mutation($input: {_input_type(self.mutation)}!) {{ {self.mutation}(input: $input) {payload} }}"
        )

    def input(self, id_: str, own: dict[str, str]) -> Any:
        """Return the smallest valid input with this id; other ids are ``own`` ones, by type."""
        return _smallest("input", _input_type(self.mutation), own, self.path, id_)


def id_arguments() -> list[IdArgument]:
    """Return all id arguments of all mutations."""
    mutation: Any = cached_schema().graphql.mutation_type
    return [IdArgument(name, path) for name in mutation.fields for path in _id_paths(_input_type(name))]


def smallest_input(mutation: str, own: dict[str, str]) -> Any:
    """Return the smallest valid input of a mutation; ids are ``own`` ones, by type."""
    return _smallest("input", _input_type(mutation), own, None, "")


def payloads() -> dict[str, FullSelection]:
    """Return for each mutation a full selection of its payload."""
    mutation: Any = cached_schema().graphql.mutation_type
    tables = cached_schema().catalog.tables
    types = [
        *map(cached_schema().graphql.get_type, tables),
        *(field.type for field in mutation.fields.values()),
    ]
    selections = full_selections(cached_schema().graphql, types)[len(tables) :]
    return dict(zip(mutation.fields, selections, strict=True))


def _input_type(mutation: str) -> Any:
    root: Any = cached_schema().graphql.mutation_type
    return get_named_type(root.fields[mutation].args["input"].type)


def _id_paths(type_: GraphQLInputObjectType) -> Iterator[Path]:
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if named.name == "ID":
            yield (name,)
        elif isinstance(named, GraphQLInputObjectType):
            yield from ((name, *path) for path in _id_paths(named))


def _smallest(field: str, type_: Any, own: dict[str, str], path: Path | None, id_: str) -> Any:
    """Return the smallest value of a field's type. ``path`` is what is left of it; None for other fields."""
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return [_smallest(field, type_.of_type, own, path, id_)]
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: _smallest(
                name, type_.fields[name].type, own, path[1:] if path and path[0] == name else None, id_
            )
            for name in _sent_fields(type_, path)
        }
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if type_.name == "ID":
        return own[ID_TYPES[field]] if path is None else id_
    return _SCALARS[type_.name]


def _sent_fields(type_: GraphQLInputObjectType, path: Path | None) -> list[str]:
    on_path = [path[0]] if path else []
    if type_.is_one_of:
        return on_path or [next(iter(type_.fields))]
    return [name for name, field in type_.fields.items() if name in on_path or is_required_input_field(field)]
