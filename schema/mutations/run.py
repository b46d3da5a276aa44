"""A mutation: its rule in one transaction, its payload read by a plan before the locks are let go."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from graphql import GraphQLUnionType, get_named_type
from strawberry import UNSET

from db.domain.caller import Caller
from db.domain.errors import NotFound, Path, Refusal, RuleViolation
from db.sql.database import ReadJson, Transaction
from schema.mutations.errors import PayloadParams, error_payload
from schema.planner.errors import BadInput
from schema.planner.global_ids import decode_id
from schema.request.context import Info
from schema.request.fallback_resolvers import Payload
from schema.request.operation import RefusedMutation
from schema.request.policies import FORBIDDEN

T = TypeVar("T")

IDEMPOTENCY_KEY = (
    "Makes it safe to send again: for 24 hours the same key and input answer the first result."
    " Up to 128 characters."
)
"""The description of every mutation's idempotency key."""

EXPECTED_VERSION = "The version that was read; at any other nothing is changed."
"""The description of every mutation's expected version."""


_CODES_OF_KEYS = ("EMPTY", "TOO_LONG", "REUSED")


def describe_result(mutation: str, *codes: str) -> str:
    """Describe a mutation's result; ``codes`` are those that its OperationError may have."""
    of_keys = (f"IDEMPOTENCY_KEY_{code}" for code in _CODES_OF_KEYS)
    return f"What `{mutation}` came to. Codes of OperationError: {', '.join((*codes, *of_keys, FORBIDDEN))}."


async def run_mutation(
    info: Info,
    rule: Callable[[Transaction, Caller], Awaitable[T]],
    success: type,
    given: Callable[[T], PayloadParams],
) -> Any:
    """Run a rule and return its payload: ``success`` with what it is given, or the answer to a refusal.

    A refusal's payload is read under the locks that the rule took, so it shows what the rule saw. The first
    rule is that the caller's role may use the field.
    """
    asked, reader = info._raw_info, info.context.reader  # noqa: SLF001 - the plan needs the field's nodes

    async def payload_by(
        read: ReadJson, type_name: str, values: PayloadParams, code: str | None = None
    ) -> Payload:
        return Payload(type_name, await reader.payload(read, asked, type_name, values), code)

    async def succeed(transaction: Transaction) -> Payload:
        if not reader.permits(asked):
            raise RuleViolation(FORBIDDEN, reader.refusal(asked))
        outcome = await rule(transaction, reader.caller)
        return await payload_by(transaction.last_json, success.__name__, given(outcome))

    async def refuse(transaction: Transaction, refusal: Refusal) -> Payload:
        type_name, values = error_payload(refusal, _members(asked.return_type))
        return await payload_by(transaction.json, type_name, values, refusal.code)

    payload = await reader.database.write(succeed, on_refusal=refuse)
    if payload.code is not None:
        reader.refusals.append(RefusedMutation(asked.field_name, payload.code))
    return payload


def _members(result: Any) -> frozenset[str]:
    union = get_named_type(result)
    if not isinstance(union, GraphQLUnionType):
        raise TypeError(f"A mutation returns a union, not {union}.")
    return frozenset(member.name for member in union.types)


def changed_fields(input_: Any, *names: str, clearable: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return those fields of an input that were sent, by name; null is a value where it clears one."""
    sent = {name: getattr(input_, name) for name in (*names, *clearable)}
    return {
        name: value
        for name, value in sent.items()
        if value is not UNSET and (value is not None or name in clearable)
    }


def parse_id(prefix: str, noun: str, text: str, path: Path) -> UUID:
    """Return the UUID of an id in a mutation's input; one that can't be any answers like a missing one.

    Raises:
        NotFound: it is the id of something else, or of nothing.
    """
    try:
        return decode_id(prefix, text)
    except BadInput as error:
        raise NotFound(noun, path) from error


def parse_ids(prefix: str, texts: Sequence[str]) -> tuple[UUID, ...]:
    """Return the UUIDs of ids of many things in a mutation's input, for a rule that tells of each.

    One that can't be any gets a UUID that nothing has: it is missing, and keeps no other from being done.
    """
    return tuple(_id_or_nothing(prefix, text) for text in texts)


def _id_or_nothing(prefix: str, text: str) -> UUID:
    try:
        return decode_id(prefix, text)
    except BadInput:
        return uuid5(NAMESPACE_OID, text)  # ours are of version 7


def parse_optional_id(prefix: str, noun: str, text: str | None, path: Path) -> UUID | None:
    """Return the UUID of an id that may be left out; raises as ``parse_id`` does."""
    return None if text is None else parse_id(prefix, noun, text, path)
