"""If the connection breaks at COMMIT, the caller gets OutcomeUnknown and may retry with the same key."""

from copy import copy

import pytest
from sqlalchemy import String, cast, literal, select

from db.connect import open_database
from db.domain.enums import OpportunityState
from db.domain.errors import OutcomeUnknown
from db.opportunities.close import CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder
from tests.db.operations import close, only_row
from tests.reliability.support.proxies import severing_proxy

ANSWER = Statement(select(cast(literal("closed"), String).label("answer")))


@pytest.mark.parametrize("is_committed", [False, True])
@pytest.mark.parametrize("has_answer", [False, True])
async def test_a_change_is_stored_once_if_it_is_retried_after_a_commit_without_answer(
    postgresql: Database, postgresql_url: str, *, has_answer: bool, is_committed: bool
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    opportunity_id = await builder.opportunity()
    async with severing_proxy(postgresql_url, is_committed=is_committed) as url:
        severed = await open_database(url)
        away = copy(builder)
        away.database = severed
        closing = CloseOpportunity(
            opportunity_id=opportunity_id, outcome=OpportunityState.WON, idempotency_key="once"
        )

        async def work(transaction: Transaction) -> None:
            await close_opportunity(transaction, builder.caller, closing)
            if has_answer:
                await transaction.json(ANSWER, {})

        with pytest.raises(OutcomeUnknown, match="With an idempotencyKey, send the request again"):
            await away.database.write(work)
        assert len((await builder.dump())["opportunity_close"]) == is_committed
        closed = await close(away, opportunity_id, idempotency_key="once")
        await severed.close()

    assert (await only_row(builder, "opportunity_close")).id == closed.opportunity_close_id
