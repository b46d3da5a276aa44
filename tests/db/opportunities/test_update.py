from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db import models
from db.domain.enums import OpenReason, OpportunityState, SeededReason
from db.domain.errors import NotFound, OpportunityAlreadyClosed, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.opportunities.create import ChangedOpportunity
from db.opportunities.update import OpportunityChanges, UpdateOpportunity, update_opportunity
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, insert_colleague, only_row, run_operation
from tests.db.opportunities.test_create import INVALID_FIELDS


async def update(
    builder: OrganizationBuilder, opportunity_id: Any, changes: OpportunityChanges, **sent: Any
) -> ChangedOpportunity:
    return await run_operation(
        builder, update_opportunity, UpdateOpportunity(opportunity_id=opportunity_id, changes=changes, **sent)
    )


async def test_an_open_opportunity_can_be_put_on_hold(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(version=3)
    before = await only_row(builder, "opportunity")

    assert await update(builder, opportunity_id, {"status_reason": OpenReason.ON_HOLD}) == ChangedOpportunity(
        opportunity_id
    )

    on_hold = builder.reasons[SeededReason.ON_HOLD]
    assert await only_row(builder, "opportunity") == before._replace(
        status_reason_id=on_hold, version=4, updated_at=NOW
    )
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id) == ("OPPORTUNITY_UPDATED", opportunity_id)
    assert orjson.loads(audit.details) == {
        "statusReasonId": [str(builder.reasons[SeededReason.IN_PROGRESS]), str(on_hold)]
    }
    assert (await only_row(builder, "event")).kind == "OPPORTUNITY_UPDATED"


async def test_only_the_sent_fields_change(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(description="Two berths.", estimated_close_date=NOW.date())
    before = await only_row(builder, "opportunity")
    owner_id = await insert_colleague(builder)
    changes: OpportunityChanges = {
        "name": " Quay lighting ",
        "description": None,
        "owner_id": owner_id,
        "estimated_revenue": Decimal("0.10"),
    }

    await update(builder, opportunity_id, changes)

    assert await only_row(builder, "opportunity") == before._replace(
        **{**changes, "name": "Quay lighting"}, version=2, updated_at=NOW
    )
    assert orjson.loads((await only_row(builder, "audit")).details) == {
        "name": ["Harbour crane retrofit", "Quay lighting"],
        "description": ["Two berths.", None],
        "ownerId": [str(builder.user_id), str(owner_id)],
        "estimatedRevenue": ["5000.00", "0.10"],
    }


async def test_an_opportunity_can_move_to_another_account_and_another_date(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    account = models.Account(
        organization_id=builder.organization_id, id=new_id(), name="Blue Harbour", created_at=A_MONTH_AGO
    )
    await builder.insert(account)
    await update(
        builder, opportunity_id, {"account_id": account.id, "estimated_close_date": date(2027, 1, 1)}
    )
    row = await only_row(builder, "opportunity")
    assert (row.account_id, row.estimated_close_date) == (account.id, date(2027, 1, 1))


@pytest.mark.parametrize(
    "changes", [{}, {"name": " Harbour crane retrofit", "status_reason": OpenReason.IN_PROGRESS}]
)
async def test_an_update_without_a_difference_writes_nothing(
    builder: OrganizationBuilder, changes: OpportunityChanges
) -> None:
    opportunity_id = await builder.opportunity()
    before = await builder.dump()
    await update(builder, opportunity_id, changes)
    assert await builder.dump() == before


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_closed_opportunity_is_read_only(
    builder: OrganizationBuilder, state: OpportunityState
) -> None:
    opportunity_id = await builder.opportunity(state=state)
    refusal = await expect_refusal(
        builder,
        OpportunityAlreadyClosed,
        update(builder, opportunity_id, {"name": "New"}, expected_version=9),
    )
    assert (refusal.opportunity_id, refusal.path) == (opportunity_id, ("input", "opportunityId"))


async def test_an_opportunity_at_another_version_is_not_updated(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity(version=4)
    refusal = await expect_refusal(
        builder, StaleVersion, update(builder, opportunity_id, {"name": "New"}, expected_version=3)
    )
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("opportunity", opportunity_id, 4)


async def test_a_missing_opportunity_is_not_found(builder: OrganizationBuilder) -> None:
    refusal = await expect_refusal(builder, NotFound, update(builder, new_id(), {"name": "New"}))
    assert refusal.path == ("input", "opportunityId")


async def test_an_opportunity_of_another_organization_is_not_found(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    refusal = await expect_refusal(
        builder, NotFound, update(builder, await other.opportunity(), {"name": "New"})
    )
    assert refusal.message == "There is no opportunity with this id. Check the id."


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"account_id": new_id()}, "accountId"), ({"owner_id": new_id()}, "ownerId")],
)
async def test_the_references_of_an_update_must_exist(
    builder: OrganizationBuilder, changes: Any, field: str
) -> None:
    refusal = await expect_refusal(builder, NotFound, update(builder, await builder.opportunity(), changes))
    assert refusal.path == ("input", field)


@pytest.mark.parametrize(("changes", "code", "field"), INVALID_FIELDS)
async def test_invalid_fields_of_an_update_are_refused(
    builder: OrganizationBuilder, changes: Any, code: str, field: str
) -> None:
    refusal = await expect_refusal(
        builder, RuleViolation, update(builder, await builder.opportunity(), changes)
    )
    assert (refusal.code, refusal.path) == (code, ("input", field))
