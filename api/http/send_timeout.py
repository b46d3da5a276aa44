"""A timeout for sending to clients that stay connected but stop reading."""

import asyncio

from starlette.types import Message, Send

SEND_TIMEOUT_SECONDS = 30.0
"""Time for a client to accept one message. Until then the message occupies memory."""


class SlowConsumer(Exception):
    """The client did not accept a message in time."""


def with_send_timeout(send: Send) -> Send:
    """Return a ``send`` that raises SlowConsumer after ``SEND_TIMEOUT_SECONDS``."""

    async def send_or_time_out(message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await send(message)
        except TimeoutError:
            raise SlowConsumer from None

    return send_or_time_out
