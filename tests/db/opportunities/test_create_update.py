from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db import models
from db.domain.enums import OpenReason, OpportunityState, SeededReason
from db.domain.errors import NotFound, OpportunityAlreadyClosed, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.opportunities.create_update import (
    ChangedOpportunity,
    CreateOpportunity,
    OpportunityChanges,
    UpdateOpportunity,
    create_opportunity,
    update_opportunity,
)
from db.sql.database import Database
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation


@pytest.fixture
async def deals(database: Database) -> OrganizationBuilder:
    return await OrganizationBuilder.create(database)


async def create(deals: OrganizationBuilder, **sent: Any) -> ChangedOpportunity:
    usual: dict[str, Any] = {
        "name": "Quay lighting",
        "account_id": deals.account_id,
        "contracting_unit_id": deals.contracting_unit_id,
        "estimated_revenue": Decimal(7500),
    }
    return await run_operation(deals, create_opportunity, CreateOpportunity(**{**usual, **sent}))


async def update(
    deals: OrganizationBuilder, opportunity_id: Any, changes: OpportunityChanges, **sent: Any
) -> ChangedOpportunity:
    return await run_operation(
        deals, update_opportunity, UpdateOpportunity(opportunity_id=opportunity_id, changes=changes, **sent)
    )


async def colleague_of(deals: OrganizationBuilder) -> Any:
    """Store another user of the organization and return the id."""
    colleague = models.User(
        organization_id=deals.organization_id,
        id=new_id(),
        name="Ben Sloe",
        email="ben@example.com",
        created_at=A_MONTH_AGO,
    )
    await deals.insert(colleague)
    return colleague.id


async def test_a_new_opportunity_is_open_and_in_progress(deals: OrganizationBuilder) -> None:
    created = await create(deals)
    assert (await only_row(deals, "opportunity"))._asdict() == {
        "organization_id": deals.organization_id,
        "id": created.opportunity_id,
        "external_reference": None,
        "name": "Quay lighting",
        "description": None,
        "account_id": deals.account_id,
        "owner_id": deals.user_id,
        "contracting_unit_id": deals.contracting_unit_id,
        "currency_code": "EUR",
        "state": "OPEN",
        "status_reason_id": deals.reasons[SeededReason.IN_PROGRESS],
        "estimated_revenue": Decimal("7500.00"),
        "estimated_close_date": None,
        "actual_revenue": None,
        "closed_on": None,
        "close_id": None,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "open_key": created.opportunity_id,
    }


async def test_everything_about_a_new_opportunity_can_be_said(deals: OrganizationBuilder) -> None:
    owner_id = await colleague_of(deals)
    await create(
        deals,
        name="  Quay lighting\n",
        description=" Two berths. ",
        owner_id=owner_id,
        currency_code="NOK",
        estimated_revenue=Decimal("0.5"),
        estimated_close_date=date(2027, 3, 31),
        status_reason=OpenReason.ON_HOLD,
    )
    row = await only_row(deals, "opportunity")
    assert (row.name, row.description, row.owner_id) == ("Quay lighting", "Two berths.", owner_id)
    assert (row.currency_code, row.estimated_revenue) == ("NOK", Decimal("0.50"))
    assert row.estimated_close_date == date(2027, 3, 31)
    assert row.status_reason_id == deals.reasons[SeededReason.ON_HOLD]


async def test_a_new_opportunity_is_audited_with_all_it_holds(deals: OrganizationBuilder) -> None:
    created = await create(deals)
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id, audit.user_id, audit.at) == (
        "OPPORTUNITY_CREATED",
        created.opportunity_id,
        created.opportunity_id,
        deals.user_id,
        NOW,
    )
    assert orjson.loads(audit.details) == {
        "name": [None, "Quay lighting"],
        "accountId": [None, str(deals.account_id)],
        "ownerId": [None, str(deals.user_id)],
        "contractingUnitId": [None, str(deals.contracting_unit_id)],
        "currencyCode": [None, "EUR"],
        "state": [None, "OPEN"],
        "statusReasonId": [None, str(deals.reasons[SeededReason.IN_PROGRESS])],
        "estimatedRevenue": [None, "7500.00"],
    }
    event = await only_row(deals, "event")
    assert event[2:] == (deals.organization_id, created.opportunity_id, "OPPORTUNITY_CREATED", NOW)


