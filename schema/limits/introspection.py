"""What introspection takes: how much of this schema it would list, and the most that is listed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    is_wrapping_type,
)

ROOTS = frozenset({"__schema", "__type"})

LARGEST_QUERY = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)
"""The standard introspection query with everything that it can ask for. No other may ask for more."""


TO_A_TYPE = frozenset({"__type", "type", "ofType", "interfaces", "possibleTypes"})
"""The fields that lead to a type that somebody chose."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many objects introspection finds at the fields of these names.

    Of all types together there are so many ``on_average``; of one that somebody chose, the most of any.
    """

    on_average: Mapping[str, float]
    at_most: Mapping[str, float]

    @classmethod
    def of(cls, schema: GraphQLSchema) -> "Sizes":
        """Return the sizes of a schema."""
        types = list(schema.type_map.values())
        fields = _lists(types, GraphQLObjectType | GraphQLInterfaceType, lambda type_: type_.fields.values())
        inputs = _lists(types, GraphQLInputObjectType, lambda type_: type_.fields.values())
        lists = {
            "fields": fields,
            "inputFields": inputs,
            "enumValues": _lists(types, GraphQLEnumType, lambda type_: type_.values),
            "possibleTypes": _lists(types, GraphQLAbstractType, schema.get_possible_types),
        }
        arguments = [list(field.args.values()) for each in fields for field in each]
        wrappers = [_wrappers(each.type) for some in (*fields, *inputs, *arguments) for each in some]
        return cls(
            {
                "types": len(types),
                **{name: sum(map(len, some)) / len(types) for name, some in lists.items()},
                "args": sum(map(len, arguments)) / len(arguments),
                "ofType": sum(wrappers) / (sum(wrappers) + len(wrappers)),
            },
            {name: max(map(len, some)) for name, some in {**lists, "args": arguments}.items()},
        )


def _lists(types: Iterable[Any], kind: Any, list_of: Callable[[Any], Iterable[Any]]) -> list[list[Any]]:
    return [list(list_of(each)) for each in types if isinstance(each, kind)]


def _wrappers(type_: Any) -> int:
    return 1 + _wrappers(type_.of_type) if is_wrapping_type(type_) else 0
