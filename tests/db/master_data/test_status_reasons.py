from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import OpportunityState, SeededReason
from db.domain.errors import InvalidStatusReason, NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.master_data.status_reasons import (
    ChangedStatusReason,
    CreateStatusReason,
    RetireStatusReason,
    create_status_reason,
    decide_new_status_reason,
    retire_status_reason,
)
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close, expect_refusal, only_row, run_operation

LOST = OpportunityState.LOST
WON = OpportunityState.WON


async def create(builder: OrganizationBuilder, **sent: Any) -> ChangedStatusReason:
    command = CreateStatusReason(**{"state": LOST, "label": "No budget", **sent})
    return await run_operation(builder, create_status_reason, command)


async def retire(builder: OrganizationBuilder, status_reason_id: UUID, **sent: Any) -> ChangedStatusReason:
    command = RetireStatusReason(status_reason_id=status_reason_id, **sent)
    return await run_operation(builder, retire_status_reason, command)


async def reason(builder: OrganizationBuilder, status_reason_id: UUID) -> Any:
    return {row.id: row for row in (await builder.dump())["status_reason"]}[status_reason_id]


async def test_a_status_reason_is_created_and_audited(builder: OrganizationBuilder) -> None:
    created = await create(builder, label=" No budget ", description_required=True)
    assert (await reason(builder, created.status_reason_id))._asdict() == {
        "organization_id": builder.organization_id,
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
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id) == ("STATUS_REASON_CREATED", created.status_reason_id)
    assert orjson.loads(audit.details) == {
        "state": [None, "LOST"],
        "label": [None, "No budget"],
        "descriptionRequired": [None, "true"],
        "competitorRequired": [None, "false"],
    }


async def test_a_closing_must_meet_the_requirements_of_its_reason(builder: OrganizationBuilder) -> None:
    created = await create(builder, description_required=True, competitor_required=True)
    opportunity_id = await builder.opportunity()
    chosen: dict[str, Any] = {"status_reason_id": created.status_reason_id}
    for description, code in ((None, "DESCRIPTION_REQUIRED"), ("Too late.", "COMPETITOR_REQUIRED")):
        lacking = close(builder, opportunity_id, LOST, **chosen, description=description)
        assert (await expect_refusal(builder, RuleViolation, lacking)).code == code
    await close(
        builder, opportunity_id, LOST, **chosen, description="Too late.", competitor_id=builder.competitor_id
    )
    assert (await only_row(builder, "opportunity")).status_reason_id == created.status_reason_id


async def test_a_label_may_be_used_for_both_states(builder: OrganizationBuilder) -> None:
    await create(builder, label="Other")
    created = await create(builder, state=WON, label="Other")
    assert (await reason(builder, created.status_reason_id)).state == "WON"


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
async def test_an_invalid_status_reason_is_refused(
    builder: OrganizationBuilder, sent: dict[str, Any], code: str, field: str
) -> None:
    refusal = await expect_refusal(builder, RuleViolation, create(builder, **sent))
    assert (refusal.code, refusal.path) == (code, ("input", field))


def test_all_problems_of_a_status_reason_are_collected() -> None:
    command = CreateStatusReason(state=OpportunityState.OPEN, label=" ")
    with pytest.raises(RuleViolation) as refusal:
        decide_new_status_reason(command)
    assert [problem.code for problem in refusal.value.problems] == ["LABEL_EMPTY", "STATUS_REASON_OF_OPEN"]


async def test_a_retired_reason_is_refused_for_new_closings_and_kept_by_old_ones(
    builder: OrganizationBuilder,
) -> None:
    created = await create(builder)
    chosen: dict[str, Any] = {"status_reason_id": created.status_reason_id}
    closed, still_open = await builder.opportunity(), await builder.opportunity()
    await close(builder, closed, LOST, **chosen)

    assert await retire(builder, created.status_reason_id) == created

    row = await reason(builder, created.status_reason_id)
    assert (row.retired_at, row.version) == (NOW, 2)
    await expect_refusal(builder, InvalidStatusReason, close(builder, still_open, LOST, **chosen))
    activity = await only_row(builder, "opportunity_close")
    assert activity.status_reason_id == created.status_reason_id


async def test_a_retired_seeded_reason_is_no_default(
    builder: OrganizationBuilder,
) -> None:
    await retire(builder, builder.reasons[SeededReason.CANCELED])
    await expect_refusal(builder, InvalidStatusReason, close(builder, await builder.opportunity(), LOST))


async def test_retiring_is_audited(builder: OrganizationBuilder) -> None:
    reason_id = builder.reasons[SeededReason.OUT_SOLD]
    await retire(builder, reason_id)
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id) == ("STATUS_REASON_RETIRED", reason_id)
    assert orjson.loads(audit.details) == {"isRetired": ["false", "true"]}


async def test_the_label_of_a_retired_reason_stays_taken(builder: OrganizationBuilder) -> None:
    await retire(builder, (await create(builder)).status_reason_id)
    assert (await expect_refusal(builder, RuleViolation, create(builder))).code == "STATUS_REASON_LABEL_TAKEN"


@pytest.mark.parametrize("code", [SeededReason.IN_PROGRESS, SeededReason.ON_HOLD])
async def test_reasons_of_open_opportunities_cannot_be_retired(
    builder: OrganizationBuilder, code: SeededReason
) -> None:
    refusal = await expect_refusal(builder, RuleViolation, retire(builder, builder.reasons[code]))
    assert (refusal.code, refusal.path) == ("STATUS_REASON_OF_OPEN", ("input", "statusReasonId"))


async def test_a_reason_cannot_be_retired_twice(builder: OrganizationBuilder) -> None:
    reason_id = builder.reasons[SeededReason.OUT_SOLD]
    await retire(builder, reason_id)
    refusal = await expect_refusal(builder, RuleViolation, retire(builder, reason_id))
    assert (refusal.code, refusal.path) == ("STATUS_REASON_RETIRED", ("input", "statusReasonId"))


async def test_retiring_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    reason_id = builder.reasons[SeededReason.OUT_SOLD]
    refusal = await expect_refusal(builder, StaleVersion, retire(builder, reason_id, expected_version=2))
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("status reason", reason_id, 1)


async def test_retiring_an_unknown_reason_is_refused(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), other.reasons[SeededReason.OUT_SOLD]):
        refusal = await expect_refusal(builder, NotFound, retire(builder, missing))
        assert refusal.path == ("input", "statusReasonId")


async def test_a_repeated_idempotency_key_returns_the_first_outcome(builder: OrganizationBuilder) -> None:
    created = await create(builder, idempotency_key="monday")
    retired = await retire(builder, created.status_reason_id, idempotency_key="tuesday")
    before = await builder.dump()
    assert await create(builder, idempotency_key="monday") == created
    assert await retire(builder, created.status_reason_id, idempotency_key="tuesday") == retired
    assert await builder.dump() == before