@pytest.mark.parametrize(
    ("sent", "noun", "field"),
    [
        ({"account_id": new_id()}, "account", "accountId"),
        ({"owner_id": new_id()}, "user", "ownerId"),
        ({"contracting_unit_id": new_id()}, "contracting unit", "contractingUnitId"),
    ],
)
async def test_what_a_new_opportunity_names_must_exist(
    deals: OrganizationBuilder, sent: dict[str, Any], noun: str, field: str
) -> None:
    refusal = await expect_refusal(deals, NotFound, create(deals, **sent))
    assert refusal.message == f"There is no {noun} with this id. Check the id."
    assert refusal.path == ("input", field)


@pytest.mark.parametrize("name", ["account_id", "owner_id", "contracting_unit_id"])
async def test_what_another_organization_has_is_as_good_as_missing(
    deals: OrganizationBuilder, name: str
) -> None:
    other = await OrganizationBuilder.create(deals.database)
    theirs = other.user_id if name == "owner_id" else getattr(other, name)
    await expect_refusal(deals, NotFound, create(deals, **{name: theirs}))


BEYOND_LIMITS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " \t"}, "NAME_EMPTY", "name"),
    ({"name": 201 * "x"}, "NAME_TOO_LONG", "name"),
    ({"name": "Quay\0"}, "NAME_WITH_NUL", "name"),
    ({"description": 2_001 * "x"}, "DESCRIPTION_TOO_LONG", "description"),
    ({"description": "\0"}, "DESCRIPTION_WITH_NUL", "description"),
    ({"estimated_revenue": Decimal("-0.01")}, "ESTIMATED_REVENUE_OUT_OF_RANGE", "estimatedRevenue"),
    (
        {"estimated_revenue": Decimal("1000000000000.01")},
        "ESTIMATED_REVENUE_OUT_OF_RANGE",
        "estimatedRevenue",
    ),
    ({"estimated_revenue": Decimal("0.001")}, "ESTIMATED_REVENUE_TOO_PRECISE", "estimatedRevenue"),
]


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        *BEYOND_LIMITS,
        *(
            ({"currency_code": each}, "CURRENCY_CODE_INVALID", "currencyCode")
            for each in ("eur", "EU", "EURO", "")
        ),
    ],
)
async def test_a_new_opportunity_keeps_within_the_limits(
    deals: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await expect_refusal(deals, RuleViolation, create(deals, **sent))
    assert (refusal.code, refusal.path) == (code, ("input", field))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"name": 200 * "ß"}, 200 * "ß"),
        ({"estimated_revenue": Decimal(1000000000000)}, Decimal("1000000000000.00")),
        ({"estimated_revenue": Decimal("-0.00")}, Decimal("0.00")),
    ],
)
async def test_the_limits_themselves_are_allowed(
    deals: OrganizationBuilder, sent: dict[str, Any], stored: Any
) -> None:
    await create(deals, **sent)
    row = await only_row(deals, "opportunity")
    assert [getattr(row, name) for name in sent] == [stored]


async def test_an_open_opportunity_can_be_put_on_hold(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity(version=3)
    before = await only_row(deals, "opportunity")

    assert await update(deals, opportunity_id, {"status_reason": OpenReason.ON_HOLD}) == ChangedOpportunity(
        opportunity_id
    )

    on_hold = deals.reasons[SeededReason.ON_HOLD]
    assert await only_row(deals, "opportunity") == before._replace(
        status_reason_id=on_hold, version=4, updated_at=NOW
    )
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id) == ("OPPORTUNITY_UPDATED", opportunity_id)
    assert orjson.loads(audit.details) == {
        "statusReasonId": [str(deals.reasons[SeededReason.IN_PROGRESS]), str(on_hold)]
    }
    assert (await only_row(deals, "event")).kind == "OPPORTUNITY_UPDATED"


