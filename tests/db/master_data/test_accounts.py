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
    ChangedAccount,
    CreateAccount,
    UpdateAccount,
    create_account,
    update_account,
)
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation

EVERYTHING: dict[str, Any] = {
    "name": "Blue Harbour",
    "industry": "Ports",
    "country": "Norway",
    "established": 1904,
    "employees": 0,
    "annual_revenue": Decimal("12.50"),
}


@pytest.fixture
async def deals(database: Database) -> OrganizationBuilder:
    return await OrganizationBuilder.create(database)


async def create(deals: OrganizationBuilder, **sent: Any) -> ChangedAccount:
    return await run_operation(deals, create_account, CreateAccount(**{"name": "Blue Harbour", **sent}))


async def update(
    deals: OrganizationBuilder, account_id: UUID, changes: AccountChanges, **sent: Any
) -> ChangedAccount:
    return await run_operation(
        deals, update_account, UpdateAccount(account_id=account_id, changes=changes, **sent)
    )


async def accounts(deals: OrganizationBuilder) -> dict[UUID, Any]:
    return {account.id: account for account in (await deals.dump())["account"]}


async def test_an_account_is_created_with_what_is_known(deals: OrganizationBuilder) -> None:
    created = await create(deals, **EVERYTHING, parent_account_id=deals.account_id)
    assert (await accounts(deals))[created.account_id]._asdict() == {
        "organization_id": deals.organization_id,
        "id": created.account_id,
        **EVERYTHING,
        "parent_account_id": deals.account_id,
        "version": 1,
        "created_at": NOW,
    }


async def test_an_account_needs_only_a_name(deals: OrganizationBuilder) -> None:
    created = await create(deals, name=" Blue Harbour ", industry=" ")
    account = (await accounts(deals))[created.account_id]
    assert (account.name, account.industry, account.parent_account_id) == ("Blue Harbour", None, None)


async def test_a_new_account_is_audited_and_nobody_is_told(deals: OrganizationBuilder) -> None:
    created = await create(deals, employees=7)
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id, audit.opportunity_id) == (
        "ACCOUNT_CREATED",
        created.account_id,
        None,
    )
    assert orjson.loads(audit.details) == {"name": [None, "Blue Harbour"], "employees": [None, "7"]}
    assert (await deals.dump())["event"] == []


async def test_only_what_is_sent_is_changed(deals: OrganizationBuilder) -> None:
    account_id = (await create(deals, **EVERYTHING)).account_id
    before = (await accounts(deals))[account_id]
    await update(deals, account_id, {"name": "Red Harbour", "country": None, "employees": 12})
    assert (await accounts(deals))[account_id] == before._replace(
        name="Red Harbour", country=None, employees=12, version=2
    )
    audit = (await deals.dump())["audit"][1]
    assert (audit.action, audit.subject_id) == ("ACCOUNT_UPDATED", account_id)
    assert orjson.loads(audit.details) == {
        "name": ["Blue Harbour", "Red Harbour"],
        "country": ["Norway", None],
        "employees": ["0", "12"],
    }


@pytest.mark.parametrize("changes", [{}, {"name": "Grey Harbour ", "country": None}])
async def test_what_an_account_holds_already_is_no_change(
    deals: OrganizationBuilder, changes: AccountChanges
) -> None:
    before = await deals.dump()
    await update(deals, deals.account_id, changes)
    assert await deals.dump() == before


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
async def test_an_account_keeps_within_the_limits(
    deals: OrganizationBuilder, field: str, value: Any, code: str
) -> None:
    for acted in (create(deals, **{field: value}), update(deals, deals.account_id, {field: value})):  # type: ignore[misc]
        refusal = await expect_refusal(deals, RuleViolation, acted)
        assert (refusal.code, refusal.path) == (code, ("input", field))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Decimal("-0.01"), "ANNUAL_REVENUE_OUT_OF_RANGE"),
        (Decimal("0.001"), "ANNUAL_REVENUE_TOO_PRECISE"),
    ],
)
async def test_annual_revenue_is_an_exact_amount(
    deals: OrganizationBuilder, value: Decimal, code: str
) -> None:
    refusal = await expect_refusal(deals, RuleViolation, create(deals, annual_revenue=value))
    assert (refusal.code, refusal.path) == (code, ("input", "annualRevenue"))


async def test_a_name_is_taken_once_an_organization(deals: OrganizationBuilder) -> None:
    await create(deals)
    for acted in (
        create(deals, name=" Grey Harbour"),
        update(deals, deals.account_id, {"name": "Blue Harbour"}),
    ):
        refusal = await expect_refusal(deals, RuleViolation, acted)
        assert (refusal.code, refusal.path) == ("ACCOUNT_NAME_TAKEN", ("input", "name"))
    other = await OrganizationBuilder.create(deals.database)
    assert await create(other)


async def test_of_twins_with_one_name_one_is_refused(deals: OrganizationBuilder) -> None:
    answers = await asyncio.gather(*(create(deals) for _ in range(4)), return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert codes == 3 * ["ACCOUNT_NAME_TAKEN"]


async def test_the_parent_must_exist_in_the_organization(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    for missing in (new_id(), other.account_id):
        for acted in (
            create(deals, parent_account_id=missing),
            update(deals, deals.account_id, {"parent_account_id": missing}),
        ):
            refusal = await expect_refusal(deals, NotFound, acted)
            assert refusal.path == ("input", "parentAccountId")


async def test_an_account_never_belongs_to_itself(deals: OrganizationBuilder) -> None:
    top = deals.account_id
    middle = (await create(deals, name="Middle", parent_account_id=top)).account_id
    bottom = (await create(deals, name="Bottom", parent_account_id=middle)).account_id
    for below in (top, middle, bottom):
        refusal = await expect_refusal(deals, RuleViolation, update(deals, top, {"parent_account_id": below}))
        assert (refusal.code, refusal.path) == ("PARENT_ACCOUNT_BELOW", ("input", "parentAccountId"))
    await update(deals, bottom, {"parent_account_id": top})
    assert (await accounts(deals))[bottom].parent_account_id == top


async def test_two_accounts_never_belong_to_each_other(deals: OrganizationBuilder) -> None:
    one, two = deals.account_id, (await create(deals)).account_id
    answers = await asyncio.gather(
        update(deals, one, {"parent_account_id": two}),
        update(deals, two, {"parent_account_id": one}),
        return_exceptions=True,
    )
    assert [answer.code for answer in answers if isinstance(answer, RuleViolation)] == [
        "PARENT_ACCOUNT_BELOW"
    ]


async def test_an_account_of_another_version_is_not_changed(deals: OrganizationBuilder) -> None:
    await update(deals, deals.account_id, {"name": "Red Harbour"})
    stale = update(deals, deals.account_id, {"name": "New"}, expected_version=1)
    refusal = await expect_refusal(deals, StaleVersion, stale)
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("account", deals.account_id, 2)


async def test_a_missing_account_is_not_changed(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    for missing in (new_id(), other.account_id):
        refusal = await expect_refusal(deals, NotFound, update(deals, missing, {"name": "New"}))
        assert refusal.path == ("input", "accountId")


async def test_doing_it_again_with_its_key_answers_the_first_outcome(deals: OrganizationBuilder) -> None:
    created = await create(deals, idempotency_key="monday")
    updated = await update(deals, deals.account_id, {"employees": 3}, idempotency_key="tuesday")
    before = await deals.dump()
    assert await create(deals, idempotency_key="monday") == created
    assert await update(deals, deals.account_id, {"employees": 3}, idempotency_key="tuesday") == updated
    assert await deals.dump() == before
