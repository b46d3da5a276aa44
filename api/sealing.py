"""Sealing audit rows while the server runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from db.database import Database
from db.sealing import seal

EVERY = 2.0
"""Seconds between two looks for rows that wait for their seal; so long they are not protected yet."""

_log = logging.getLogger("dealdesk.audit")


@asynccontextmanager
async def sealing(database: Database) -> AsyncIterator[None]:
    """Seal what is written until the block ends."""
    task = asyncio.create_task(_seal_on(database))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _seal_on(database: Database) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await seal(database)
        except Exception:  # noqa: BLE001 - whatever it is, what waits can be sealed later
            _log.warning("audit rows can't be sealed; trying on", exc_info=True)
