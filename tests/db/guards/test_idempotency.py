import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import activate, close, close_all, expect_refusal, only_row

KEY = "8f2c-monday"


@dataclass(frozen=True)
class Sent:
    idempotency_key: str


async def same_again(builder: OrganizationBuilder, act: Callable[[], Awaitable[Any]]) -> None:
    """Act twice: the second time answers the first outcome and changes nothing."""
    first = await act()
    before = await builder.dump()
    assert await act() == first
    assert await builder.dump() == before


async def test_closing_an_opportunity_again_with_its_key_answers_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    remaining = CloseRemainingQuotes(reason=QuoteCloseReason.LOST)
    await same_again(
        builder, lambda: close(builder, opportunity_id, close_quotes=remaining, idempotency_key=KEY)
    )
    assert (await only_row(builder, "opportunity")).version == 2


async def test_closing_quotes_again_with_its_key_answers_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    ids = (await builder.quote(await builder.opportunity(), state=QuoteState.ACTIVE), new_id())
    await same_again(builder, lambda: close_all(builder, ids=ids, close_others=True, idempotency_key=KEY))
    assert (await only_row(builder, "quote")).version == 2


async def test_activating_again_with_its_key_answers_the_first_outcome(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity())
    await same_again(builder, lambda: activate(builder, quote_id, idempotency_key=KEY))
    assert (await only_row(builder, "quote")).version == 2


async def test_twelve_twins_have_one_effect_and_one_answer(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    answers = await asyncio.gather(*(close(builder, opportunity_id, idempotency_key=KEY) for _ in range(12)))
    assert len(set(answers)) == 1
    assert (await only_row(builder, "opportunity")).version == 2
    assert (await only_row(builder, "opportunity_close")).id == answers[0].opportunity_close_id
    assert (await only_row(builder, "event")).kind == "OPPORTUNITY_CLOSED"


async def test_without_a_key_nothing_is_remembered(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await close(builder, opportunity_id)
    assert (await builder.dump())["idempotency"] == []
    await expect_refusal(builder, OpportunityAlreadyClosed, close(builder, opportunity_id))


async def test_a_key_is_refused_with_another_input(builder: OrganizationBuilder) -> None:
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


async def test_a_key_is_refused_for_another_mutation_with_the_same_input(
    builder: OrganizationBuilder,
) -> None:
    sent = Sent(idempotency_key=KEY)

    async def run(name: str) -> Sent:
        @idempotent(name)
        async def operation(_transaction: Transaction, _caller: Caller, command: Sent) -> Sent:
            return command

        return await builder.database.write(lambda it: operation(it, builder.caller, sent))

    assert await run("closeDeal") == sent
    refusal = await expect_refusal(builder, RuleViolation, run("openDeal"))
    assert refusal.code == "IDEMPOTENCY_KEY_REUSED"


async def test_twins_with_different_inputs_have_one_effect(builder: OrganizationBuilder) -> None:
    opportunities = [await builder.opportunity() for _ in range(4)]
    answers = await asyncio.gather(
        *(close(builder, each, idempotency_key=KEY) for each in opportunities), return_exceptions=True
    )
    refusals = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert refusals == 3 * ["IDEMPOTENCY_KEY_REUSED"]
    closed = await only_row(builder, "opportunity_close")
    assert closed.opportunity_id in opportunities


def user(builder: OrganizationBuilder, user_id: UUID) -> models.User:
    return models.User(
        organization_id=builder.organization_id,
        id=user_id,
        name="Ben Sloe",
        email="ben@example.com",
        created_at=A_MONTH_AGO,
    )


async def test_keys_of_different_users_and_organizations_are_different(builder: OrganizationBuilder) -> None:
    colleague_id = new_id()
    other = await OrganizationBuilder.create(builder.database)
    await builder.insert(user(builder, colleague_id), user(other, builder.user_id))
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


async def test_a_key_answers_for_24_hours(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closed = await close(builder, opportunity_id, idempotency_key=KEY)
    a_day_later = after(builder.caller, timedelta(hours=24))
    assert await close(builder, opportunity_id, caller=a_day_later, idempotency_key=KEY) == closed


async def test_a_key_older_than_24_hours_is_as_good_as_new(builder: OrganizationBuilder) -> None:
    first, second = await builder.opportunity(), await builder.opportunity()
    await close(builder, first, idempotency_key=KEY)
    later = after(builder.caller, timedelta(hours=24, microseconds=1))

    closed = await close(builder, second, caller=later, idempotency_key=KEY)

    assert closed.opportunity_id == second
    row = await only_row(builder, "idempotency")
    assert row.created_at == later.now
    assert await close(builder, second, caller=later, idempotency_key=KEY) == closed


async def test_keys_older_than_24_hours_are_forgotten_and_no_others(builder: OrganizationBuilder) -> None:
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


async def test_a_key_of_128_characters_is_remembered(builder: OrganizationBuilder) -> None:
    await close(builder, await builder.opportunity(), idempotency_key=128 * "ß")
    assert (await only_row(builder, "idempotency")).key == 128 * "ß"
