"""What the server does by itself, again and again while it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_log = logging.getLogger("dealdesk.upkeep")


@asynccontextmanager
async def repeating(
    work: Callable[[], Awaitable[object]], *, every: float, complaint: str
) -> AsyncIterator[None]:
    """Work every so many seconds until the block ends; a failure is logged, and the next time may do."""
    task = asyncio.create_task(_go_on(work, every, complaint))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _go_on(work: Callable[[], Awaitable[object]], every: float, complaint: str) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is, it can be done later
            _log.warning("%s; trying on", complaint, exc_info=True)
        await asyncio.sleep(every)
