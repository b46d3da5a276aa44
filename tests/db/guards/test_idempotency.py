import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import models
from db.domain.caller import Caller
from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import (
    ActiveQuotes,
    OpportunityAlreadyClosed,
    QuotesNotClosable,
    RuleViolation,
)
from db.domain.ids import new_id
from db.guards.idempotency import KEY_TTL, PURGE_BATCH_SIZE, delete_expired_keys, idempotent
from db.opportunities.close import CloseRemainingQuotes
from db.sql.database import Transaction
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import activate, close, close_all, expect_refusal, insert_colleague, only_row

KEY = "8f2c-monday"


@dataclass(frozen=True)
class Command:
    idempotency_key: str


async def assert_replayed(builder: OrganizationBuilder, operation: Callable[[], Awaitable[Any]]) -> None:
    """Run an operation twice; the second run returns the first outcome and changes nothing."""
    first = await operation()
    before = await builder.dump()
    assert await operation() == first
    assert await builder.dump() == before


async def test_closing_an_opportunity_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    remaining = CloseRemainingQuotes(reason=QuoteCloseReason.LOST)
    await assert_replayed(
        builder, lambda: close(builder, opportunity_id, close_quotes=remaining, idempotency_key=KEY)
    )
    assert (await only_row(builder, "opportunity")).version == 2


async def test_closing_quotes_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    ids = (await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE), new_id())
    await assert_replayed(
        builder, lambda: close_all(builder, ids=ids, close_others=True, idempotency_key=KEY)
    )
    assert (await only_row(builder, "quote")).version == 2


async def test_activating_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    await assert_replayed(builder, lambda: activate(builder, quote_id, idempotency_key=KEY))
    assert (await only_row(builder, "quote")).version == 2


