import pytest

from api.server import seal_audit
from db.audit.log import Action, Change, audit
from tests.api.support.unreachable_database import Unreachable
from tests.builders import Deals
from tests.schema.support.listener import until


async def test_what_is_written_while_the_server_runs_is_sealed(
    deals: Deals, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seal_audit, "EVERY", 0.01)
    database = Unreachable(deals.database)
    async with seal_audit.sealing(database):
        async with deals.database.transaction() as transaction:
            change = Change(Action.ACCOUNT_UPDATED, deals.account_id, None, {"name": ("Grey", "Harbour")})
            await audit(transaction, deals.caller, [change])
        await until(lambda: bool(caplog.records))
        assert len((await deals.dump())["unsealed_audit"]) == 1
        database.works = True
        await until(lambda: len(database.statements) > 1)  # it has looked whether there is more

    dump = await deals.dump()
    assert (len(dump["audit_seal"]), dump["unsealed_audit"]) == (1, [])
