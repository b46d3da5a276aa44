"""Jobs that run periodically inside the server: seal the audit log, delete expired idempotency keys."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

from db.audit.seals import seal_entries
from db.guards.idempotency import delete_expired_keys
from db.sql.database import Database

SEAL_INTERVAL_SECONDS = 2.0
"""An audit entry is not protected against changes before it is sealed, so the interval is short."""

PURGE_INTERVAL_SECONDS = 600.0

_log = logging.getLogger("dealdesk.upkeep")


def seal_audit_entries(database: Database) -> AbstractAsyncContextManager[None]:
    """Seal new audit entries of all organizations until the block ends."""

    async def seal() -> None:
        await seal_entries(database)

    return run_periodically(
        seal, interval_seconds=SEAL_INTERVAL_SECONDS, error_message="Audit entries could not be sealed"
    )


def purge_idempotency_keys(database: Database) -> AbstractAsyncContextManager[None]:
    """Delete expired idempotency keys of all organizations until the block ends.

    Several servers may do so at the same time.
    """

    async def purge() -> None:
        await delete_expired_keys(database, now=datetime.now(UTC))

    return run_periodically(
        purge,
        interval_seconds=PURGE_INTERVAL_SECONDS,
        error_message="Expired idempotency keys could not be deleted",
    )


@asynccontextmanager
async def run_periodically(
    job: Callable[[], Awaitable[None]], *, interval_seconds: float, error_message: str
) -> AsyncIterator[None]:
    """Run a job now and then at each interval, until the block ends. Log a failure and continue."""

    async def loop() -> None:
        while True:
            try:
                await job()
            except Exception:  # noqa: BLE001 - the next run may succeed
                _log.warning("%s; retrying in %g s", error_message, interval_seconds, exc_info=True)
            if task.cancelling():  # while a COMMIT had begun, which is not cancelled
                break
            await asyncio.sleep(interval_seconds)

    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
