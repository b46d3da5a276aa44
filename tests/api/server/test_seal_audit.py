import pytest

from api.server import seal_audit
from db.audit.log import AuditAction, AuditEntry, append_audit
from tests.api.support.unreachable_database import UnreachableDatabase
from tests.builders import OrganizationBuilder
from tests.schema.support.listener import wait_until


async def test_what_is_written_while_the_server_runs_is_sealed(
    deals: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seal_audit, "EVERY", 0.01)
    database = UnreachableDatabase(deals.database)
    async with seal_audit.sealing(database):
        async with deals.database.transaction() as transaction:
            change = AuditEntry(
                AuditAction.ACCOUNT_UPDATED, deals.account_id, None, {"name": ("Grey", "Harbour")}
            )
            await append_audit(transaction, deals.caller, [change])
        await wait_until(lambda: bool(caplog.records))
        assert len((await deals.dump())["unsealed_audit"]) == 1
        database.reachable = True
        await wait_until(lambda: len(database.statements) > 1)  # it has looked whether there is more

    dump = await deals.dump()
    assert (len(dump["audit_seal"]), dump["unsealed_audit"]) == (1, [])
