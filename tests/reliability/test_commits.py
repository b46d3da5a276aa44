"""The connection is lost while a change is being saved: its caller is told so, and may send it again."""

from copy import copy

import pytest

from db.database import Database
from db.errors import OutcomeUnknown
from db.opening import open_database
from tests.builders import Deals
from tests.db.acts import close, the_only
from tests.reliability.severing import severing


@pytest.mark.parametrize("is_committed", [False, True])
async def test_a_change_with_a_key_is_made_once_though_its_commit_was_not_answered(
    postgresql: Database, postgresql_url: str, *, is_committed: bool
) -> None:
    deals = await Deals.create(postgresql)
    opportunity_id = await deals.opportunity()
    async with severing(postgresql_url, is_committed=is_committed) as url:
        severed = await open_database(url)
        away = copy(deals)
        away.database = severed

        with pytest.raises(OutcomeUnknown, match="Sent again with the same idempotencyKey, it is done once"):
            await close(away, opportunity_id, idempotency_key="once")
        assert len((await deals.dump())["opportunity_close"]) == is_committed
        closed = await close(away, opportunity_id, idempotency_key="once")
        await severed.close()

    assert (await the_only(deals, "opportunity_close")).id == closed.opportunity_close_id
