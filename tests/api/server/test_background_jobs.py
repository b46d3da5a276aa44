import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api.server import background_jobs
from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit
from db.sql.cancellation import run_uncancelled
from tests.api.support.unreachable_database import UnreachableDatabase
from tests.builders import OrganizationBuilder
from tests.schema.support.listener import wait_until

TIMEOUT_SECONDS = 20.0


async def test_audit_entries_are_sealed_while_the_server_runs(
    builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background_jobs, "SEAL_INTERVAL_SECONDS", 0.01)
    database = UnreachableDatabase(builder.database)
    async with background_jobs.seal_audit_entries(database):
        async with builder.database.transaction() as transaction:
            change = AuditEntry(
                AuditAction.ACCOUNT_UPDATED, builder.account_id, None, {"name": ("Grey", "Harbour")}
            )
            await append_audit(transaction, builder.caller, [change])
        await wait_until(lambda: bool(caplog.records))
        assert len((await builder.dump())["unsealed_audit"]) == 1
        database.reachable = True
        await wait_until(lambda: len(database.statements) > 1)  # the job has looked for further entries

    dump = await builder.dump()
    assert (len(dump["audit_seal"]), dump["unsealed_audit"]) == (1, [])


async def test_idempotency_keys_that_expire_while_the_server_runs_are_deleted(
    builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_jobs, "PURGE_INTERVAL_SECONDS", 0.01)
    async with background_jobs.purge_idempotency_keys(builder.database), asyncio.timeout(TIMEOUT_SECONDS):
        await builder.insert(key_of(builder, datetime.now(UTC) - timedelta(hours=24)))
        while (await builder.dump())["idempotency"]:  # noqa: ASYNC110 - the job signals nothing
            await asyncio.sleep(0.001)


async def test_a_job_that_commits_when_the_server_stops_is_its_last() -> None:
    begun = asyncio.Event()

    async def commit() -> None:
        begun.set()
        await run_uncancelled(asyncio.sleep(0.05))

    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        background_jobs.run_periodically(commit, interval_seconds=600, error_message=""),
    ):
        await begun.wait()


def key_of(builder: OrganizationBuilder, created_at: datetime) -> models.Idempotency:
    owner = {"organization_id": builder.organization_id, "user_id": builder.user_id}
    return models.Idempotency(**owner, key="once", fingerprint="", outcome="", created_at=created_at)
