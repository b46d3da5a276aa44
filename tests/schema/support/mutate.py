"""Mutations as clients send them, one root field each."""

from typing import Any

from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client


async def mutate(builder: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Return the payload that the builder's user gets."""
    [payload] = (await Client(builder.database, builder.caller).data(document, input=input_)).values()
    return payload


async def mutate_refused(builder: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Return the error that the builder's user gets, having seen that nothing was changed."""
    before = await builder.dump()
    error = await mutate(builder, document, **input_)
    assert await builder.dump() == before
    return error
