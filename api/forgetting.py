"""Forgetting the idempotency keys that answer no more, while the server runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from db.database import Database
from db.idempotency import forget_keys

PAUSE = 600.0
"""Seconds between two looks for keys that are too old."""

_log = logging.getLogger("dealdesk.keys")


@asynccontextmanager
async def forgetting(database: Database) -> AsyncIterator[None]:
    """Forget old keys until the block ends, of all organizations; other servers may do so, too."""
    task = asyncio.create_task(_forget_on(database))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _forget_on(database: Database) -> None:
    while True:
        try:
            await forget_keys(database, now=datetime.now(UTC))
        except Exception:  # noqa: BLE001 - whatever it is, what is left can be forgotten later
            _log.warning("old idempotency keys can't be deleted; trying on", exc_info=True)
        await asyncio.sleep(PAUSE)
