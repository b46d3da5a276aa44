from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db.domain.enums import OpenReason, SeededReason
from db.domain.errors import NotFound, RuleViolation
from db.domain.ids import new_id
from db.opportunities.create import ChangedOpportunity, CreateOpportunity, create_opportunity
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, insert_colleague, only_row, run_operation


async def create(builder: OrganizationBuilder, **sent: Any) -> ChangedOpportunity:
    usual: dict[str, Any] = {
        "name": "Quay lighting",
        "account_id": builder.account_id,
        "contracting_unit_id": builder.contracting_unit_id,
        "estimated_revenue": Decimal(7500),
    }
    return await run_operation(builder, create_opportunity, CreateOpportunity(**{**usual, **sent}))


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


async def test_all_fields_of_a_new_opportunity_are_stored(builder: OrganizationBuilder) -> None:
    owner_id = await insert_colleague(builder)
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


async def test_a_new_opportunity_is_audited_with_all_its_fields(builder: OrganizationBuilder) -> None:
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
async def test_the_references_of_a_new_opportunity_must_exist(
    builder: OrganizationBuilder, sent: dict[str, Any], noun: str, field: str
) -> None:
    refusal = await expect_refusal(builder, NotFound, create(builder, **sent))
    assert refusal.message == f"There is no {noun} with this id. Check the id."
    assert refusal.path == ("input", field)


@pytest.mark.parametrize("name", ["account_id", "owner_id", "contracting_unit_id"])
async def test_rows_of_another_organization_are_not_found(builder: OrganizationBuilder, name: str) -> None:
    other = await OrganizationBuilder.create(builder.database)
    theirs = other.user_id if name == "owner_id" else getattr(other, name)
    await expect_refusal(builder, NotFound, create(builder, **{name: theirs}))


INVALID_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " \t"}, "NAME_EMPTY", "name"),
    ({"name": 201 * "x"}, "NAME_TOO_LONG", "name"),
    ({"name": "Quay\u202e"}, "NAME_WITH_FORBIDDEN_CHARACTER", "name"),
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
        *INVALID_FIELDS,
        *(
            ({"currency_code": each}, "CURRENCY_CODE_INVALID", "currencyCode")
            for each in ("eur", "EU", "EURO", "")
        ),
    ],
)
async def test_invalid_fields_of_a_new_opportunity_are_refused(
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
async def test_the_limits_of_the_fields_are_inclusive(
    builder: OrganizationBuilder, sent: dict[str, Any], stored: Any
) -> None:
    await create(builder, **sent)
    row = await only_row(builder, "opportunity")
    assert [getattr(row, name) for name in sent] == [stored]
