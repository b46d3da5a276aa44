"""Forgetting the idempotency keys that answer no more, while the server runs."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from api.server.background_jobs import repeating
from db.guards.idempotency import delete_expired_keys
from db.sql.database import Database

EVERY = 600.0
"""Seconds between two looks for keys that are too old."""


def forgetting(database: Database) -> AbstractAsyncContextManager[None]:
    """Forget old keys of all organizations until the block ends; other servers may do so, too."""

    async def forget() -> None:
        await delete_expired_keys(database, now=datetime.now(UTC))

    return repeating(forget, every=EVERY, complaint="old idempotency keys can't be forgotten")
