"""Plans under graphql-core: root fields run theirs, every field below reads what it brought."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from schema.planner.errors import BadInput
from schema.planner.plan.planner import TYPENAME_KEY

BAD_USER_INPUT = {"code": "BAD_USER_INPUT"}

Resolver = Callable[..., Awaitable[Any]]
Info = GraphQLResolveInfo[Any]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation answers: the member of its union, and that object's JSON text.

    ``code`` is that of the refusal that it tells of.
    """

    type_name: str
    text: bytes | None
    code: str | None = None


def install_fallback_resolvers(schema: GraphQLSchema) -> None:
    """Make every field of the schema answer from plans; mutations run their own resolvers first."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _named_by_plan
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            type_.is_type_of = None
            _resolve_fields(type_, schema)


def _resolve_fields(type_: GraphQLObjectType, schema: GraphQLSchema) -> None:
    for field in type_.fields.values():
        if type_ is schema.query_type:
            field.resolve = _told_of_bad_input(_query)
        elif type_ is schema.mutation_type:
            field.resolve = _told_of_bad_input(_loading(field.resolve))
        else:
            field.resolve = _reading(field)


def _told_of_bad_input(resolve: Resolver) -> Resolver:
    async def resolved(root: Any, info: Info, **arguments: Any) -> Any:
        try:
            return await resolve(root, info, **arguments)
        except BadInput as error:
            raise GraphQLError(str(error), info.field_nodes, extensions=BAD_USER_INPUT) from error

    return resolved


async def _query(_root: Any, info: Info, **_arguments: Any) -> Any:
    return orjson.loads(await info.context.reader.field(info) or b"null")


def _loading(resolve: Any) -> Resolver:
    async def resolved(root: Any, info: Info, **arguments: Any) -> Any:
        payload: Payload = await resolve(root, info, **arguments)
        return {**orjson.loads(payload.text or b"{}"), TYPENAME_KEY: payload.type_name}

    return resolved


def _reading(field: GraphQLField) -> Any:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLEnumType):
        values = {name: value.value for name, value in named.values.items()}
        return lambda row, info, **_: values.get(row[info.path.key])
    return lambda row, info, **_: row[info.path.key]


def _named_by_plan(value: Any, _info: Info, _type: GraphQLAbstractType) -> str:
    name: str = value[TYPENAME_KEY]
    return name