async def test_only_what_is_sent_is_changed(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity(description="Two berths.", estimated_close_date=NOW.date())
    before = await only_row(deals, "opportunity")
    owner_id = await colleague_of(deals)
    changes: OpportunityChanges = {
        "name": " Quay lighting ",
        "description": None,
        "owner_id": owner_id,
        "estimated_revenue": Decimal("0.10"),
    }

    await update(deals, opportunity_id, changes)

    assert await only_row(deals, "opportunity") == before._replace(
        **{**changes, "name": "Quay lighting"}, version=2, updated_at=NOW
    )
    assert orjson.loads((await only_row(deals, "audit")).details) == {
        "name": ["Harbour crane retrofit", "Quay lighting"],
        "description": ["Two berths.", None],
        "ownerId": [str(deals.user_id), str(owner_id)],
        "estimatedRevenue": ["5000.00", "0.10"],
    }


async def test_an_opportunity_can_move_to_another_account_and_another_date(
    deals: OrganizationBuilder,
) -> None:
    opportunity_id = await deals.opportunity()
    account = models.Account(
        organization_id=deals.organization_id, id=new_id(), name="Blue Harbour", created_at=A_MONTH_AGO
    )
    await deals.insert(account)
    await update(deals, opportunity_id, {"account_id": account.id, "estimated_close_date": date(2027, 1, 1)})
    row = await only_row(deals, "opportunity")
    assert (row.account_id, row.estimated_close_date) == (account.id, date(2027, 1, 1))


@pytest.mark.parametrize(
    "changes", [{}, {"name": " Harbour crane retrofit", "status_reason": OpenReason.IN_PROGRESS}]
)
async def test_what_an_opportunity_holds_already_is_no_change(
    deals: OrganizationBuilder, changes: OpportunityChanges
) -> None:
    opportunity_id = await deals.opportunity()
    before = await deals.dump()
    await update(deals, opportunity_id, changes)
    assert await deals.dump() == before


@pytest.mark.parametrize("state", [OpportunityState.WON, OpportunityState.LOST])
async def test_a_closed_opportunity_is_read_only(deals: OrganizationBuilder, state: OpportunityState) -> None:
    opportunity_id = await deals.opportunity(state=state)
    refusal = await expect_refusal(
        deals, OpportunityAlreadyClosed, update(deals, opportunity_id, {"name": "New"}, expected_version=9)
    )
    assert (refusal.opportunity_id, refusal.path) == (opportunity_id, ("input", "opportunityId"))


async def test_a_changed_opportunity_is_not_changed_by_who_expects_another_version(
    deals: OrganizationBuilder,
) -> None:
    opportunity_id = await deals.opportunity(version=4)
    refusal = await expect_refusal(
        deals, StaleVersion, update(deals, opportunity_id, {"name": "New"}, expected_version=3)
    )
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("opportunity", opportunity_id, 4)


async def test_a_missing_opportunity_is_not_found(deals: OrganizationBuilder) -> None:
    refusal = await expect_refusal(deals, NotFound, update(deals, new_id(), {"name": "New"}))
    assert refusal.path == ("input", "opportunityId")


async def test_another_organizations_opportunity_is_as_good_as_missing(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    refusal = await expect_refusal(deals, NotFound, update(deals, await other.opportunity(), {"name": "New"}))
    assert refusal.message == "There is no opportunity with this id. Check the id."


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"account_id": new_id()}, "accountId"), ({"owner_id": new_id()}, "ownerId")],
)
async def test_what_a_change_names_must_exist(deals: OrganizationBuilder, changes: Any, field: str) -> None:
    refusal = await expect_refusal(deals, NotFound, update(deals, await deals.opportunity(), changes))
    assert refusal.path == ("input", field)


@pytest.mark.parametrize(("changes", "code", "field"), BEYOND_LIMITS)
async def test_a_change_keeps_within_the_limits(
    deals: OrganizationBuilder, changes: Any, code: str, field: str
) -> None:
    refusal = await expect_refusal(deals, RuleViolation, update(deals, await deals.opportunity(), changes))
    assert (refusal.code, refusal.path) == (code, ("input", field))
