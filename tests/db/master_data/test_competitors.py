import asyncio
from typing import Any

import orjson
import pytest

from db.domain.errors import RuleViolation
from db.master_data.competitors import CreateCompetitor, CreatedCompetitor, create_competitor
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation


async def create(builder: OrganizationBuilder, **sent: Any) -> CreatedCompetitor:
    return await run_operation(builder, create_competitor, CreateCompetitor(**{"name": "Crane Co.", **sent}))


async def test_a_competitor_is_created_and_audited(builder: OrganizationBuilder) -> None:
    created = await create(builder, name=" Crane Co. ")
    [row] = [each for each in (await builder.dump())["competitor"] if each.id == created.competitor_id]
    assert row[2:] == ("Crane Co.", 1, NOW)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id) == ("COMPETITOR_CREATED", created.competitor_id)
    assert orjson.loads(audit.details) == {"name": [None, "Crane Co."]}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "NAME_EMPTY"),
        (201 * "x", "NAME_TOO_LONG"),
        ("Lift & Sons ", "COMPETITOR_NAME_TAKEN"),
        ("\u200b", "NAME_WITH_FORBIDDEN_CHARACTER"),
        ("Lift\u202e & Sons", "NAME_WITH_FORBIDDEN_CHARACTER"),
    ],
)
async def test_an_invalid_or_taken_name_is_refused(
    builder: OrganizationBuilder, name: str, code: str
) -> None:
    refusal = await expect_refusal(builder, RuleViolation, create(builder, name=name))
    assert (refusal.code, refusal.path) == (code, ("input", "name"))


async def test_of_concurrent_competitors_with_one_name_only_one_is_created(
    builder: OrganizationBuilder,
) -> None:
    outcomes = await asyncio.gather(*(create(builder) for _ in range(4)), return_exceptions=True)
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, RuleViolation)]
    assert codes == 3 * ["COMPETITOR_NAME_TAKEN"]


async def test_a_repeated_idempotency_key_returns_the_first_outcome(builder: OrganizationBuilder) -> None:
    first = await create(builder, idempotency_key="monday")
    before = await builder.dump()
    assert await create(builder, idempotency_key="monday") == first
    assert await builder.dump() == before
