"""graphql-core resolvers for queries that no single plan answers, such as those with introspection.

A root field runs the plan of its own selection; every field below it reads the result. Mutations and
subscriptions have no resolvers: ``schema.mutations.run`` and ``schema.subscriptions`` execute them.
"""

from collections.abc import Callable
from typing import Any

import orjson
from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from schema.planner.errors import InvalidArguments
from schema.planner.plan.planner import TYPENAME_KEY
from schema.request.operation import Operation, RootField

Info = GraphQLResolveInfo[Operation]


def install_fallback_resolvers(schema: GraphQLSchema) -> None:
    """Make the fields of every object type but the mutation type resolve from plans."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _resolve_type
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            type_.is_type_of = None
            for field in type_.fields.values():
                field.resolve = _resolve_root_field if type_ is schema.query_type else _field_resolver(field)


async def _resolve_root_field(_root: object, info: Info, **_arguments: object) -> Any:
    field = RootField(str(info.path.key), info.field_name, info.parent_type, info.field_nodes)
    try:
        return orjson.loads(await info.context.field(field) or b"null")
    except InvalidArguments as error:
        first, *others = error.errors
        info.context.errors += others
        raise first from error


def _field_resolver(field: GraphQLField) -> Callable[..., Any]:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLEnumType):
        values = {name: value.value for name, value in named.values.items()}
        return lambda row, info, **_: values.get(row[info.path.key])
    return lambda row, info, **_: row[info.path.key]


def _resolve_type(value: dict[str, Any], _info: Info, _type: GraphQLAbstractType) -> str:
    name: str = value[TYPENAME_KEY]
    return name