async def test_twelve_concurrent_requests_have_one_effect_and_one_outcome(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    outcomes = await asyncio.gather(*(close(builder, opportunity_id, idempotency_key=KEY) for _ in range(12)))
    assert len(set(outcomes)) == 1
    assert (await only_row(builder, "opportunity")).version == 2
    assert (await only_row(builder, "opportunity_close")).id == outcomes[0].opportunity_close_id
    assert (await only_row(builder, "event")).kind == "OPPORTUNITY_CLOSED"


async def test_without_a_key_nothing_is_stored(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await close(builder, opportunity_id)
    assert (await builder.dump())["idempotency"] == []
    await expect_refusal(builder, OpportunityAlreadyClosed, close(builder, opportunity_id))


async def test_a_key_with_another_input_is_refused(builder: OrganizationBuilder) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    await close(builder, first, idempotency_key=KEY)
    for closing in (
        close(builder, second, idempotency_key=KEY),
        close(builder, first, OpportunityState.LOST, idempotency_key=KEY),
        close_all(builder, of_opportunity=first, idempotency_key=KEY),
        activate(builder, first, idempotency_key=KEY),
    ):
        refusal = await expect_refusal(builder, RuleViolation, closing)
        assert (refusal.code, refusal.path) == ("IDEMPOTENCY_KEY_REUSED", ("input", "idempotencyKey"))


async def test_a_key_of_another_mutation_with_the_same_input_is_refused(
    builder: OrganizationBuilder,
) -> None:
    command = Command(idempotency_key=KEY)

    async def run(name: str) -> Command:
        @idempotent(name)
        async def operation(_transaction: Transaction, _caller: Caller, command: Command) -> Command:
            return command

        return await builder.database.write(lambda it: operation(it, builder.caller, command))

    assert await run("closeDeal") == command
    refusal = await expect_refusal(builder, RuleViolation, run("openDeal"))
    assert refusal.code == "IDEMPOTENCY_KEY_REUSED"


async def test_concurrent_requests_with_different_inputs_have_one_effect(
    builder: OrganizationBuilder,
) -> None:
    opportunities = [await builder.opportunity() for _ in range(4)]
    outcomes = await asyncio.gather(
        *(close(builder, each, idempotency_key=KEY) for each in opportunities), return_exceptions=True
    )
    refusals = [outcome.code for outcome in outcomes if isinstance(outcome, RuleViolation)]
    assert refusals == 3 * ["IDEMPOTENCY_KEY_REUSED"]
    closed = await only_row(builder, "opportunity_close")
    assert closed.opportunity_id in opportunities


async def test_keys_of_different_users_and_organizations_are_different(builder: OrganizationBuilder) -> None:
    colleague_id = await insert_colleague(builder)
    other = await OrganizationBuilder.create(builder.database)
    await insert_colleague(other, builder.user_id)
    opportunities = {
        builder.caller: await builder.opportunity(),
        replace(builder.caller, user_id=colleague_id): await builder.opportunity(),
        replace(other.caller, user_id=builder.user_id): await other.opportunity(),
    }
    for _first_and_again in range(2):
        for caller, opportunity_id in opportunities.items():
            closed = await close(builder, opportunity_id, caller=caller, idempotency_key=KEY)
            assert closed.opportunity_id == opportunity_id
    assert len((await builder.dump())["opportunity_close"]) == 3


async def test_a_refusal_leaves_the_key_unused(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    await expect_refusal(builder, ActiveQuotes, close(builder, opportunity_id, idempotency_key=KEY))
    await expect_refusal(builder, QuotesNotClosable, close_all(builder, ids=(new_id(),), idempotency_key=KEY))
    await close_all(builder, ids=(quote_id,), idempotency_key=KEY)
    assert (await only_row(builder, "quote")).state == "CLOSED"


def after(caller: Caller, hours: timedelta) -> Caller:
    return replace(caller, now=NOW + hours)


async def test_a_key_is_valid_for_24_hours(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closed = await close(builder, opportunity_id, idempotency_key=KEY)
    a_day_later = after(builder.caller, timedelta(hours=24))
    assert await close(builder, opportunity_id, caller=a_day_later, idempotency_key=KEY) == closed


async def test_a_key_can_be_used_again_after_24_hours(builder: OrganizationBuilder) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    await close(builder, first, idempotency_key=KEY)
    later = after(builder.caller, timedelta(hours=24, microseconds=1))

    closed = await close(builder, second, caller=later, idempotency_key=KEY)

    assert closed.opportunity_id == second
    row = await only_row(builder, "idempotency")
    assert row.created_at == later.now
    assert await close(builder, second, caller=later, idempotency_key=KEY) == closed


async def test_only_keys_older_than_24_hours_are_deleted(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    old = [key_of(each, f"old {number}") for number in range(PURGE_BATCH_SIZE) for each in (builder, other)]
    young = key_of(other, "young", created_at=NOW - KEY_TTL)
    await builder.insert(*old, young)

    assert await delete_expired_keys(builder.database, now=NOW) == len(old)

    assert (await only_row(builder, "idempotency")).key == "young"
    assert await delete_expired_keys(builder.database, now=NOW) == 0


def key_of(
    builder: OrganizationBuilder, key: str, created_at: datetime = NOW - KEY_TTL - timedelta(microseconds=1)
) -> models.Idempotency:
    return models.Idempotency(
        organization_id=builder.organization_id,
        user_id=builder.user_id,
        key=key,
        fingerprint="",
        outcome="",
        created_at=created_at,
    )


@pytest.mark.parametrize(
    ("key", "code"), [("", "IDEMPOTENCY_KEY_EMPTY"), (129 * "k", "IDEMPOTENCY_KEY_TOO_LONG")]
)
async def test_a_key_has_1_to_128_characters(builder: OrganizationBuilder, key: str, code: str) -> None:
    opportunity_id = await builder.opportunity()
    refusal = await expect_refusal(
        builder, RuleViolation, close(builder, opportunity_id, idempotency_key=key)
    )
    assert (refusal.code, refusal.path) == (code, ("input", "idempotencyKey"))


async def test_a_key_of_128_characters_is_stored(builder: OrganizationBuilder) -> None:
    await close(builder, await builder.opportunity(), idempotency_key=128 * "ß")
    assert (await only_row(builder, "idempotency")).key == 128 * "ß"
