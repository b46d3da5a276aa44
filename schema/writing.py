"""A mutation: its rule in one transaction, its payload read by a plan before the locks are let go."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from graphql import GraphQLUnionType, get_named_type

from db.database import Transaction
from db.errors import NotFound, Path, Refusal
from db.caller import Caller
from schema.context import Info
from schema.errors import Given, answer_to
from schema.reading.errors import BadInput
from schema.reading.ids import decode_id
from uuid import UUID

T = TypeVar("T")


async def perform(
    info: Info,
    rule: Callable[[Transaction, Caller], Awaitable[T]],
    success: type,
    given: Callable[[T], Given],
) -> Any:
    """Run a rule and return its payload: ``success`` with what it is given, or the answer to a refusal.

    The refusal's payload is read under the locks that the rule took, so it shows what the rule saw.
    """
    raw, reader = info._raw_info, info.context.reader  # noqa: SLF001 - the plan needs the field's nodes

    async def succeed(transaction: Transaction) -> Any:
        outcome = await rule(transaction, info.context.caller)
        return await reader.payload(transaction, raw, success.__name__, given(outcome))

    async def refuse(transaction: Transaction, refusal: Refusal) -> Any:
        type_name, told = answer_to(refusal, _members(raw.return_type))
        return await reader.payload(transaction, raw, type_name, told)

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
