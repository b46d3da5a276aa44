import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api.server import purge_idempotency_keys
from db import models
from tests.builders import OrganizationBuilder

PATIENCE = 20.0
"""Seconds until the test fails when a key is never forgotten."""


async def test_keys_that_grow_old_while_the_server_runs_are_forgotten(
    deals: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge_idempotency_keys, "EVERY", 0.01)
    async with purge_idempotency_keys.forgetting(deals.database), asyncio.timeout(PATIENCE):
        await deals.insert(key_of(deals, datetime.now(UTC) - timedelta(hours=24)))
        while (await deals.dump())["idempotency"]:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)


def key_of(deals: OrganizationBuilder, created_at: datetime) -> models.Idempotency:
    owner = {"organization_id": deals.organization_id, "user_id": deals.user_id}
    return models.Idempotency(**owner, key="once", fingerprint="", outcome="", created_at=created_at)
