"""From coerced arguments to the input objects that Strawberry declares, with the way found once.

Strawberry finds it anew for every value of every request, which takes longer than a rule's statement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from strawberry.schema.name_converter import NameConverter
from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.field import StrawberryField

Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Mutator:
    """A mutation's resolver, and how its arguments are read."""

    resolve: Callable[..., Any]
    arguments: Mapping[str, tuple[str, Read]]

    @classmethod
    def of(cls, field: StrawberryField, names: NameConverter) -> "Mutator":
        """Return how a declared mutation is called."""
        resolver: Any = field.base_resolver
        return cls(
            resolver,
            {
                names.from_argument(argument): (argument.python_name, reader_of(argument.type, names))
                for argument in field.arguments
            },
        )

    def keywords(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return the resolver's keyword arguments."""
        return {name: read(sent[key]) for key, (name, read) in self.arguments.items() if key in sent}


def reader_of(type_: Any, names: NameConverter) -> Read:
    """Return what turns a coerced value of a Strawberry type into what a resolver takes."""
    if isinstance(type_, StrawberryOptional):
        return _or_none(reader_of(type_.of_type, names))
    if isinstance(type_, StrawberryList):
        read = reader_of(type_.of_type, names)
        return lambda values: [read(value) for value in values]
    if get_object_definition(type_) is not None:
        return _object(type_, names)
    return _as_it_is


def _or_none(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _object(type_: Any, names: NameConverter) -> Read:
    fields = {
        names.get_graphql_name(field): (field.python_name, reader_of(field.type, names))
        for field in get_object_definition(type_, strict=True).fields
    }

    def read(sent: Mapping[str, Any]) -> Any:
        return type_(**{fields[key][0]: fields[key][1](value) for key, value in sent.items()})

    return read


def _as_it_is(value: Any) -> Any:
    return value
