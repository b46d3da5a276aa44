"""The mutation runner: authorization, transaction, retries and the plan of the payload, for every mutation.

graphql-core does not execute mutations: with cached documents and the fallback resolvers it took 1.25 to 2
times as long for closeOpportunity (refused and closing, SQLite and PostgreSQL, in one run). Little has to be
done in its place: its functions collect the root fields and coerce the arguments, ``out_type`` of the input
types constructs the inputs (see ``schema.build``), and a plan reads the payload like any other selection.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, get_type_hints

import strawberry
from graphql import GraphQLError, GraphQLUnionType, get_named_type
from graphql.execution.values import get_argument_values
from strawberry.types import get_object_definition

from db.domain.caller import Caller
from db.domain.errors import Refusal, RuleViolation
from db.sql.database import Transaction
from schema.mutations.errors import error_payload
from schema.mutations.payload import Payload
from schema.planner.errors import BadInput, InvalidArguments, locate
from schema.planner.plan.declarations import FieldDeclaration, argument
from schema.request.operation import Operation, RefusedMutation, RootField
from schema.request.policies import FORBIDDEN

Input = TypeVar("Input")

Mutate = Callable[[Transaction, Caller, Input], Awaitable[Payload]]
"""A mutation: run a db operation with the command of its input and return the payload. Raise a refusal."""


def mutation_field(mutate: Mutate[Input], description: str) -> FieldDeclaration:
    """Declare a root field of the Mutation type; its one argument is the annotated input of ``mutate``."""
    input_type = get_type_hints(mutate)["input_"]
    field = strawberry.field(description=description, metadata={"mutate": mutate})
    input_description = get_object_definition(input_type, strict=True).description
    field.arguments = [argument("input", input_type, input_description or "")]
    return field


async def run_mutations(mutations: Mapping[str, Mutate[Any]], operation: Operation) -> bytes:
    """Run the root fields of a mutation one after another, each in its own transaction.

    Args:
        mutations: the mutations of the schema by their GraphQL names.
        operation: the operation that selects some of them.

    Returns:
        The response, ``{"data":{...}}``.

    Raises:
        GraphQLError, InvalidArguments: a field failed. Nothing of it was done; earlier fields stay done.
    """
    members = []
    for field in operation.root_fields():
        if field.name == "__typename":
            text = b'"%s"' % field.parent.name.encode()
        else:
            text = await _run_field(mutations[field.name], operation, field)
        members.append(b'"%s":%s' % (field.key.encode(), text))
    return b'{"data":{%s}}' % b",".join(members)


async def _run_field(mutate: Mutate[Any], operation: Operation, field: RootField) -> bytes:
    try:
        text, refusal_code = await _run_in_transaction(mutate, operation, field)
    except InvalidArguments:
        raise
    except (BadInput, GraphQLError) as error:
        raise locate(error, field.nodes, [field.key]) from error
    except Exception as error:
        raise GraphQLError(str(error), field.nodes, path=[field.key], original_error=error) from error
    if text is None:
        raise GraphQLError(f"The payload of {field.name} is incomplete.", field.nodes, path=[field.key])
    if refusal_code is not None:
        operation.refusals.append(RefusedMutation(field.name, refusal_code))
    return text


async def _run_in_transaction(
    mutate: Mutate[Any], operation: Operation, field: RootField
) -> tuple[bytes | None, str | None]:
    """Return the payload's JSON text and, if a rule refused, the code of the refusal.

    Both payloads are read under the locks that the operation took, so a refusal shows what the rule saw.
    """
    input_ = get_argument_values(field.definition, field.nodes[0], operation.collector.variables)["input"]

    async def succeed(transaction: Transaction) -> tuple[bytes | None, str | None]:
        if not operation.allows(field):
            raise RuleViolation(FORBIDDEN, operation.forbidden_message(field))
        payload = await mutate(transaction, operation.caller, input_)
        return await operation.payload(transaction.json, field, payload.type.__name__, payload.params), None

    async def refuse(transaction: Transaction, refusal: Refusal) -> tuple[bytes | None, str | None]:
        union = get_named_type(field.definition.type)
        if not isinstance(union, GraphQLUnionType):
            raise TypeError(f"A mutation returns a union, not {union}.")
        payload = error_payload(refusal, {member.name for member in union.types})
        text = await operation.payload(transaction.json, field, payload.type.__name__, payload.params)
        return text, refusal.code

    return await operation.database.write(succeed, on_refusal=refuse)
