"""A mutation: its rule in one transaction, its payload read by a plan before the locks are let go."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from graphql import GraphQLUnionType, get_named_type

from db.caller import Caller
from db.database import Transaction
from db.errors import NotFound, Path, Refusal
from schema.context import Info
from schema.errors import Given, answer_to
from schema.reading.errors import BadInput
from schema.reading.ids import decode_id
from schema.reading.resolving import Payload

T = TypeVar("T")

IDEMPOTENCY_KEY = (
    "Makes it safe to send again: for 24 hours the same key and input answer the first result."
    " Up to 128 characters."
)
"""The description of every mutation's idempotency key."""


async def perform(
    info: Info,
    rule: Callable[[Transaction, Caller], Awaitable[T]],
    success: type,
    given: Callable[[T], Given],
) -> Any:
    """Run a rule and return its payload: ``success`` with what it is given, or the answer to a refusal.

    A refusal's payload is read under the locks that the rule took, so it shows what the rule saw.
    """
    asked, reader = info._raw_info, info.context.reader  # noqa: SLF001 - the plan needs the field's nodes

    async def read(transaction: Transaction, type_name: str, values: Given) -> Payload:
        return Payload(type_name, await reader.payload(transaction, asked, type_name, values))

    async def succeed(transaction: Transaction) -> Payload:
        outcome = await rule(transaction, reader.caller)
        return await read(transaction, success.__name__, given(outcome))

    async def refuse(transaction: Transaction, refusal: Refusal) -> Payload:
        return await read(transaction, *answer_to(refusal, _members(asked.return_type)))

    return await reader.database.write(succeed, refused=refuse)


def _members(result: Any) -> frozenset[str]:
    union = get_named_type(result)
    if not isinstance(union, GraphQLUnionType):
        raise TypeError(f"A mutation returns a union, not {union}.")
    return frozenset(member.name for member in union.types)


def sent_id(prefix: str, noun: str, text: str, path: Path) -> UUID:
    """Return the UUID of an id in a mutation's input; one that can't be any answers like a missing one.

    Raises:
        NotFound: it is the id of something else, or of nothing.
    """
    try:
        return decode_id(prefix, text)
    except BadInput as error:
        raise NotFound(noun, path) from error
