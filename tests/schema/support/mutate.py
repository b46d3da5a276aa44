"""Mutations as clients send them, one root field each."""

from typing import Any

from tests.builders import Deals
from tests.schema.support.client import Client


async def sent(deals: Deals, document: str, **input_: Any) -> Any:
    """Return the payload that the deals' user gets."""
    [payload] = (await Client(deals.database, deals.caller).data(document, input=input_)).values()
    return payload


async def refused(deals: Deals, document: str, **input_: Any) -> Any:
    """Return the error that the deals' user gets, having seen that nothing was changed."""
    before = await deals.dump()
    error = await sent(deals, document, **input_)
    assert await deals.dump() == before
    return error
