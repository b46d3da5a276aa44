"""Plans under graphql-core: root fields run theirs, every field below reads what it brought."""

from typing import Any

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

from schema.reading.errors import BadInput

BAD_USER_INPUT = {"code": "BAD_USER_INPUT"}


def answer_from_plans(schema: GraphQLSchema) -> None:
    """Make every field of the schema answer from plans; mutations keep their own resolvers."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _named_by_plan
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            type_.is_type_of = None
            _resolve_fields(type_, schema)


def _resolve_fields(type_: GraphQLObjectType, schema: GraphQLSchema) -> None:
    if type_ in {schema.mutation_type, schema.subscription_type}:
        return
    for field in type_.fields.values():
        field.resolve = _run if type_ is schema.query_type else _reading(field)


async def _run(_root: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    try:
        return await info.context.reader.field(info)
    except BadInput as error:
        raise GraphQLError(str(error), info.field_nodes, extensions=BAD_USER_INPUT) from error


def _reading(field: GraphQLField) -> Any:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLEnumType):
        values = {name: value.value for name, value in named.values.items()}
        return lambda row, info, **_: values.get(row[info.path.key])
    return lambda row, info, **_: row[info.path.key]


def _named_by_plan(value: Any, _info: GraphQLResolveInfo, _type: GraphQLAbstractType) -> str:
    name: str = value["__typename"]
    return name
