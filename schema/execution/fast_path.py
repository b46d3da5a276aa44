"""Past graphql-core: operations whose root fields are all ours are answered with the database's own text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLOutputType, OperationType
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.types.info import Info

from schema.build import DealdeskSchema
from schema.planner.errors import BadInput
from schema.request.context import Context
from schema.request.fallback_resolvers import BAD_USER_INPUT, Payload
from schema.request.operation import Operation


@dataclass(frozen=True, slots=True)
class Field:
    """A root field as its resolver sees it, in place of graphql-core's GraphQLResolveInfo."""

    field_name: str
    field_nodes: list[FieldNode]
    parent_type: GraphQLObjectType
    return_type: GraphQLOutputType
    path: Path
    context: Context


async def passed(schema: DealdeskSchema, reader: Operation) -> bytes | None:
    """Return the whole answer to a query or to mutations, or None where graphql-core has to run it.

    Raises:
        GraphQLError: a mutation's field failed; nothing of that field was done.
        Unavailable: the database did not answer a query.
    """
    if reader.operation.operation is OperationType.MUTATION:
        return await _mutations(schema, schema.graphql.mutation_type, reader)
    try:
        return await reader.query()
    except (BadInput, GraphQLError):
        return None  # graphql-core says which field, and answers the others


async def _mutations(schema: DealdeskSchema, root: Any, reader: Operation) -> bytes:
    fields = reader.collector.collect(root, [reader.operation.selection_set])
    members = [
        b'"%s":%s' % (key.encode(), await _mutation(schema, root, reader, key, nodes))
        for key, nodes in fields.items()
    ]
    return b'{"data":{%s}}' % b",".join(members)


async def _mutation(
    schema: DealdeskSchema, root: Any, reader: Operation, key: str, nodes: list[FieldNode]
) -> bytes:
    name = nodes[0].name.value
    if name == "__typename":
        return b'"Mutation"'
    definition = root.fields[name]
    field = Field(name, nodes, root, definition.type, Path(None, key, root.name), Context(reader))
    try:
        sent = get_argument_values(definition, nodes[0], reader.collector.variables)
        payload = await _resolved(schema, field, sent)
    except GraphQLError as error:
        raise GraphQLError(error.message, nodes, path=[key], extensions=BAD_USER_INPUT) from error
    except BadInput as error:
        raise GraphQLError(str(error), nodes, path=[key], extensions=BAD_USER_INPUT) from error
    except Exception as error:
        raise GraphQLError(str(error), nodes, path=[key], original_error=error) from error
    if payload.text is None:
        raise GraphQLError(f"The answer of {name} is incomplete.", nodes, path=[key])
    return payload.text


async def _resolved(schema: DealdeskSchema, field: Field, sent: Mapping[str, Any]) -> Payload:
    mutator = schema.mutators[field.field_name]
    info: Any = Info(_raw_info=field, _field=None)  # type: ignore[arg-type]
    payload: Payload = await mutator.resolve(info=info, **mutator.keywords(sent))
    return payload
