"""Sending to clients that stay connected, and may have stopped reading."""

import asyncio

from starlette.types import Message, Send

PATIENCE = 30.0
"""Seconds for a client to take one message. What it is told waits in buffers, which are for all."""


class TooSlow(Exception):
    """The client did not take a message in time."""


def in_time(send: Send) -> Send:
    """Return a ``send`` that raises TooSlow when a message is not taken in time."""

    async def send_in_time(message: Message) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await send(message)
        except TimeoutError:
            raise TooSlow from None

    return send_in_time
