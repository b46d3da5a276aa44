"""Mutations as clients send them, one root field each."""

from typing import Any

from tests.builders import OrganizationBuilder
from tests.schema.support.client import Client


async def mutate(deals: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Return the payload that the deals' user gets."""
    [payload] = (await Client(deals.database, deals.caller).data(document, input=input_)).values()
    return payload


async def mutate_refused(deals: OrganizationBuilder, document: str, **input_: Any) -> Any:
    """Return the error that the deals' user gets, having seen that nothing was changed."""
    before = await deals.dump()
    error = await mutate(deals, document, **input_)
    assert await deals.dump() == before
    return error
