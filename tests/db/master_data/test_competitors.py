import asyncio
from typing import Any

import orjson
import pytest

from db.domain.errors import RuleViolation
from db.master_data.competitors import CreateCompetitor, CreatedCompetitor, create_competitor
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation


@pytest.fixture
async def deals(database: Database) -> OrganizationBuilder:
    return await OrganizationBuilder.create(database)


async def create(deals: OrganizationBuilder, **sent: Any) -> CreatedCompetitor:
    return await run_operation(deals, create_competitor, CreateCompetitor(**{"name": "Crane Co.", **sent}))


async def test_a_competitor_is_created_and_audited(deals: OrganizationBuilder) -> None:
    created = await create(deals, name=" Crane Co. ")
    [row] = [each for each in (await deals.dump())["competitor"] if each.id == created.competitor_id]
    assert row[2:] == ("Crane Co.", 1, NOW)
    audit = await only_row(deals, "audit")
    assert (audit.action, audit.subject_id) == ("COMPETITOR_CREATED", created.competitor_id)
    assert orjson.loads(audit.details) == {"name": [None, "Crane Co."]}


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "NAME_EMPTY"), (201 * "x", "NAME_TOO_LONG"), ("Lift & Sons ", "COMPETITOR_NAME_TAKEN")],
)
async def test_a_competitors_name_is_its_own(deals: OrganizationBuilder, name: str, code: str) -> None:
    refusal = await expect_refusal(deals, RuleViolation, create(deals, name=name))
    assert (refusal.code, refusal.path) == (code, ("input", "name"))


async def test_of_twins_with_one_name_one_is_refused(deals: OrganizationBuilder) -> None:
    answers = await asyncio.gather(*(create(deals) for _ in range(4)), return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert codes == 3 * ["COMPETITOR_NAME_TAKEN"]


async def test_creating_again_with_its_key_answers_the_first_outcome(deals: OrganizationBuilder) -> None:
    first = await create(deals, idempotency_key="monday")
    before = await deals.dump()
    assert await create(deals, idempotency_key="monday") == first
    assert await deals.dump() == before
