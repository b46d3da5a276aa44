import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.master_data.accounts import (
    AccountChanges,
    AccountReferences,
    ChangedAccount,
    CreateAccount,
    UpdateAccount,
    check_references,
    create_account,
    update_account,
)
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation

ALL_FIELDS: dict[str, Any] = {
    "name": "Blue Harbour",
    "industry": "Ports",
    "country": "Norway",
    "established": 1904,
    "employees": 0,
    "annual_revenue": Decimal("12.50"),
}


async def create(builder: OrganizationBuilder, **sent: Any) -> ChangedAccount:
    return await run_operation(builder, create_account, CreateAccount(**{"name": "Blue Harbour", **sent}))


async def update(
    builder: OrganizationBuilder, account_id: UUID, changes: AccountChanges, **sent: Any
) -> ChangedAccount:
    return await run_operation(
        builder, update_account, UpdateAccount(account_id=account_id, changes=changes, **sent)
    )


async def accounts(builder: OrganizationBuilder) -> dict[UUID, Any]:
    return {account.id: account for account in (await builder.dump())["account"]}


async def test_an_account_is_created_with_all_fields(builder: OrganizationBuilder) -> None:
    created = await create(builder, **ALL_FIELDS, parent_account_id=builder.account_id)
    assert (await accounts(builder))[created.account_id]._asdict() == {
        "organization_id": builder.organization_id,
        "id": created.account_id,
        **ALL_FIELDS,
        "parent_account_id": builder.account_id,
        "version": 1,
        "created_at": NOW,
    }


async def test_an_account_requires_only_a_name(builder: OrganizationBuilder) -> None:
    created = await create(builder, name=" Blue Harbour ", industry=" ")
    account = (await accounts(builder))[created.account_id]
    assert (account.name, account.industry, account.parent_account_id) == ("Blue Harbour", None, None)


async def test_a_new_account_is_audited_without_an_event(builder: OrganizationBuilder) -> None:
    created = await create(builder, employees=7)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "ACCOUNT_CREATED",
        created.account_id,
        None,
    )
    assert orjson.loads(audit.details) == {"name": [None, "Blue Harbour"], "employees": [None, "7"]}
    assert (await builder.dump())["event"] == []


async def test_only_the_sent_fields_are_changed(builder: OrganizationBuilder) -> None:
    account_id = (await create(builder, **ALL_FIELDS)).account_id
    before = (await accounts(builder))[account_id]
    await update(builder, account_id, {"name": "Red Harbour", "country": None, "employees": 12})
    assert (await accounts(builder))[account_id] == before._replace(
        name="Red Harbour", country=None, employees=12, version=2
    )
    audit = (await builder.dump())["audit"][1]
    assert (audit.action, audit.subject_id) == ("ACCOUNT_UPDATED", account_id)
    assert orjson.loads(audit.details) == {
        "name": ["Blue Harbour", "Red Harbour"],
        "country": ["Norway", None],
        "employees": ["0", "12"],
    }


@pytest.mark.parametrize("changes", [{}, {"name": "Grey Harbour ", "country": None}])
async def test_an_update_without_differences_writes_nothing(
    builder: OrganizationBuilder, changes: AccountChanges
) -> None:
    before = await builder.dump()
    await update(builder, builder.account_id, changes)
    assert await builder.dump() == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "NAME_EMPTY"),
        ("name", 201 * "x", "NAME_TOO_LONG"),
        ("industry", 201 * "x", "INDUSTRY_TOO_LONG"),
        ("country", "\0", "COUNTRY_WITH_NUL"),
        ("established", 0, "ESTABLISHED_OUT_OF_RANGE"),
        ("established", 10_000, "ESTABLISHED_OUT_OF_RANGE"),
        ("employees", -1, "EMPLOYEES_OUT_OF_RANGE"),
        ("employees", 2**31, "EMPLOYEES_OUT_OF_RANGE"),
    ],
)
async def test_an_invalid_field_is_refused(
    builder: OrganizationBuilder, field: str, value: Any, code: str
) -> None:
    for operation in (create(builder, **{field: value}), update(builder, builder.account_id, {field: value})):  # type: ignore[misc]
        refusal = await expect_refusal(builder, RuleViolation, operation)
        assert (refusal.code, refusal.path) == (code, ("input", field))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Decimal("-0.01"), "ANNUAL_REVENUE_OUT_OF_RANGE"),
        (Decimal("0.001"), "ANNUAL_REVENUE_TOO_PRECISE"),
    ],
)
async def test_an_invalid_annual_revenue_is_refused(
    builder: OrganizationBuilder, value: Decimal, code: str
) -> None:
    refusal = await expect_refusal(builder, RuleViolation, create(builder, annual_revenue=value))
    assert (refusal.code, refusal.path) == (code, ("input", "annualRevenue"))


