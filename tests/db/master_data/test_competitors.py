import asyncio
from typing import Any

import orjson
import pytest

from db.domain.errors import RuleViolation
from db.master_data.competitors import CompetitorCreated, CompetitorDraft, create_competitor
from db.sql.database import Database
from tests.builders import NOW, Deals
from tests.db.operations import act, refused, the_only


@pytest.fixture
async def deals(database: Database) -> Deals:
    return await Deals.create(database)


async def create(deals: Deals, **sent: Any) -> CompetitorCreated:
    return await act(deals, create_competitor, CompetitorDraft(**{"name": "Crane Co.", **sent}))


async def test_a_competitor_is_created_and_audited(deals: Deals) -> None:
    created = await create(deals, name=" Crane Co. ")
    [row] = [each for each in (await deals.dump())["competitor"] if each.id == created.competitor_id]
    assert row[2:] == ("Crane Co.", 1, NOW)
    audit = await the_only(deals, "audit")
    assert (audit.action, audit.subject_id) == ("COMPETITOR_CREATED", created.competitor_id)
    assert orjson.loads(audit.details) == {"name": [None, "Crane Co."]}


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "NAME_EMPTY"), (201 * "x", "NAME_TOO_LONG"), ("Lift & Sons ", "COMPETITOR_NAME_TAKEN")],
)
async def test_a_competitors_name_is_its_own(deals: Deals, name: str, code: str) -> None:
    refusal = await refused(deals, RuleViolation, create(deals, name=name))
    assert (refusal.code, refusal.path) == (code, ("input", "name"))


async def test_of_twins_with_one_name_one_is_refused(deals: Deals) -> None:
    answers = await asyncio.gather(*(create(deals) for _ in range(4)), return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert codes == 3 * ["COMPETITOR_NAME_TAKEN"]


async def test_creating_again_with_its_key_answers_the_first_outcome(deals: Deals) -> None:
    first = await create(deals, idempotency_key="monday")
    before = await deals.dump()
    assert await create(deals, idempotency_key="monday") == first
    assert await deals.dump() == before
