"""Executes mutations with one root field."""

from typing import Any

from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client


async def mutate(builder: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Execute a mutation as the builder's caller and return its payload."""
    [payload] = (await Client(builder.database, builder.caller).data(document, input=input_)).values()
    return payload


async def mutate_refused(builder: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Execute a mutation that changes nothing in the database, and return its payload, an error."""
    before = await builder.dump()
    error = await mutate(builder, document, **input_)
    assert await builder.dump() == before
    return error