async def test_a_name_is_unique_within_an_organization(builder: OrganizationBuilder) -> None:
    await create(builder)
    for operation in (
        create(builder, name=" Grey Harbour"),
        update(builder, builder.account_id, {"name": "Blue Harbour"}),
    ):
        refusal = await expect_refusal(builder, RuleViolation, operation)
        assert (refusal.code, refusal.path) == ("ACCOUNT_NAME_TAKEN", ("input", "name"))
    other = await OrganizationBuilder.create(builder.database)
    assert await create(other)


async def test_of_concurrent_accounts_with_one_name_only_one_is_created(builder: OrganizationBuilder) -> None:
    outcomes = await asyncio.gather(*(create(builder) for _ in range(4)), return_exceptions=True)
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, RuleViolation)]
    assert codes == 3 * ["ACCOUNT_NAME_TAKEN"]


async def test_the_parent_must_exist_in_the_organization(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), other.account_id):
        for operation in (
            create(builder, parent_account_id=missing),
            update(builder, builder.account_id, {"parent_account_id": missing}),
        ):
            refusal = await expect_refusal(builder, NotFound, operation)
            assert refusal.path == ("input", "parentAccountId")


def test_all_problems_of_a_name_and_a_parent_are_collected() -> None:
    references = AccountReferences(is_name_taken=True, parent_chain=frozenset())
    with pytest.raises(RuleViolation) as refusal:
        check_references(references, {"name": "Blue Harbour", "parent_account_id": new_id()})
    assert [problem.code for problem in refusal.value.problems] == ["ACCOUNT_NAME_TAKEN", "NOT_FOUND"]


async def test_an_account_cannot_be_above_itself(builder: OrganizationBuilder) -> None:
    top = builder.account_id
    middle = (await create(builder, name="Middle", parent_account_id=top)).account_id
    bottom = (await create(builder, name="Bottom", parent_account_id=middle)).account_id
    for below in (top, middle, bottom):
        refusal = await expect_refusal(
            builder, RuleViolation, update(builder, top, {"parent_account_id": below})
        )
        assert (refusal.code, refusal.path) == ("PARENT_ACCOUNT_BELOW", ("input", "parentAccountId"))
    await update(builder, bottom, {"parent_account_id": top})
    assert (await accounts(builder))[bottom].parent_account_id == top


async def test_concurrent_updates_cannot_create_a_cycle(builder: OrganizationBuilder) -> None:
    one, two = builder.account_id, (await create(builder)).account_id
    outcomes = await asyncio.gather(
        update(builder, one, {"parent_account_id": two}),
        update(builder, two, {"parent_account_id": one}),
        return_exceptions=True,
    )
    assert [outcome.code for outcome in outcomes if isinstance(outcome, RuleViolation)] == [
        "PARENT_ACCOUNT_BELOW"
    ]


async def test_an_update_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    await update(builder, builder.account_id, {"name": "Red Harbour"})
    stale = update(builder, builder.account_id, {"name": "New"}, expected_version=1)
    refusal = await expect_refusal(builder, StaleVersion, stale)
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("account", builder.account_id, 2)


async def test_updating_an_unknown_account_is_refused(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), other.account_id):
        refusal = await expect_refusal(builder, NotFound, update(builder, missing, {"name": "New"}))
        assert refusal.path == ("input", "accountId")


async def test_a_repeated_idempotency_key_returns_the_first_outcome(builder: OrganizationBuilder) -> None:
    created = await create(builder, idempotency_key="monday")
    updated = await update(builder, builder.account_id, {"employees": 3}, idempotency_key="tuesday")
    before = await builder.dump()
    assert await create(builder, idempotency_key="monday") == created
    assert await update(builder, builder.account_id, {"employees": 3}, idempotency_key="tuesday") == updated
    assert await builder.dump() == before
