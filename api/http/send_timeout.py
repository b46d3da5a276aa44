"""Sending to clients that stay connected, and may have stopped reading."""

import asyncio

from starlette.types import Message, Send

SEND_TIMEOUT_SECONDS = 30.0
"""Seconds for a client to take one message. What it is told waits in buffers, which are for all."""


class SlowConsumer(Exception):
    """The client did not take a message in time."""


def with_send_timeout(send: Send) -> Send:
    """Return a ``send`` that raises TooSlow when a message is not taken in time."""

    async def send_in_time(message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await send(message)
        except TimeoutError:
            raise SlowConsumer from None

    return send_in_time
