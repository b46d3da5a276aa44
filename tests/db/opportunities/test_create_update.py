from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db import models
from db.domain.enums import OpenReason, OpportunityState, SeededReason
from db.domain.errors import NotFound, OpportunityAlreadyClosed, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.opportunities.create import ChangedOpportunity, CreateOpportunity, create_opportunity
from db.opportunities.update import OpportunityChanges, UpdateOpportunity, update_opportunity
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation


async def create(builder: OrganizationBuilder, **sent: Any) -> ChangedOpportunity:
    usual: dict[str, Any] = {
        "name": "Quay lighting",
        "account_id": builder.account_id,
        "contracting_unit_id": builder.contracting_unit_id,
        "estimated_revenue": Decimal(7500),
    }
    return await run_operation(builder, create_opportunity, CreateOpportunity(**{**usual, **sent}))


async def update(
    builder: OrganizationBuilder, opportunity_id: Any, changes: OpportunityChanges, **sent: Any
) -> ChangedOpportunity:
    return await run_operation(
        builder, update_opportunity, UpdateOpportunity(opportunity_id=opportunity_id, changes=changes, **sent)
    )


async def colleague_of(builder: OrganizationBuilder) -> Any:
    """Store another user of the organization and return the id."""
    colleague = models.User(
        organization_id=builder.organization_id,
        id=new_id(),
        name="Ben Sloe",
        email="ben@example.com",
        created_at=A_MONTH_AGO,
    )
    await builder.insert(colleague)
    return colleague.id


async def test_a_new_opportunity_is_open_and_in_progress(builder: OrganizationBuilder) -> None:
    created = await create(builder)
    assert (await only_row(builder, "opportunity"))._asdict() == {
        "organization_id": builder.organization_id,
        "id": created.opportunity_id,
        "external_reference": None,
        "name": "Quay lighting",
        "description": None,
        "account_id": builder.account_id,
        "owner_id": builder.user_id,
        "contracting_unit_id": builder.contracting_unit_id,
        "currency_code": "EUR",
        "state": "OPEN",
        "status_reason_id": builder.reasons[SeededReason.IN_PROGRESS],
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


async def test_everything_about_a_new_opportunity_can_be_said(builder: OrganizationBuilder) -> None:
    owner_id = await colleague_of(builder)
    await create(
        builder,
        name="  Quay lighting\n",
        description=" Two berths. ",
        owner_id=owner_id,
        currency_code="NOK",
        estimated_revenue=Decimal("0.5"),
        estimated_close_date=date(2027, 3, 31),
        status_reason=OpenReason.ON_HOLD,
    )
    row = await only_row(builder, "opportunity")
    assert (row.name, row.description, row.owner_id) == ("Quay lighting", "Two berths.", owner_id)
    assert (row.currency_code, row.estimated_revenue) == ("NOK", Decimal("0.50"))
    assert row.estimated_close_date == date(2027, 3, 31)
    assert row.status_reason_id == builder.reasons[SeededReason.ON_HOLD]


async def test_a_new_opportunity_is_audited_with_all_it_holds(builder: OrganizationBuilder) -> None:
    created = await create(builder)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id, audit.user_id, audit.at) == (
        "OPPORTUNITY_CREATED",
        created.opportunity_id,
        created.opportunity_id,
        builder.user_id,
        NOW,
    )
    assert orjson.loads(audit.details) == {
        "name": [None, "Quay lighting"],
        "accountId": [None, str(builder.account_id)],
        "ownerId": [None, str(builder.user_id)],
        "contractingUnitId": [None, str(builder.contracting_unit_id)],
        "currencyCode": [None, "EUR"],
        "state": [None, "OPEN"],
        "statusReasonId": [None, str(builder.reasons[SeededReason.IN_PROGRESS])],
        "estimatedRevenue": [None, "7500.00"],
    }
    event = await only_row(builder, "event")
    assert event[2:] == (builder.organization_id, created.opportunity_id, "OPPORTUNITY_CREATED", NOW)


@pytest.mark.parametrize(
    ("sent", "noun", "field"),
    [
        ({"account_id": new_id()}, "account", "accountId"),
        ({"owner_id": new_id()}, "user", "ownerId"),
        ({"contracting_unit_id": new_id()}, "contracting unit", "contractingUnitId"),
    ],
)
async def test_what_a_new_opportunity_names_must_exist(
    builder: OrganizationBuilder, sent: dict[str, Any], noun: str, field: str
) -> None:
    refusal = await expect_refusal(builder, NotFound, create(builder, **sent))
    assert refusal.message == f"There is no {noun} with this id. Check the id."
    assert refusal.path == ("input", field)


@pytest.mark.parametrize("name", ["account_id", "owner_id", "contracting_unit_id"])
async def test_what_another_organization_has_is_as_good_as_missing(
    builder: OrganizationBuilder, name: str
) -> None:
    other = await OrganizationBuilder.create(builder.database)
    theirs = other.user_id if name == "owner_id" else getattr(other, name)
    await expect_refusal(builder, NotFound, create(builder, **{name: theirs}))


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
    builder: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await expect_refusal(builder, RuleViolation, create(builder, **sent))
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
    builder: OrganizationBuilder, sent: dict[str, Any], stored: Any
) -> None:
    await create(builder, **sent)
    row = await only_row(builder, "opportunity")
    assert [getattr(row, name) for name in sent] == [stored]


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


async def test_only_what_is_sent_is_changed(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity(description="Two berths.", estimated_close_date=NOW.date())
    before = await only_row(builder, "opportunity")
    owner_id = await colleague_of(builder)
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
async def test_what_an_opportunity_holds_already_is_no_change(
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


async def test_a_changed_opportunity_is_not_changed_by_who_expects_another_version(
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


async def test_another_organizations_opportunity_is_as_good_as_missing(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    refusal = await expect_refusal(
        builder, NotFound, update(builder, await other.opportunity(), {"name": "New"})
    )
    assert refusal.message == "There is no opportunity with this id. Check the id."


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"account_id": new_id()}, "accountId"), ({"owner_id": new_id()}, "ownerId")],
)
async def test_what_a_change_names_must_exist(builder: OrganizationBuilder, changes: Any, field: str) -> None:
    refusal = await expect_refusal(builder, NotFound, update(builder, await builder.opportunity(), changes))
    assert refusal.path == ("input", field)


@pytest.mark.parametrize(("changes", "code", "field"), BEYOND_LIMITS)
async def test_a_change_keeps_within_the_limits(
    builder: OrganizationBuilder, changes: Any, code: str, field: str
) -> None:
    refusal = await expect_refusal(
        builder, RuleViolation, update(builder, await builder.opportunity(), changes)
    )
    assert (refusal.code, refusal.path) == (code, ("input", field))
