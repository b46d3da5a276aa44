from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, SeededReason
from db.domain.errors import InvalidStatusReason, NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.master_data.status_reasons import (
    StatusReasonChanged,
    StatusReasonDraft,
    StatusReasonRetirement,
    create_status_reason,
    retire_status_reason,
)
from db.sql.database import Database
from tests.builders import NOW, Deals
from tests.db.operations import act, close, refused, the_only

LOST = OpportunityState.LOST
WON = OpportunityState.WON


@pytest.fixture
async def deals(database: Database) -> Deals:
    return await Deals.create(database)


async def create(deals: Deals, **sent: Any) -> StatusReasonChanged:
    draft = StatusReasonDraft(**{"state": LOST, "label": "No budget", **sent})
    return await act(deals, create_status_reason, draft)


async def retire(deals: Deals, status_reason_id: UUID, **sent: Any) -> StatusReasonChanged:
    retirement = StatusReasonRetirement(status_reason_id=status_reason_id, **sent)
    return await act(deals, retire_status_reason, retirement)


async def reason(deals: Deals, status_reason_id: UUID) -> Any:
    return {row.id: row for row in (await deals.dump())["status_reason"]}[status_reason_id]


async def test_an_organization_adds_a_reason_of_its_own(deals: Deals) -> None:
    created = await create(deals, label=" No budget ", description_required=True)
    assert (await reason(deals, created.status_reason_id))._asdict() == {
        "organization_id": deals.organization_id,
        "id": created.status_reason_id,
        "state": "LOST",
        "code": None,
        "label": "No budget",
        "description_required": True,
        "competitor_required": False,
        "retired_at": None,
        "version": 1,
        "created_at": NOW,
    }
    audit = await the_only(deals, "audit")
    assert (audit.action, audit.subject_id) == ("STATUS_REASON_CREATED", created.status_reason_id)
    assert orjson.loads(audit.details) == {
        "state": [None, "LOST"],
        "label": [None, "No budget"],
        "descriptionRequired": [None, "true"],
        "competitorRequired": [None, "false"],
    }


async def test_what_a_reason_requires_is_required_of_closings(deals: Deals) -> None:
    created = await create(deals, description_required=True, competitor_required=True)
    opportunity_id = await deals.opportunity()
    chosen: dict[str, Any] = {"status_reason_id": created.status_reason_id}
    for description, code in ((None, "DESCRIPTION_REQUIRED"), ("Too late.", "COMPETITOR_REQUIRED")):
        lacking = close(deals, opportunity_id, LOST, **chosen, description=description)
        assert (await refused(deals, RuleViolation, lacking)).code == code
    await close(
        deals, opportunity_id, LOST, **chosen, description="Too late.", competitor_id=deals.competitor_id
    )
    assert (await the_only(deals, "opportunity")).status_reason_id == created.status_reason_id


async def test_the_same_label_may_stand_for_another_state(deals: Deals) -> None:
    await create(deals, label="Other")
    created = await create(deals, state=WON, label="Other")
    assert (await reason(deals, created.status_reason_id)).state == "WON"


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"label": " "}, "LABEL_EMPTY", "label"),
        ({"label": 201 * "x"}, "LABEL_TOO_LONG", "label"),
        ({"label": "Out-Sold"}, "STATUS_REASON_LABEL_TAKEN", "label"),
        ({"state": OpportunityState.OPEN}, "STATUS_REASON_OF_OPEN", "state"),
        ({"state": WON, "competitor_required": True}, "COMPETITOR_OF_A_WIN", "competitorRequired"),
    ],
)
async def test_a_reason_that_can_not_be_is_refused(
    deals: Deals, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await refused(deals, RuleViolation, create(deals, **sent))
    assert (refusal.code, refusal.path) == (code, ("input", field))


async def test_a_retired_reason_is_refused_for_new_closings_and_stays_on_old_ones(deals: Deals) -> None:
    created = await create(deals)
    chosen: dict[str, Any] = {"status_reason_id": created.status_reason_id}
    closed, still_open = await deals.opportunity(), await deals.opportunity()
    await close(deals, closed, LOST, **chosen)

    assert await retire(deals, created.status_reason_id) == created

    row = await reason(deals, created.status_reason_id)
    assert (row.retired_at, row.version) == (NOW, 2)
    await refused(deals, InvalidStatusReason, close(deals, still_open, LOST, **chosen))
    activity = await the_only(deals, "opportunity_close")
    assert activity.status_reason_id == created.status_reason_id


async def test_a_seeded_reason_can_be_retired_and_is_no_default_any_more(deals: Deals) -> None:
    await retire(deals, deals.reasons[SeededReason.CANCELED])
    await refused(deals, InvalidStatusReason, close(deals, await deals.opportunity(), LOST))


async def test_retiring_is_audited(deals: Deals) -> None:
    reason_id = deals.reasons[SeededReason.OUT_SOLD]
    await retire(deals, reason_id)
    audit = await the_only(deals, "audit")
    assert (audit.action, audit.subject_id) == ("STATUS_REASON_RETIRED", reason_id)
    assert orjson.loads(audit.details) == {"isRetired": ["false", "true"]}


async def test_a_label_stays_taken_when_its_reason_is_retired(deals: Deals) -> None:
    await retire(deals, (await create(deals)).status_reason_id)
    assert (await refused(deals, RuleViolation, create(deals))).code == "STATUS_REASON_LABEL_TAKEN"


@pytest.mark.parametrize("code", [SeededReason.IN_PROGRESS, SeededReason.ON_HOLD])
async def test_the_reasons_of_open_opportunities_are_not_retired(deals: Deals, code: SeededReason) -> None:
    refusal = await refused(deals, RuleViolation, retire(deals, deals.reasons[code]))
    assert (refusal.code, refusal.path) == ("STATUS_REASON_OF_OPEN", ("input", "statusReasonId"))


async def test_a_retired_reason_is_not_retired_again(deals: Deals) -> None:
    reason_id = deals.reasons[SeededReason.OUT_SOLD]
    await retire(deals, reason_id)
    refusal = await refused(deals, RuleViolation, retire(deals, reason_id))
    assert (refusal.code, refusal.path) == ("STATUS_REASON_RETIRED", ("input", "statusReasonId"))


async def test_a_reason_of_another_version_is_not_retired(deals: Deals) -> None:
    reason_id = deals.reasons[SeededReason.OUT_SOLD]
    refusal = await refused(deals, StaleVersion, retire(deals, reason_id, expected_version=2))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("status reason", reason_id, 1)


async def test_a_missing_reason_is_not_retired(deals: Deals) -> None:
    other = await Deals.create(deals.database)
    for missing in (new_id(), other.reasons[SeededReason.OUT_SOLD]):
        refusal = await refused(deals, NotFound, retire(deals, missing))
        assert refusal.path == ("input", "statusReasonId")


async def test_doing_it_again_with_its_key_answers_the_first_outcome(deals: Deals) -> None:
    created = await create(deals, idempotency_key="monday")
    retired = await retire(deals, created.status_reason_id, idempotency_key="tuesday")
    before = await deals.dump()
    assert await create(deals, idempotency_key="monday") == created
    assert await retire(deals, created.status_reason_id, idempotency_key="tuesday") == retired
    assert await deals.dump() == before
